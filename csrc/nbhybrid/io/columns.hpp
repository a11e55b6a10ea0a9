#pragma once
// Text files of numbers in columns: sources (X Y Z weight lambda) and amorphous scattering (stol F).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nbhybrid/core/warnings.hpp"

namespace nbhybrid::io {

// What a line that begins with '#' does.
enum class CommentRows {
    as_zero_rows,  // a row like any other, as in the reference, in which words that are no numbers are 0: with a warning
    skipped,
};

struct ColumnRow {
    std::size_t line = 0;        // 1-based
    bool from_comment = false;   // its values need not be finite: C reads "info" as infinity and "nanobragg" as not-a-number
    std::vector<double> values;  // n_columns of them; NaN where the line has no such column, which means the default
};

// Columns are separated by blanks, tabs and any of , ; : ! in any number. Columns beyond n_columns are ignored, blank lines
// skipped. Throws InputFileError (with line and column), also if there is no row at all.
std::vector<ColumnRow> read_columns(const std::string& path, std::size_t n_columns, CommentRows comments, Warnings& warnings);
std::vector<ColumnRow> parse_columns(std::string_view text, const std::string& name, std::size_t n_columns, CommentRows comments,
                                     Warnings& warnings);

}  // namespace nbhybrid::io
