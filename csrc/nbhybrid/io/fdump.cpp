#include "nbhybrid/io/fdump.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/input_file.hpp"
#include "nbhybrid/io/octants.hpp"

namespace nbhybrid::io {

namespace {

// Six integers with their signs and separators need less.
constexpr std::size_t longest_header = 128;
constexpr long long largest_index = 1000000000;

struct Header {
    std::array<IndexRange, 3> ranges;
    std::size_t bytes = 0;
};

[[noreturn]] void fail_foreign(const std::string& name, const std::string& what) {
    throw InputFileError(name, "is not a dump of amplitudes: " + what);
}

Header parse_header(std::string_view bytes, const std::string& name) {
    const std::size_t end = bytes.substr(0, longest_header).find("\n\f");
    if (end == std::string_view::npos) {
        fail_foreign(name, "its first " + std::to_string(longest_header) + " bytes hold no end of line with a form feed");
    }
    std::string_view text = bytes.substr(0, end);
    std::array<int, 6> limits{};
    for (int& limit : limits) {
        while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
        std::size_t length = 0;
        while (length < text.size() && !is_space(text[length])) ++length;
        long long value = 0;
        if (!parse_int(text.substr(0, length), value) || value > largest_index || value < -largest_index) {
            fail_foreign(name, "found " + quoted(text.substr(0, length)) + " in its first line, expected six index limits");
        }
        limit = static_cast<int>(value);
        text.remove_prefix(length);
    }
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    if (!text.empty()) fail_foreign(name, "found " + quoted(text) + " after the six index limits");
    Header header;
    header.bytes = end + 2;
    for (std::size_t i = 0; i < 3; ++i) {
        header.ranges[i] = IndexRange{limits[2 * i], limits[2 * i + 1]};
        if (header.ranges[i].count() < 1) {
            fail_foreign(name, std::string("the range of ") + "hkl"[i] + " ends at " + std::to_string(header.ranges[i].max) +
                                   ", below its start at " + std::to_string(header.ranges[i].min));
        }
    }
    return header;
}

void check_length(const Header& header, std::size_t found, const std::string& name) {
    double expected = sizeof(double);
    for (const IndexRange& range : header.ranges) expected *= static_cast<double>(range.count() + 1);
    expected += static_cast<double>(header.bytes);
    if (expected == static_cast<double>(found)) return;
    throw InputFileError(name, format("is %s: found %zu bytes, expected %.0f for its index limits",
                                      expected > static_cast<double>(found) ? "truncated" : "too long", found, expected));
}

void check_finite(const StructureFactors& table, const std::string& name) {
    for (std::size_t i = 0; i < table.values.size(); ++i) {
        if (std::isfinite(table.values[i])) continue;
        const std::size_t k = i / table.stride_k() % (table.stride_h() / table.stride_k());
        throw InputFileError(
            name, format("the amplitude of h %lld, k %lld, l %lld is not a finite number",
                         table.h.min + static_cast<long long>(i / table.stride_h()), table.k.min + static_cast<long long>(k),
                         table.l.min + static_cast<long long>(i % table.stride_k())));
    }
}

std::size_t count_white_space(std::string_view bytes) {
    std::size_t count = 0;
    while (count < bytes.size() && is_space(bytes[count])) ++count;
    return count;
}

}  // namespace

StructureFactors parse_fdump(std::string_view bytes, const std::string& name, double default_amplitude, const HklLimits& limits,
                             Warnings& warnings) {
    const Header header = parse_header(bytes, name);
    check_length(header, bytes.size(), name);
    StructureFactors table;
    table.h = header.ranges[0];
    table.k = header.ranges[1];
    table.l = header.ranges[2];
    table.default_amplitude = default_amplitude;
    table.entries = table.h.count() * table.k.count() * table.l.count();
    table.values = zero_table(table.h, table.k, table.l, limits, name);

    std::string_view data = bytes.substr(header.bytes);
    const std::size_t lost = count_white_space(data);
    data.remove_prefix(lost);
    if (!data.empty()) std::memcpy(table.values.data(), data.data(), data.size());
    if (lost > 0) {
        warnings.add("dump-file",
                     name + format(": its table begins with %zu byte(s) that look like white space: the reference skips them,"
                                   " which shifts all amplitudes, and so do we; read the HKL file instead",
                                   lost));
    }
    check_finite(table, name);
    warn_of_missing_octants(table, name, warnings);
    return table;
}

StructureFactors read_fdump(const std::string& path, double default_amplitude, const HklLimits& limits, Warnings& warnings) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const std::size_t room = most - limits.max_table_bytes;
    const std::size_t longest = limits.max_table_bytes + (room < longest_header ? room : longest_header);
    std::string bytes;
    try {
        bytes = read_whole_file(path, longest);
    } catch (const SizeError& error) {
        throw TableLimitError(error.what());
    }
    return reading_as(FileKind::dump, path, "a dump of amplitudes, which an earlier run with -hkl wrote",
                      [&] { return parse_fdump(bytes, path, default_amplitude, limits, warnings); });
}

void write_fdump(OutputFile& file, const StructureFactors& table) {
    const std::size_t expected = table.stride_h() * static_cast<std::size_t>(table.h.count() + 1);
    if (!table.has_table() || table.values.size() != expected) {
        throw OutputFileError(file.path(), "there is no complete table of amplitudes to write");
    }
    file.write(format("%d %d %d %d %d %d\n\f", table.h.min, table.h.max, table.k.min, table.k.max, table.l.min, table.l.max));
    file.write(table.values.data(), table.values.size() * sizeof(double));
}

void write_fdump(const std::string& path, const StructureFactors& table) {
    OutputFile file(path);
    write_fdump(file, table);
    file.commit();
}

}  // namespace nbhybrid::io
