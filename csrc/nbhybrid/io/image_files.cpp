#include "nbhybrid/io/image_files.hpp"

#include "nbhybrid/core/text.hpp"

namespace nbhybrid::io {

void write_float_image(OutputFile& file, const float* pixels, std::size_t count) { file.write(pixels, count * sizeof(float)); }

void write_smv_pixels(OutputFile& file, const std::uint16_t* pixels, std::size_t count) {
    file.write(pixels, count * sizeof(std::uint16_t));
}

std::string pgm_header_text(int fast_pixels, int slow_pixels, double scale) {
    return format("P5\n%d %d\n# pixels scaled by %g\n255\n", fast_pixels, slow_pixels, scale);
}

void write_pgm_pixels(OutputFile& file, const std::uint8_t* pixels, std::size_t count) { file.write(pixels, count); }

}  // namespace nbhybrid::io
