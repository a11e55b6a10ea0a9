#pragma once
// The byte layout of the images other than the SMV header. Pixels may be handed over in any number of chunks, fast axis first.

#include <cstddef>
#include <cstdint>
#include <string>

#include "nbhybrid/io/output.hpp"

namespace nbhybrid::io {

// Raw float32 in the byte order of the machine, no header.
void write_float_image(OutputFile& file, const float* pixels, std::size_t count);

// The pixels of an SMV image, in the byte order of the machine: after smv_header_text().
void write_smv_pixels(OutputFile& file, const std::uint16_t* pixels, std::size_t count);

// A PGM image begins with this text; the scale is a comment in it.
std::string pgm_header_text(int fast_pixels, int slow_pixels, double scale);
void write_pgm_pixels(OutputFile& file, const std::uint8_t* pixels, std::size_t count);

}  // namespace nbhybrid::io
