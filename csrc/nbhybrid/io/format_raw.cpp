// Raw float32: the pixels and nothing else.

#include "nbhybrid/io/image_format.hpp"

namespace nbhybrid::io {

namespace {

void write_raw(OutputFile& file, const ImageToWrite& image) { write_rows(file, image, PixelType::float32); }

}  // namespace

const ImageFormat raw_format = {"bin", "raw float32 numbers", "bin", PixelType::float32, false, true, &write_raw, nullptr};

}  // namespace nbhybrid::io
