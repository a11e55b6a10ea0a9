#include "nbhybrid/io/hkl.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/input_file.hpp"

namespace nbhybrid::io {

namespace {

// Keeps every sum and difference of two indices within an int.
constexpr int largest_index = 1000000000;
constexpr std::size_t longest_file = std::size_t{16} << 30U;
constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;

struct Source {
    std::string_view text;
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

[[noreturn]] void fail_columns(const Source& source, std::size_t number, std::size_t columns) {
    throw InputFileError(source.name, number,
                         "found " + std::to_string(columns) + (columns == 1 ? " column" : " columns") + ", expected 4: h k l F");
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

std::array<int, 3> parse_indices(const Source& source, std::size_t number, std::string_view line, std::string_view& rest) {
    std::array<int, 3> indices{};
    rest = line;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string_view word = next_word(rest);
        if (parse_index(word, indices[i])) continue;
        const std::size_t columns = count_columns(line);
        if (columns != 4) fail_columns(source, number, columns);
        fail_index(source, number, "hkl"[i], word);
    }
    return indices;
}

// Goes through the rows of the file; blank lines and comments are dealt with here.
class Rows {
public:
    explicit Rows(const Source& source) : source_(source), lines_(source.text) {}

    bool next(std::string_view& line) {
        while (lines_.next(line)) {
            const auto first = std::find_if_not(line.begin(), line.end(), is_space);
            if (first == line.end()) continue;
            if (*first != '#') return true;
            if (source_.comments == CommentLines::skipped) continue;
            stopped_at_ = lines_.number();
            return false;
        }
        return false;
    }
    std::size_t number() const { return lines_.number(); }
    // The line of the comment that ended the file, 0 if none did.
    std::size_t stopped_at() const { return stopped_at_; }

private:
    const Source& source_;
    LineReader lines_;
    std::size_t stopped_at_ = 0;
};

struct Extent {
    std::array<IndexRange, 3> ranges{};
    std::int64_t rows = 0;
    std::size_t stopped_at = 0;
};

Extent find_extent(const Source& source) {
    Extent extent;
    std::array<int, 3> low{largest_index, largest_index, largest_index};
    std::array<int, 3> high{-largest_index, -largest_index, -largest_index};
    Rows rows(source);
    std::string_view line;
    std::string_view rest;
    while (rows.next(line)) {
        const std::array<int, 3> indices = parse_indices(source, rows.number(), line, rest);
        for (std::size_t i = 0; i < 3; ++i) {
            low[i] = std::min(low[i], indices[i]);
            high[i] = std::max(high[i], indices[i]);
        }
        ++extent.rows;
    }
    for (std::size_t i = 0; i < 3; ++i) extent.ranges[i] = IndexRange{low[i], high[i]};
    extent.stopped_at = rows.stopped_at();
    return extent;
}

double parse_amplitude(const Source& source, std::size_t number, std::string_view line, std::string_view rest) {
    const std::string_view word = next_word(rest);
    if (word.empty() || !next_word(rest).empty()) fail_columns(source, number, count_columns(line));
    double amplitude = 0;
    if (!parse_double(word, amplitude) || !std::isfinite(amplitude)) {
        throw InputFileError(source.name, number, "F is " + quoted(word) + ", expected a finite number");
    }
    return amplitude;
}

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

void fill_rows(const Source& source, StructureFactors& table) {
    const std::size_t stride_h = table.stride_h();
    const std::size_t stride_k = table.stride_k();
    Rows rows(source);
    std::string_view line;
    std::string_view rest;
    while (rows.next(line)) {
        const std::array<int, 3> indices = parse_indices(source, rows.number(), line, rest);
        const std::size_t place = static_cast<std::size_t>(indices[0] - table.h.min) * stride_h +
                                  static_cast<std::size_t>(indices[1] - table.k.min) * stride_k +
                                  static_cast<std::size_t>(indices[2] - table.l.min);
        table.values[place] = parse_amplitude(source, rows.number(), line, rest);
    }
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
        return std::vector<double>(static_cast<std::size_t>(values));
    } catch (const std::exception&) {
        throw SizeError(table + format(" would take %.4g GiB, more memory than there is", gib));
    }
}

StructureFactors parse_hkl(std::string_view text, const std::string& name, double default_amplitude, const HklLimits& limits,
                           Warnings& warnings) {
    const Source source{text, name, limits.comments};
    const Extent extent = find_extent(source);
    const std::string stop = "line " + std::to_string(extent.stopped_at) + " begins with '#'";
    if (extent.rows == 0) {
        throw InputFileError(
            name, "holds no row 'h k l F'" + (extent.stopped_at == 0 ? std::string() : ": " + stop + ", where reading ends"));
    }
    StructureFactors table;
    table.h = extent.ranges[0];
    table.k = extent.ranges[1];
    table.l = extent.ranges[2];
    table.default_amplitude = default_amplitude;
    table.entries = extent.rows;
    table.values = zero_table(table.h, table.k, table.l, limits, name);
    fill_default(table);
    fill_rows(source, table);
    if (extent.stopped_at != 0) {
        warnings.add(name + ": " + stop + ": it and the rest of the file were not read, as in the reference");
    }
    return table;
}

StructureFactors read_hkl(const std::string& path, double default_amplitude, const HklLimits& limits, Warnings& warnings) {
    return parse_hkl(read_whole_file(path, longest_file), path, default_amplitude, limits, warnings);
}

}  // namespace nbhybrid::io
