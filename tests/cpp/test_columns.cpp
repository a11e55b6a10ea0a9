#include <cmath>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/columns.hpp"

using namespace nbhybrid;
using nbhybrid::io::ColumnRow;
using nbhybrid::io::CommentRows;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

std::vector<ColumnRow> parse(const std::string& text, std::size_t n_columns = 5, CommentRows comments = CommentRows::as_zero_rows) {
    Warnings warnings;
    std::vector<ColumnRow> rows = io::parse_columns(text, "s.txt", n_columns, comments, warnings);
    CHECK(warnings.all().empty());
    return rows;
}

// Missing values are shown as "-".
std::string shown(const ColumnRow& row) {
    std::string text = std::to_string(row.line) + ":";
    for (const double value : row.values) text += " " + (std::isnan(value) ? std::string("-") : nbhybrid::test::printed(value));
    return text;
}

std::string shown_comment(const std::string& text) {
    Warnings warnings;
    const std::vector<ColumnRow> rows = io::parse_columns(text, "s.txt", 5, CommentRows::as_zero_rows, warnings);
    CHECK_EQ(warnings.all().size(), std::size_t{1});
    CHECK(rows.at(0).from_comment);
    return shown(rows.at(0));
}

}  // namespace

TEST("columns: rows with their line numbers") {
    const auto rows = parse("-10 0 0.5 1.0 1e-10\n\n \t\n-10 1 2\n");
    CHECK_EQ(rows.size(), std::size_t{2});
    CHECK_EQ(shown(rows.at(0)), std::string("1: -10 0 0.5 1 1e-10"));
    CHECK_EQ(shown(rows.at(1)), std::string("4: -10 1 2 - -"));
    CHECK(!rows.at(0).from_comment);
}

TEST("columns: delimiters, line ends and extra columns") {
    for (const char* text : {"1,2;3:4!5", "1 2 3 4 5\r\n", " ,;1\t\t2 , 3:!4 5 \n", "1 2 3 4 5 6 seven\n", "+1 2. 3 4e0 .5e1"}) {
        CHECK_EQ(shown(parse(text).at(0)), std::string("1: 1 2 3 4 5"));
    }
    CHECK_EQ(shown(parse("1 2\r\n").at(0)), std::string("1: 1 2 - - -"));
    CHECK_EQ(shown(parse("1 2").at(0)), std::string("1: 1 2 - - -"));
    CHECK_EQ(shown(parse("0.1 2.0\n", 2).at(0)), std::string("1: 0.10000000000000001 2"));
    CHECK_EQ(parse(",;:!\n \r\n1\n").at(0).line, std::size_t{3});
}

TEST("columns: words that are no finite numbers") {
    CHECK_THROWS_WITH(parse("1 2 3\n1 x 3\n"), InputFileError, "s.txt: line 2: column 2: found \"x\", expected a finite number");
    for (const char* word : {"nan", "inf", "1e999", "1d5", "0x1", "X", "1#"}) {
        CHECK_THROWS_WITH(parse(std::string("1 2 ") + word), InputFileError, "line 1: column 3");
    }
}

TEST("columns: files without a row") {
    for (const char* text : {"", "\n", " ,\r\n"}) CHECK_THROWS_WITH(parse(text), InputFileError, "s.txt: holds no row of numbers");
    CHECK_THROWS_WITH(parse("# X Y Z\n", 5, CommentRows::skipped), InputFileError, "s.txt: holds no row of numbers");
}

TEST("columns: comments can be skipped") {
    const auto rows = parse("# X Y Z\n1 2 3\n  #1 2 3\n", 5, CommentRows::skipped);
    CHECK_EQ(rows.size(), std::size_t{1});
    CHECK_EQ(rows.at(0).line, std::size_t{2});
}

TEST("columns: comments as rows of zeros") {
    CHECK_EQ(shown_comment("# X Y Z\n1 2 3\n"), std::string("1: 0 0 0 0 0"));
    CHECK_EQ(shown_comment("# X Y Z \n1 2 3\n"), std::string("1: 0 0 0 0 -"));
    CHECK_EQ(shown_comment("#\n"), std::string("1: 0 0 0 0 0"));
    CHECK_EQ(shown_comment("# \n"), std::string("1: 0 - - - -"));
    CHECK_EQ(shown_comment("# 1 2\n"), std::string("1: 0 1 2 - -"));
    CHECK_EQ(shown_comment("# 1 2"), std::string("1: 0 1 2 0 0"));
    CHECK_EQ(shown_comment("# 1 2\r\n"), std::string("1: 0 1 2 0 0"));
    CHECK_EQ(shown_comment("# 1 2mm \n"), std::string("1: 0 1 2 - -"));
    CHECK_EQ(shown_comment("# 1 2mm\n"), std::string("1: 0 1 2 0 0"));
    CHECK_EQ(shown_comment("# E\n"), std::string("1: 0 0 - - -"));
    CHECK_EQ(shown_comment("#1 2 3 4 5 6\n"), std::string("1: 0 2 3 4 5"));
    CHECK_EQ(shown_comment(" ,# 1,2;3:4!5\n"), std::string("1: 0 1 2 3 4"));
    CHECK_EQ(shown_comment("# info nanobragg 0x10 Y\n"), std::string("1: 0 inf - 16 0"));
}

TEST("columns: one warning names the first comment") {
    Warnings warnings;
    const auto rows = io::parse_columns("1 2 3\n# a\n# b\n", "s.txt", 5, CommentRows::as_zero_rows, warnings);
    CHECK_EQ(rows.size(), std::size_t{3});
    CHECK_EQ(warnings.all().size(), std::size_t{1});
    CHECK_EQ(warnings.all().at(0).text, std::string("s.txt: line 2 begins with '#': such lines are read as rows in which words "
                                                    "are 0, as in the reference: --semantics reference,comment-lines "
                                                    "corrects it"));
}

TEST("columns: files") {
    const TemporaryFolder folder;
    Warnings warnings;
    write_bytes(folder / "s.txt", "1 2\n3 4\n");
    CHECK_EQ(io::read_columns(folder / "s.txt", 2, CommentRows::skipped, warnings).size(), std::size_t{2});
    CHECK_THROWS_WITH(io::read_columns(folder / "no.txt", 2, CommentRows::skipped, warnings), InputFileError, "No such file");
    CHECK_THROWS_WITH(io::read_columns(folder.path(), 2, CommentRows::skipped, warnings), InputFileError, "it is a folder");
}
