#include "nbhybrid/io/matrix.hpp"

#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/file_kind.hpp"
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

// MOSFLM writes after the matrix: three missetting angles, the orientation matrix U (nine numbers, of length 1 by rows), the cell
// (six), and three angles again.
constexpr std::size_t u_begins = 12, cell_begins = 21, numbers_up_to_cell = 27;

bool is_rotation(const double* u) {
    constexpr double tolerance = 1e-3;  // of numbers with seven decimals
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j <= i; ++j) {
            const double product = u[3 * i] * u[3 * j] + u[3 * i + 1] * u[3 * j + 1] + u[3 * i + 2] * u[3 * j + 2];
            if (std::fabs(product - (i == j ? 1 : 0)) > tolerance) return false;
        }
    return true;
}

}  // namespace

std::optional<std::array<double, 6>> parse_cell(std::string_view text) {
    std::array<double, numbers_up_to_cell> numbers{};
    std::size_t i = 0;
    for (double& number : numbers) {
        while (i < text.size() && is_space(text[i])) ++i;
        const std::size_t begin = i;
        while (i < text.size() && !is_space(text[i])) ++i;
        if (!parse_double(text.substr(begin, i - begin), number) || !std::isfinite(number)) return std::nullopt;
    }
    if (!is_rotation(numbers.data() + u_begins)) return std::nullopt;
    std::array<double, 6> cell{};
    for (std::size_t k = 0; k < cell.size(); ++k) cell[k] = numbers[cell_begins + k];
    return cell;
}

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

MatrixFile read_matrix_file(const std::string& path) {
    constexpr const char* expected = "an orientation matrix: nine numbers, columns a* b* c* times the wavelength";
    return reading_as(FileKind::matrix, path, expected, [&] {
        const std::string text = read_whole_file(path, longest_file);
        MatrixFile file{parse_matrix(text, path), parse_cell(text)};
        // Its first nine numbers would do, too.
        if (kind_of(text) == FileKind::reflections) throw InputFileError(path, "holds reflections");
        return file;
    });
}

}  // namespace nbhybrid::io
