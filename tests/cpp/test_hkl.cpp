#include <algorithm>
#include <limits>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/hkl.hpp"

using namespace nbhybrid;
using nbhybrid::io::CommentLines;
using nbhybrid::io::HklLimits;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

StructureFactors parse(const std::string& text, double default_amplitude = 0.0, const HklLimits& limits = {}) {
    Warnings warnings;
    const StructureFactors table = io::parse_hkl(text, "a.hkl", default_amplitude, limits, warnings);
    CHECK(warnings.all().empty());
    return table;
}

double value_at(const StructureFactors& table, int h, int k, int l) {
    return table.values.at(static_cast<std::size_t>(h - table.h.min) * table.stride_h() +
                           static_cast<std::size_t>(k - table.k.min) * table.stride_k() +
                           static_cast<std::size_t>(l - table.l.min));
}

const HklLimits skipping{std::size_t{1} << 30U, CommentLines::skipped, 1};

}  // namespace

TEST("hkl: ranges, values and padding") {
    const StructureFactors table = parse("-1 0 2 1.5\n1 3 2 -2e1\n", 7.0);
    CHECK_EQ(table.h.min, -1);
    CHECK_EQ(table.h.max, 1);
    CHECK_EQ(table.k.min, 0);
    CHECK_EQ(table.k.max, 3);
    CHECK_EQ(table.l.min, 2);
    CHECK_EQ(table.l.max, 2);
    CHECK_EQ(table.entries, 2);
    CHECK_EQ(table.default_amplitude, 7.0);
    CHECK_EQ(table.values.size(), std::size_t{4 * 5 * 2});
    for (int h = -1; h <= 2; ++h) {
        for (int k = 0; k <= 4; ++k) {
            for (int l = 2; l <= 3; ++l) {
                const bool padding = h == 2 || k == 4 || l == 3;
                double expected = padding ? 0.0 : 7.0;
                if (h == -1 && k == 0 && l == 2) expected = 1.5;
                if (h == 1 && k == 3 && l == 2) expected = -20.0;
                CHECK_EQ(value_at(table, h, k, l), expected);
            }
        }
    }
}

TEST("hkl: without a default the rest is zero") {
    const StructureFactors table = parse("0 0 0 1\n2 0 0 3\n");
    CHECK_EQ(value_at(table, 1, 0, 0), 0.0);
    CHECK_EQ(value_at(table, 2, 0, 0), 3.0);
}

TEST("hkl: a later row overwrites and both are counted") {
    const StructureFactors table = parse("0 0 0 1\n0 0 0 2\n");
    CHECK_EQ(table.entries, 2);
    CHECK_EQ(value_at(table, 0, 0, 0), 2.0);
}

TEST("hkl: spacing, signs, line ends and blank lines") {
    for (const char* text :
         {"1 -2 3 4.5", "  +1\t-2   03 4.5  \n", "1 -2 3 +4.5\r\n", "\n \r\n1 -2 3 .45e1\n\n\t\n", "1\v-2\f3 4.5\n"}) {
        const StructureFactors table = parse(text);
        CHECK_EQ(table.entries, 1);
        CHECK_EQ(value_at(table, 1, -2, 3), 4.5);
    }
}

TEST("hkl: the largest indices") {
    const StructureFactors table = parse("1000000000 -1000000000 0 1\n");
    CHECK_EQ(table.h.max, 1000000000);
    CHECK_EQ(table.values.size(), std::size_t{8});
    CHECK_THROWS_WITH(parse("1000000001 0 0 1\n"), InputFileError, "h is \"1000000001\", beyond the largest index, 1000000000");
    CHECK_THROWS_WITH(parse("0 0 -99999999999999 1\n"), InputFileError, "beyond the largest index");
    CHECK_THROWS_AS(parse("0 99999999999999999999999999 0 1\n"), InputFileError);
}

TEST("hkl: reading ends at a comment, with a warning") {
    Warnings warnings;
    const StructureFactors table = io::parse_hkl("1 0 0 5\n\n  # 2 0 0 6\n3 0 0 x\n", "a.hkl", 0.0, {}, warnings);
    CHECK_EQ(table.entries, 1);
    CHECK_EQ(table.h.max, 1);
    CHECK_EQ(warnings.all().size(), std::size_t{1});
    CHECK_EQ(warnings.all().at(0).text,
             std::string("a.hkl: line 3 begins with '#': it and the rest of the file were not read, as in the reference: "
                         "--semantics reference,comment-lines corrects it"));
    CHECK_THROWS_WITH(parse("# h k l F\n1 0 0 5\n"), InputFileError,
                      "a.hkl: holds no row 'h k l F': line 1 begins with '#', where reading ends");
}

TEST("hkl: comments can be skipped") {
    const StructureFactors table = parse("# h k l F\n1 0 0 5\n # more\n3 0 0 6\n#", 0.0, skipping);
    CHECK_EQ(table.entries, 2);
    CHECK_EQ(value_at(table, 3, 0, 0), 6.0);
    CHECK_THROWS_WITH(parse("# nothing\n", 0.0, skipping), InputFileError, "holds no row");
}

TEST("hkl: files without a row") {
    for (const char* text : {"", "\n", " \r\n\t\n"})
        CHECK_THROWS_WITH(parse(text), InputFileError, "a.hkl: holds no row 'h k l F'");
}

TEST("hkl: a wrong number of columns") {
    CHECK_THROWS_WITH(parse("1 2 3 4\n\n1 2 3\n"), InputFileError, "a.hkl: line 3: found 3 columns, expected 4: h k l F");
    CHECK_THROWS_WITH(parse("1 2 3 4 5\n"), InputFileError, "line 1: found 5 columns");
    CHECK_THROWS_WITH(parse("7\n"), InputFileError, "found 1 column,");
    CHECK_THROWS_WITH(parse("a b\n"), InputFileError, "found 2 columns");
    CHECK_THROWS_WITH(parse("1 2 3 4 # strong\n"), InputFileError, "found 6 columns");
    CHECK_THROWS_WITH(parse("1 2 3 4\r1 2 3 4\r"), InputFileError, "found 8 columns");
}

TEST("hkl: indices that are no integers") {
    CHECK_THROWS_WITH(parse("1 2 3 4\n1 2.0 3 4\n"), InputFileError,
                      "a.hkl: line 2: k is \"2.0\", expected an integer written without a decimal point");
    CHECK_THROWS_WITH(parse("1e0 2 3 4\n"), InputFileError, "h is \"1e0\"");
    CHECK_THROWS_WITH(parse("h k l F\n"), InputFileError, "h is \"h\", expected an integer");
    CHECK_THROWS_WITH(parse("1 2 - 4\n"), InputFileError, "l is \"-\"");
    CHECK_THROWS_WITH(parse("1 2 0x3 4\n"), InputFileError, "l is \"0x3\"");
    CHECK_THROWS_WITH(parse("\xef\xbb\xbf"
                            "1 2 3 4\n"),
                      InputFileError, "h is \"\\xef\\xbb\\xbf1\"");
    CHECK_THROWS_AS(parse(std::string("1 2 3\0 4\n", 9)), InputFileError);
}

TEST("hkl: amplitudes that are no finite numbers") {
    CHECK_THROWS_WITH(parse("1 2 3 4\n1 2 3 abc\n"), InputFileError, "a.hkl: line 2: F is \"abc\", expected a finite number");
    for (const char* word : {"nan", "inf", "-inf", "1e999", "1,5", "0x1", "1d2", "*****", "?"}) {
        CHECK_THROWS_WITH(parse(std::string("1 2 3 ") + word + "\n"), InputFileError, "expected a finite number");
    }
}

TEST("hkl: a table beyond the limit") {
    CHECK_THROWS_WITH(parse("0 0 0 1\n1000000 1000000 1000000 1\n"), SizeError,
                      "a.hkl: the table over h 0..1000000, k 0..1000000, l 0..1000000 would take 7.451e+09 GiB, "
                      "the limit is 8 GiB");
    CHECK_THROWS_WITH(parse("-1000000000 -1000000000 -1000000000 1\n1000000000 1000000000 1000000000 1\n"), SizeError, "GiB");
    const HklLimits exact{8 * sizeof(double), CommentLines::end_of_file, 1};
    CHECK_EQ(parse("5 5 5 1\n", 0.0, exact).values.size(), std::size_t{8});
    CHECK_THROWS_AS(parse("5 5 5 1\n5 5 6 1\n", 0.0, exact), SizeError);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NBHYBRID_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define NBHYBRID_ADDRESS_SANITIZER
#endif
// The sanitizer ends the program where operator new would throw.
#ifndef NBHYBRID_ADDRESS_SANITIZER
TEST("hkl: a table within the limit and beyond the memory") {
    const HklLimits generous{std::numeric_limits<std::size_t>::max(), CommentLines::end_of_file, 1};
    for (const char* last : {"200000", "1000000"}) {
        const std::string text = std::string("0 0 0 1\n") + last + " " + last + " " + last + " 1\n";
        CHECK_THROWS_WITH(parse(text, 0.0, generous), SizeError, " GiB, more memory than there is");
    }
}
#endif

TEST("hkl: files that cannot be read") {
    const TemporaryFolder folder;
    Warnings warnings;
    const auto read = [&](const std::string& path) { return io::read_hkl(path, 0.0, {}, warnings); };
    CHECK_THROWS_WITH(read(folder / "no.hkl"), InputFileError, "no.hkl: cannot be read: No such file or directory");
    CHECK_THROWS_WITH(read(folder.path()), InputFileError, "cannot be read: it is a folder");
    CHECK_THROWS_WITH(read(""), InputFileError, "cannot read a file without a name");
    CHECK_THROWS_WITH(read(std::string("a\0b", 3)), InputFileError, "a file name cannot hold a zero byte");
    write_bytes(folder / "a.hkl", "1 2 3 4\n1 2 3\n");
    CHECK_THROWS_WITH(read(folder / "a.hkl"), InputFileError, "a.hkl: line 2: found 3 columns");
    write_bytes(folder / "b.hkl", "1 2 3 4");
    CHECK_EQ(read(folder / "b.hkl").values.size(), std::size_t{8});
}

TEST("hkl: a long file read by several threads is that read by one") {
    const TemporaryFolder folder;
    std::string text;
    // Reflections occur again and again: the last row counts.
    for (int i = 0; text.size() < (std::size_t{6} << 20U); ++i)
        text += std::to_string(i % 50 - 20) + " " + std::to_string(i % 49 - 24) + " " + std::to_string(20 - i % 47) + " " +
                std::to_string(i) + ".25\n";
    write_bytes(folder / "a.hkl", text);
    Warnings warnings;
    const auto read = [&](const char* name, int threads, CommentLines comments) {
        return io::read_hkl(folder / name, 3.0, HklLimits{std::size_t{1} << 30U, comments, threads}, warnings);
    };
    const StructureFactors one = read("a.hkl", 1, CommentLines::skipped), several = read("a.hkl", 5, CommentLines::skipped);
    CHECK(one.values == several.values);
    CHECK_EQ(one.entries, several.entries);
    CHECK_EQ(one.h.min, several.h.min);
    CHECK_EQ(one.l.max, several.l.max);
    const std::size_t middle = text.find('\n', text.size() / 2) + 1;
    const auto line = std::to_string(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(middle), '\n') + 1);
    write_bytes(folder / "b.hkl", std::string(text).insert(middle, "1 2 x 4\n"));
    CHECK_THROWS_WITH(read("b.hkl", 5, CommentLines::skipped), InputFileError, ("b.hkl: line " + line + ": l is").c_str());
    write_bytes(folder / "c.hkl", std::string(text).insert(middle, "# an end\n"));
    CHECK(read("c.hkl", 5, CommentLines::skipped).values == one.values);
    CHECK(warnings.all().empty());
    const StructureFactors half = read("c.hkl", 5, CommentLines::end_of_file);
    CHECK(half.values == read("c.hkl", 1, CommentLines::end_of_file).values);
    CHECK(half.entries < one.entries);
    CHECK(!warnings.all().empty() && warnings.all()[0].text.find("line " + line + " begins with '#'") != std::string::npos);
}
