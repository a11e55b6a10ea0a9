#pragma once
// Warns of integer images that show nothing, since their pixels are beyond what 16 bits hold.

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/image/statistics.hpp"
#include "nbhybrid/run/write_files.hpp"

namespace nbhybrid::run {

// Looks at some of the pixels. `scale` is that of the scaled integers; other files hold whole photons.
void warn_if_clipped(const ImageFile& file, const image::ImageView& image, double scale, double adc_offset, Warnings& warnings);

}  // namespace nbhybrid::run
