#include "nbhybrid/io/columns.hpp"

#include <cmath>
#include <limits>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/input_file.hpp"
#include "nbhybrid/model/semantics.hpp"

namespace nbhybrid::io {

namespace {

constexpr std::size_t longest_file = std::size_t{1} << 30U;
constexpr std::string_view delimiters = " \t,;:!";
// Characters that the reference still counts to the number that it has just read.
constexpr std::string_view number_characters = "0123456789-+.EGeg";

// False if no word is left.
bool next_word(std::string_view& rest, std::string_view& word) {
    const std::size_t begin = rest.find_first_not_of(delimiters);
    if (begin == std::string_view::npos) {
        rest = {};
        return false;
    }
    rest.remove_prefix(begin);
    word = rest.substr(0, rest.find_first_of(delimiters));
    rest.remove_prefix(word.size());
    return true;
}

std::vector<double> missing_columns(std::size_t n_columns) {
    return std::vector<double>(n_columns, std::numeric_limits<double>::quiet_NaN());
}

std::vector<double> parse_row(std::string_view line, const std::string& name, std::size_t number, std::size_t n_columns) {
    std::vector<double> values = missing_columns(n_columns);
    std::string_view word;
    for (std::size_t i = 0; i < n_columns && next_word(line, word); ++i) {
        if (!parse_double(word, values[i]) || !std::isfinite(values[i])) {
            throw InputFileError(name, number,
                                 "column " + std::to_string(i + 1) + ": found " + quoted(word) + ", expected a finite number");
        }
    }
    return values;
}

// A comment, read as numbers as the reference does. Columns that the line does not have are zeros if its last word is no number or
// its newline is missing; otherwise they count as not given.
std::vector<double> parse_comment(std::string_view line, bool terminated, std::size_t n_columns) {
    std::vector<double> values = missing_columns(n_columns);
    std::size_t found = 0;
    bool clean_end = false;
    std::string_view word;
    while (found < n_columns && next_word(line, word)) {
        values[found] = parse_prefix_like_atof(std::string(word));
        clean_end = !line.empty() || word.find_first_not_of(number_characters) == std::string_view::npos;
        ++found;
    }
    if (!(terminated && clean_end)) {
        for (; found < n_columns; ++found) values[found] = 0;
    }
    return values;
}

}  // namespace

std::vector<ColumnRow> parse_columns(std::string_view text, const std::string& name, std::size_t n_columns, CommentRows comments,
                                     Warnings& warnings) {
    std::vector<ColumnRow> rows;
    std::size_t first_comment = 0;
    LineReader lines(text);
    std::string_view line;
    while (lines.next(line)) {
        std::string_view content = line;
        if (!content.empty() && content.back() == '\r') content.remove_suffix(1);
        const std::size_t begin = content.find_first_not_of(delimiters);
        if (begin == std::string_view::npos) continue;
        if (content[begin] != '#') {
            rows.push_back({lines.number(), false, parse_row(content, name, lines.number(), n_columns)});
            continue;
        }
        if (comments == CommentRows::skipped) continue;
        if (first_comment == 0) first_comment = lines.number();
        rows.push_back({lines.number(), true, parse_comment(line, lines.terminated(), n_columns)});
    }
    if (rows.empty()) throw InputFileError(name, "holds no row of numbers");
    if (first_comment != 0) {
        warnings.add("comment-lines", name + ": line " + std::to_string(first_comment) +
                                          " begins with '#': such lines are read as rows in which words are 0" +
                                          how_to_correct(Defect::comment_lines));
    }
    return rows;
}

std::vector<ColumnRow> read_columns(const std::string& path, std::size_t n_columns, CommentRows comments, Warnings& warnings) {
    return reading_as(FileKind::sources, path, "rows of numbers: X Y Z weight lambda",
                      [&] { return parse_columns(read_whole_file(path, longest_file), path, n_columns, comments, warnings); });
}

}  // namespace nbhybrid::io
