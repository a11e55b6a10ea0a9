#include <cmath>
#include <cstring>
#include <random>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/fdump.hpp"

using namespace nbhybrid;
using nbhybrid::io::HklLimits;
using nbhybrid::test::read_bytes;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

StructureFactors random_table(unsigned seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int low, int high) { return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)); };
    StructureFactors table;
    for (IndexRange* range : {&table.h, &table.k, &table.l}) {
        range->min = pick(-20, 20);
        range->max = range->min + pick(0, 6);
    }
    table.entries = table.h.count() * table.k.count() * table.l.count();
    table.values.resize(table.stride_h() * static_cast<std::size_t>(table.h.count() + 1));
    for (double& value : table.values) value = pick(0, 3) == 0 ? 0.0 : pick(-1000000, 1000000) / 997.0;
    table.values[0] = 0.5;
    return table;
}

std::string as_bytes(const std::vector<double>& values) {
    std::string bytes(values.size() * sizeof(double), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

StructureFactors parse(const std::string& bytes, const HklLimits& limits = {}) {
    Warnings warnings;
    const StructureFactors table = io::parse_fdump(bytes, "F.bin", 3.0, limits, warnings);
    CHECK(warnings.all().empty());
    return table;
}

// One reflection, hence eight doubles.
const std::string small_header = "1 1 2 2 3 3\n\f";

}  // namespace

TEST("fdump: what is written is read again") {
    const TemporaryFolder folder;
    for (unsigned seed = 0; seed < 50; ++seed) {
        const StructureFactors written = random_table(seed);
        io::write_fdump(folder / "F.bin", written);
        Warnings warnings;
        const StructureFactors found = io::read_fdump(folder / "F.bin", 3.0, {}, warnings);
        // Some of these tables lie in one sector.
        for (const Warning& warning : warnings.all()) CHECK_EQ(warning.name, std::string("asymmetric-unit"));
        CHECK(found.values == written.values);
        CHECK_EQ(found.h.min, written.h.min);
        CHECK_EQ(found.h.max, written.h.max);
        CHECK_EQ(found.k.min, written.k.min);
        CHECK_EQ(found.k.max, written.k.max);
        CHECK_EQ(found.l.min, written.l.min);
        CHECK_EQ(found.l.max, written.l.max);
        CHECK_EQ(found.entries, written.entries);
        CHECK_EQ(found.default_amplitude, 3.0);
    }
}

TEST("fdump: the bytes of the file") {
    const TemporaryFolder folder;
    Warnings warnings;
    const StructureFactors table = io::parse_hkl("-1 2 -3 4.5\n0 2 -3 6\n", "a.hkl", 2.0, {}, warnings);
    io::write_fdump(folder / "F.bin", table);
    CHECK_EQ(read_bytes(folder / "F.bin"), "-1 0 2 2 -3 -3\n\f" + as_bytes({4.5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0}));
}

TEST("fdump: white space at the start of the table shifts it") {
    std::vector<double> values{0, 2, 3, 4, 5, 6, 7, 8};
    std::string data = as_bytes(values);
    data[0] = '\t';
    data[1] = ' ';
    Warnings warnings;
    const StructureFactors table = io::parse_fdump(small_header + data, "F.bin", 0.0, {}, warnings);
    CHECK_EQ(as_bytes(table.values), data.substr(2) + std::string(2, '\0'));
    CHECK_EQ(warnings.all().size(), std::size_t{1});
    CHECK(warnings.all().at(0).text.find("F.bin: its table begins with 2 byte(s)") == 0);

    Warnings of_blank;
    const std::string blank(8 * sizeof(double), ' ');
    CHECK(io::parse_fdump(small_header + blank, "F.bin", 0.0, {}, of_blank).values == std::vector<double>(8, 0.0));
    CHECK_EQ(of_blank.all().size(), std::size_t{1});
}

TEST("fdump: a shift that makes a value infinite is an error") {
    std::string data = as_bytes({1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0});
    // One byte later these are the bytes of an infinite double.
    data[0] = ' ';
    data[7] = static_cast<char>(0xf0);
    data[8] = static_cast<char>(0x7f);
    Warnings warnings;
    CHECK_THROWS_WITH(io::parse_fdump(small_header + data, "F.bin", 0.0, {}, warnings), InputFileError,
                      "F.bin: the amplitude of h 1, k 2, l 3 is not a finite number");
}

TEST("fdump: values that are not finite") {
    std::vector<double> values(3 * 2 * 2, 1.0);
    values[1 * 4 + 1 * 2 + 1] = std::nan("");
    CHECK_THROWS_WITH(parse("5 6 2 2 3 3\n\f" + as_bytes(values)), InputFileError, "h 6, k 3, l 4 is not a finite number");
    values[1 * 4 + 1 * 2 + 1] = INFINITY;
    CHECK_THROWS_AS(parse("5 6 2 2 3 3\n\f" + as_bytes(values)), InputFileError);
}

TEST("fdump: wrong lengths") {
    const std::string data = as_bytes(std::vector<double>(8, 1.0));
    CHECK_THROWS_WITH(parse(small_header + data.substr(1)), InputFileError,
                      "F.bin: is truncated: found 76 bytes, expected 77 for its index limits");
    CHECK_THROWS_WITH(parse(small_header + data + "x"), InputFileError, "F.bin: is too long: found 78 bytes, expected 77");
    CHECK_THROWS_WITH(parse(small_header), InputFileError, "found 13 bytes, expected 77");
    CHECK_THROWS_WITH(parse("-1000000000 1000000000 -1000000000 1000000000 -1000000000 1000000000\n\f"), InputFileError,
                      "is truncated");
}

TEST("fdump: foreign files") {
    const std::string data = as_bytes(std::vector<double>(8, 1.0));
    for (const std::string header :
         {"", "\n\f", "1 1 2 2 3\n\f", "1 1 2 2 3 3", "1 1 2 2 3 3\n", "1 1 2 2 3 3 4\n\f", "1 1 2 2 3 3.0\n\f", "a b c d e f\n\f",
          "1 1 2 2 3 99999999999\n\f", "1 1 2 2 3 1000000001\n\f"}) {
        CHECK_THROWS_WITH(parse(header + data), InputFileError, "F.bin: is not a dump of amplitudes");
    }
    CHECK_THROWS_WITH(parse(std::string(1000, ' ') + small_header + data), InputFileError, "first 128 bytes hold no end of line");
    CHECK_THROWS_WITH(parse("1 1 2 1 3 3\n\f" + data), InputFileError, "the range of k ends at 1, below its start at 2");
    CHECK_THROWS_WITH(parse(""), InputFileError, "is not a dump");
}

TEST("fdump: a table beyond the limit") {
    const std::string data = as_bytes(std::vector<double>(8, 1.0));
    CHECK_THROWS_WITH(parse(small_header + data, HklLimits{63, io::CommentLines::end_of_file, 1}), SizeError,
                      "h 1..1, k 2..2, l 3..3");
    CHECK_EQ(parse(small_header + data, HklLimits{64, io::CommentLines::end_of_file, 1}).entries, 1);
    const TemporaryFolder folder;
    Warnings warnings;
    write_bytes(folder / "F.bin", std::string(1000, 'x'));
    CHECK_THROWS_WITH(io::read_fdump(folder / "F.bin", 0.0, HklLimits{64, io::CommentLines::end_of_file, 1}, warnings), SizeError,
                      "is longer than the 192 bytes");
}

TEST("fdump: files that cannot be read or written") {
    const TemporaryFolder folder;
    Warnings warnings;
    CHECK_THROWS_WITH(io::read_fdump(folder / "no.bin", 0.0, {}, warnings), InputFileError, "No such file");
    CHECK_THROWS_WITH(io::write_fdump(folder / "F.bin", StructureFactors{}), OutputFileError,
                      "F.bin: there is no complete table of amplitudes to write");
    CHECK_THROWS_AS(io::write_fdump(folder / "no/F.bin", random_table(1)), OutputFileError);
    CHECK_EQ(folder.count(), std::size_t{0});
}
