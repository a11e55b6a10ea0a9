#pragma once
// What a file shows of an image, as rows of the pixels that its format has. Everything refers to the view, which must outlive it.

#include <functional>

#include "nbhybrid/image/integer_images.hpp"
#include "nbhybrid/io/image_format.hpp"

namespace nbhybrid::run {

// Asks whether to go on: throws Interrupted.
using Ask = std::function<void()>;

// Photons expected: float32.
io::ImageToWrite expected_photons(const image::ImageView& image, const Ask& ask);
// Whole photons, and the offset on top: uint16.
io::ImageToWrite whole_photons(const image::ImageView& image, double adc_offset, const Ask& ask);
// Photons times a scale, rounded, and the offset on top: uint16. The reference's integer image.
io::ImageToWrite scaled_photons(const image::ImageView& image, double scale, double adc_offset, const Ask& ask);
// Grey values: uint8.
io::ImageToWrite grey_values(const image::ImageView& image, double scale, const Ask& ask);
// Photons drawn from the reference's stream, and the offset on top: uint16.
io::ImageToWrite counted_photons(const image::ImageView& image, const SharedDeviates& deviates, StreamState state,
                                 double adc_offset, image::NoiseTotals& totals, const Ask& ask);

// What this format shows where nothing else is asked for: photons expected, or whole photons, or grey values of which five times
// the rms deviation is nearly white.
io::ImageToWrite usual_rows(const io::ImageFormat& format, const image::ImageView& image, double adc_offset, const Ask& ask);

// Writes a file at once, not under another name first. The experiment may be null where the format needs no geometry. Throws
// OutputFileError, Interrupted.
void write_image(const io::ImageFormat& format, const std::string& path, const image::ImageView& image,
                 const Experiment* experiment, double adc_offset, const Ask& ask);

}  // namespace nbhybrid::run
