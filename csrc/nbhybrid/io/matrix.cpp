#include "nbhybrid/io/matrix.hpp"

#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/input_file.hpp"

namespace nbhybrid::io {

namespace {

constexpr std::size_t longest_file = std::size_t{16} << 20U;

double parse_element(std::string_view word, const std::string& name, std::size_t line, std::size_t ordinal) {
    double value = 0;
    if (!parse_double(word, value) || !std::isfinite(value)) {
        throw InputFileError(
            name, line, "number " + std::to_string(ordinal) + " of the matrix is " + quoted(word) + ", expected a finite number");
    }
    return value;
}

}  // namespace

std::array<double, 9> parse_matrix(std::string_view text, const std::string& name) {
    std::array<double, 9> matrix{};
    std::size_t found = 0;
    std::size_t line = 1;
    std::size_t i = 0;
    while (found < matrix.size()) {
        for (; i < text.size() && is_space(text[i]); ++i) {
            if (text[i] == '\n') ++line;
        }
        if (i == text.size()) {
            throw InputFileError(name, line,
                                 "the file ends after " + std::to_string(found) + (found == 1 ? " number" : " numbers") +
                                     ", expected 9: the matrix row by row");
        }
        const std::size_t begin = i;
        while (i < text.size() && !is_space(text[i])) ++i;
        matrix[found] = parse_element(text.substr(begin, i - begin), name, line, found + 1);
        ++found;
    }
    return matrix;
}

std::array<double, 9> read_matrix(const std::string& path) { return parse_matrix(read_whole_file(path, longest_file), path); }

}  // namespace nbhybrid::io
