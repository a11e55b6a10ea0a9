#pragma once
// Orientation matrices as MOSFLM writes them.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace nbhybrid::io {

// The first nine numbers of a text, row by row. Throws InputFileError. Whether a crystal can be made of them is for the model to
// say.
std::array<double, 9> parse_matrix(std::string_view text, const std::string& name);

// What follows the nine numbers does not count; but a file that MOSFLM wrote says the cell, by which the matrix can be checked.
struct MatrixFile {
    std::array<double, 9> matrix;
    std::optional<std::array<double, 6>> cell;  // Angstrom and degrees
};
// Throws InputFileError, also for a list of reflections, whose first nine numbers would do.
MatrixFile read_matrix_file(const std::string& path);
std::optional<std::array<double, 6>> parse_cell(std::string_view text);

}  // namespace nbhybrid::io
