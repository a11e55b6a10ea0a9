#include "nbhybrid/io/hkl.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/large_pages.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/input_file.hpp"
#include "nbhybrid/io/octants.hpp"
#include "nbhybrid/io/row_store.hpp"
#include "nbhybrid/model/semantics.hpp"

namespace nbhybrid::io {

namespace {

// Keeps every sum and difference of two indices within an int.
constexpr int largest_index = 1000000000;
constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;

struct Source {
    const std::string& name;
    CommentLines comments;
};

std::string_view next_word(std::string_view& line) {
    std::size_t begin = 0;
    while (begin < line.size() && is_space(line[begin])) ++begin;
    std::size_t end = begin;
    while (end < line.size() && !is_space(line[end])) ++end;
    const std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
}

std::size_t count_columns(std::string_view line) {
    std::size_t columns = 0;
    while (!next_word(line).empty()) ++columns;
    return columns;
}

[[noreturn]] void fail_columns(const Source& source, std::size_t number, std::string_view line) {
    const std::size_t columns = count_columns(line);
    const bool has_commas = line.find(',') != std::string_view::npos;
    throw InputFileError(source.name, number,
                         "found " + std::to_string(columns) + (columns == 1 ? " column" : " columns") + ", expected 4: h k l F" +
                             (has_commas ? ", with blanks between them, not commas" : ""));
}

[[noreturn]] void fail_index(const Source& source, std::size_t number, char letter, std::string_view word) {
    long long value = 0;
    double real = 0;
    std::string what = std::string(1, letter) + " is " + quoted(word) + ", ";
    if (parse_int(word, value)) {
        what += "beyond the largest index, " + std::to_string(largest_index);
    } else if (parse_double(word, real)) {
        what += "expected an integer written without a decimal point or exponent";
    } else {
        what += "expected an integer";
    }
    throw InputFileError(source.name, number, what);
}

// Faster than parse_int; a word of more than ten characters is always too large.
bool parse_index(std::string_view word, int& index) {
    const bool has_sign = !word.empty() && (word.front() == '-' || word.front() == '+');
    const std::string_view digits = word.substr(has_sign ? 1 : 0);
    if (digits.empty()) return false;
    int value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9' || value > largest_index / 10) return false;
        value = value * 10 + (c - '0');
    }
    if (value > largest_index) return false;
    index = word.front() == '-' ? -value : value;
    return true;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// The value of a digit; more than 9 for every other character.
unsigned digit_of(char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)) - static_cast<unsigned>('0'); }

const char* skip_blanks(const char* p) {
    while (is_blank(*p)) ++p;
    return p;
}

// The functions read_plain_... parse what nearly all files contain, many times faster than the functions above, and return a
// pointer behind what they read. For anything else, valid or not, they return null, and the caller uses the functions above. The
// text must contain a newline, which they never pass.

// An index of at most nine digits.
const char* read_plain_index(const char* p, int& index) {
    constexpr std::ptrdiff_t most_digits = 9;
    p = skip_blanks(p);
    const bool negative = *p == '-';
    if (negative) ++p;
    const char* const digits = p;
    unsigned value = 0;
    for (unsigned digit = digit_of(*p); digit <= 9 && p - digits <= most_digits; digit = digit_of(*++p)) value = value * 10 + digit;
    index = negative ? -static_cast<int>(value) : static_cast<int>(value);
    return p == digits || p - digits > most_digits || !(is_blank(*p) || *p == '\n') ? nullptr : p;
}

// A number of at most 15 digits without an exponent: the quotient of two numbers that a double holds exactly is the nearest double.
const char* read_plain_amplitude(const char* p, double& amplitude) {
    static constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    constexpr std::ptrdiff_t most_digits = 15;
    p = skip_blanks(p);
    const bool negative = *p == '-';
    if (negative) ++p;
    const char* const begin = p;
    std::uint64_t digits = 0;
    const auto take_digits = [&] {
        for (unsigned digit = digit_of(*p); digit <= 9 && p - begin <= most_digits; digit = digit_of(*++p))
            digits = digits * 10 + digit;
    };
    take_digits();
    std::ptrdiff_t decimals = 0, count = p - begin;
    if (*p == '.') {
        const char* const point = p++;
        take_digits();
        decimals = p - point - 1;
        count += decimals;
    }
    if (count == 0 || count > most_digits) return nullptr;
    const double size = static_cast<double>(digits) / powers[decimals];
    amplitude = negative ? -size : size;
    return p;
}

const char* read_plain_row(const char* p, Row& row) {
    for (int& index : row.indices) {
        p = read_plain_index(p, index);
        if (p == nullptr) return nullptr;
    }
    p = read_plain_amplitude(p, row.amplitude);
    if (p == nullptr) return nullptr;
    p = skip_blanks(p);
    return *p == '\n' ? p + 1 : nullptr;
}

// Takes the rows from the file part by part; blank lines and comments are dealt with here.
class HklReader {
public:
    HklReader(const std::string& name, CommentLines comments, std::shared_ptr<RowBlocks> blocks)
        : source_{name, comments}, rows_(std::move(blocks)) {}

    // The text ends with a whole line. Returns false if the rest of the file is to be ignored.
    bool take(std::string_view text) {
        const char* p = text.data();
        const char* const end = p + text.size();
        // A last line without a newline is parsed by the slow functions.
        const std::size_t last_newline = text.rfind('\n');
        const char* const plain_end = last_newline == std::string_view::npos ? p : p + last_newline + 1;
        Row row;
        while (p != end) {
            ++number_;
            if (const char* const behind = p < plain_end ? read_plain_row(p, row) : nullptr) {
                p = behind;
                add(row);
                continue;
            }
            const std::string_view rest(p, static_cast<std::size_t>(end - p));
            const std::string_view line = rest.substr(0, rest.find('\n'));
            p += line.size() == rest.size() ? line.size() : line.size() + 1;
            const auto first = std::find_if_not(line.begin(), line.end(), is_space);
            if (first == line.end()) continue;
            if (*first != '#') {
                add(parse(line));
            } else if (source_.comments == CommentLines::end_of_file) {
                stopped_at_ = number_;
                return false;
            }
        }
        return true;
    }

    const RowStore& rows() const { return rows_; }
    // Of index number i.
    IndexRange range(std::size_t i) const { return {low_[i], high_[i]}; }
    // The line of the comment that ended the file, 0 if none did.
    std::size_t stopped_at() const { return stopped_at_; }

private:
    void add(const Row& row) {
        for (std::size_t i = 0; i < 3; ++i) {
            low_[i] = std::min(low_[i], row.indices[i]);
            high_[i] = std::max(high_[i], row.indices[i]);
        }
        rows_.add(row);
    }

    Row parse(std::string_view line) const {
        Row row;
        std::string_view rest = line;
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string_view word = next_word(rest);
            if (parse_index(word, row.indices[i])) continue;
            const std::size_t columns = count_columns(line);
            if (columns != 4) fail_columns(source_, number_, line);
            fail_index(source_, number_, "hkl"[i], word);
        }
        const std::string_view word = next_word(rest);
        if (word.empty() || !next_word(rest).empty()) fail_columns(source_, number_, line);
        if (!parse_double(word, row.amplitude) || !std::isfinite(row.amplitude))
            throw InputFileError(source_.name, number_, "F is " + quoted(word) + ", expected a finite number");
        return row;
    }

    Source source_;
    RowStore rows_;
    std::array<int, 3> low_{largest_index, largest_index, largest_index};
    std::array<int, 3> high_{-largest_index, -largest_index, -largest_index};
    std::size_t number_ = 0;
    std::size_t stopped_at_ = 0;
};

void fill_default(StructureFactors& table) {
    if (table.default_amplitude == 0.0) return;
    for (std::int64_t h = 0; h < table.h.count(); ++h) {
        for (std::int64_t k = 0; k < table.k.count(); ++k) {
            const std::size_t begin =
                static_cast<std::size_t>(h) * table.stride_h() + static_cast<std::size_t>(k) * table.stride_k();
            std::fill_n(table.values.begin() + static_cast<std::ptrdiff_t>(begin), table.l.count(), table.default_amplitude);
        }
    }
}

std::size_t place_in(const StructureFactors& table, int h, int k, int l) {
    return static_cast<std::size_t>(h - table.h.min) * table.stride_h() +
           static_cast<std::size_t>(k - table.k.min) * table.stride_k() + static_cast<std::size_t>(l - table.l.min);
}

std::string range_text(const IndexRange& range) { return std::to_string(range.min) + ".." + std::to_string(range.max); }

}  // namespace

std::vector<double> zero_table(const IndexRange& h, const IndexRange& k, const IndexRange& l, const HklLimits& limits,
                               const std::string& name) {
    // A double holds even the largest product without overflow, and exactly whatever is below the limit.
    const double values =
        static_cast<double>(h.count() + 1) * static_cast<double>(k.count() + 1) * static_cast<double>(l.count() + 1);
    const double gib = values * sizeof(double) / bytes_per_gib;
    const std::string table = name + ": the table over h " + range_text(h) + ", k " + range_text(k) + ", l " + range_text(l);
    if (values * sizeof(double) > static_cast<double>(limits.max_table_bytes)) {
        throw TableLimitError(table + format(" would take %.4g GiB, the limit is %.4g GiB", gib,
                                             static_cast<double>(limits.max_table_bytes) / bytes_per_gib));
    }
    try {
        std::vector<double> zeros;
        zeros.reserve(static_cast<std::size_t>(values));
        ask_for_large_pages(zeros.data(), zeros.capacity() * sizeof(double));
        zeros.resize(static_cast<std::size_t>(values));
        return zeros;
    } catch (const std::exception&) {
        throw SizeError(table + format(" would take %.4g GiB, more memory than there is", gib));
    }
}

namespace {

// The parts of a file, in its order.
using Parts = std::vector<HklReader>;

StructureFactors make_table(const Parts& parts, const std::string& name, double default_amplitude, const HklLimits& limits,
                            Warnings& warnings) {
    StructureFactors table;
    IndexRange* const ranges[] = {&table.h, &table.k, &table.l};
    for (std::size_t i = 0; i < 3; ++i) *ranges[i] = {largest_index, -largest_index};
    std::string stop;
    for (const HklReader& part : parts) {
        table.entries += static_cast<std::int64_t>(part.rows().count());
        for (std::size_t i = 0; i < 3; ++i) {
            ranges[i]->min = std::min(ranges[i]->min, part.range(i).min);
            ranges[i]->max = std::max(ranges[i]->max, part.range(i).max);
        }
        if (part.stopped_at() != 0) stop = "line " + std::to_string(part.stopped_at()) + " begins with '#'";
    }
    if (table.entries == 0)
        throw InputFileError(
            name, "holds no row 'h k l F'" +
                      (stop.empty() ? stop : ": " + stop + ", where reading ends" + how_to_correct(Defect::comment_lines)));
    table.default_amplitude = default_amplitude;
    table.values = zero_table(table.h, table.k, table.l, limits, name);
    fill_default(table);
    OctantCounts octants;
    for (const HklReader& part : parts)
        part.rows().for_each([&](const std::array<int, 3>& indices, double amplitude) {
            table.values[place_in(table, indices[0], indices[1], indices[2])] = amplitude;
            octants.add(indices[0], indices[1], indices[2]);
        });
    octants.warn(name, default_amplitude, warnings);
    if (!stop.empty())
        warnings.add("comment-lines",
                     name + ": " + stop + ": it and the rest of the file were not read" + how_to_correct(Defect::comment_lines));
    return table;
}

// Whether a file is worth more than one thread. A pipe is not: it cannot be read twice.
bool is_long(const std::string& path) {
    constexpr std::uintmax_t worth_a_thread = 4U << 20U;
    std::error_code error;
    return std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) >= worth_a_thread && !error;
}

Parts read_in_turn(const std::string& path, const HklLimits& limits) {
    Parts parts;
    HklReader& reader = parts.emplace_back(path, limits.comments, std::make_shared<RowBlocks>());
    LineChunks chunks(path);
    std::string_view lines;
    while (chunks.next(lines) && reader.take(lines)) {
    }
    return parts;
}

// Reads several parts on threads. Returns nothing if a part has an error (the message needs its line number) or the comment that
// ends the file: then the file is read again from the start, on one thread.
class ParallelReading {
public:
    ParallelReading(const std::string& path, const HklLimits& limits) : path_(path), limits_(limits), chunks_(path) {}

    std::optional<Parts> read() {
        std::vector<std::thread> helpers;
        for (int i = 1; i < limits_.threads; ++i) {
            try {
                helpers.emplace_back([this] { work(); });
            } catch (const std::system_error&) {  // the system gives no more threads
                break;
            }
        }
        work();
        for (std::thread& helper : helpers) helper.join();
        if (given_up_) return std::nullopt;
        Parts parts;
        for (std::unique_ptr<HklReader>& part : parts_) parts.push_back(std::move(*part));
        return parts;
    }

private:
    void work() {
        std::string text;
        try {
            for (;;) {
                HklReader* const part = next_part(text);
                if (part == nullptr) return;
                if (!part->take(text)) given_up_ = true;
            }
        } catch (const std::exception&) {
            given_up_ = true;
        }
    }

    HklReader* next_part(std::string& text) {
        const std::lock_guard<std::mutex> guard(mutex_);
        std::string_view lines;
        if (given_up_ || !chunks_.next(lines)) return nullptr;
        text.assign(lines);
        return parts_.emplace_back(std::make_unique<HklReader>(path_, limits_.comments, blocks_)).get();
    }

    const std::string& path_;
    const HklLimits& limits_;
    LineChunks chunks_;
    std::shared_ptr<RowBlocks> blocks_ = std::make_shared<RowBlocks>();
    std::mutex mutex_;
    std::vector<std::unique_ptr<HklReader>> parts_;
    std::atomic<bool> given_up_{false};
};

}  // namespace

StructureFactors parse_hkl(std::string_view text, const std::string& name, double default_amplitude, const HklLimits& limits,
                           Warnings& warnings) {
    Parts parts;
    parts.emplace_back(name, limits.comments, std::make_shared<RowBlocks>()).take(text);
    return make_table(parts, name, default_amplitude, limits, warnings);
}

StructureFactors read_hkl(const std::string& path, double default_amplitude, const HklLimits& limits, Warnings& warnings) {
    return reading_as(FileKind::reflections, path, "rows of h k l F as text", [&] {
        std::optional<Parts> parts;
        if (limits.threads > 1 && is_long(path)) parts = ParallelReading(path, limits).read();
        if (!parts) parts = read_in_turn(path, limits);
        return make_table(*parts, path, default_amplitude, limits, warnings);
    });
}

StructureFactors table_of_rows(const std::int32_t* indices, const double* amplitudes, std::size_t count, double default_amplitude,
                               const HklLimits& limits, Warnings& warnings) {
    if (count == 0) throw ModelError("there are no structure factors: expected at least one row");
    StructureFactors table;
    IndexRange* const ranges[] = {&table.h, &table.k, &table.l};
    for (std::size_t i = 0; i < 3; ++i) *ranges[i] = {largest_index, -largest_index};
    for (std::size_t row = 0; row < count; ++row) {
        if (!std::isfinite(amplitudes[row])) throw ModelError(format("the amplitude of row %zu is not a finite number", row));
        for (std::size_t i = 0; i < 3; ++i) {
            const int index = indices[3 * row + i];
            if (index > largest_index || index < -largest_index)
                throw ModelError(format("the index %d of row %zu is beyond the largest, %d", index, row, largest_index));
            ranges[i]->min = std::min(ranges[i]->min, index);
            ranges[i]->max = std::max(ranges[i]->max, index);
        }
    }
    table.default_amplitude = default_amplitude;
    table.entries = static_cast<std::int64_t>(count);
    table.values = zero_table(table.h, table.k, table.l, limits, "structure factors");
    fill_default(table);
    OctantCounts octants;
    for (std::size_t row = 0; row < count; ++row) {
        const std::int32_t* const index = indices + 3 * row;
        table.values[place_in(table, index[0], index[1], index[2])] = amplitudes[row];
        octants.add(index[0], index[1], index[2]);
    }
    octants.warn("the list", default_amplitude, warnings);
    return table;
}

namespace {

// The indices of a grid along one direction.
IndexRange range_of_grid(const char* name, std::int64_t origin, std::int64_t count) {
    if (count == 0) throw ModelError("there are no structure factors: the grid is empty");
    if (origin < -largest_index || origin > largest_index || count > largest_index - origin + 1)
        throw ModelError(format("the grid spans %s from %lld, %lld entries: the largest index is %d", name,
                                static_cast<long long>(origin), static_cast<long long>(count), largest_index));
    return {static_cast<int>(origin), static_cast<int>(origin + count - 1)};
}

}  // namespace

StructureFactors table_of_grid(const double* grid, const std::array<std::int64_t, 3>& origin,
                               const std::array<std::int64_t, 3>& counts, double default_amplitude, const HklLimits& limits,
                               Warnings& warnings) {
    StructureFactors table;
    const IndexRange h = table.h = range_of_grid("h", origin[0], counts[0]);
    const IndexRange k = table.k = range_of_grid("k", origin[1], counts[1]);
    const IndexRange l = table.l = range_of_grid("l", origin[2], counts[2]);
    table.default_amplitude = default_amplitude;
    table.entries = h.count() * k.count() * l.count();
    if (!std::all_of(grid, grid + table.entries, [](double value) { return std::isfinite(value); }))
        throw ModelError("the grid of structure factors holds a value that is not a finite number");
    table.values = zero_table(h, k, l, limits, "structure factors");
    for (std::int64_t i = 0; i < h.count(); ++i)
        for (std::int64_t j = 0; j < k.count(); ++j)
            std::copy_n(grid + (i * k.count() + j) * l.count(), l.count(),
                        table.values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * table.stride_h() +
                                                                           static_cast<std::size_t>(j) * table.stride_k()));
    warn_of_missing_octants(table, "the grid", warnings);
    return table;
}

}  // namespace nbhybrid::io
