#pragma once
// Orientation matrices as MOSFLM writes them.

#include <array>
#include <string>
#include <string_view>

namespace nbhybrid::io {

// The first nine numbers of the file, row by row; what follows them is ignored. Throws InputFileError. Whether a crystal can be
// made of them is for the model to say.
std::array<double, 9> read_matrix(const std::string& path);
std::array<double, 9> parse_matrix(std::string_view text, const std::string& name);

}  // namespace nbhybrid::io
