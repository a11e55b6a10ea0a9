// PGM: a picture of 256 grey values; a comment says what photons were multiplied by.

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/image_format.hpp"

namespace nbhybrid::io {

namespace {

void write_pgm(OutputFile& file, const ImageToWrite& image) {
    file.write(format("P5\n%d %d\n# pixels scaled by %g\n255\n", image.fast_pixels, image.slow_pixels, image.scale));
    write_rows(file, image, PixelType::uint8);
}

}  // namespace

const ImageFormat pgm_format = {"pgm", "PGM", "pgm", PixelType::uint8, false, false, &write_pgm, nullptr};

}  // namespace nbhybrid::io
