#pragma once
// From photons to the integers of the SMV and PGM images, a row at a time. Pixels outside the region are 0.

#include <cstdint>

#include "nbhybrid/image/pixel_loops.hpp"
#include "nbhybrid/image/statistics.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid::image {

// The scales that the reference chooses where none is given (0 or less).
double integer_scale(double given, const Statistics& statistics);
double pgm_scale(double given, double integer_scale, const Statistics& statistics);

// `row` has room for all pixels of the row.
void integer_row(const ImageView& image, int slow, double scale, double adc_offset, std::uint16_t* row,
                 const PixelLoops& loops = pixel_loops());
// Whole photons, cut off, and the offset on top, from 0 to 65535: of all pixels, whatever the region.
void count_row(const ImageView& image, int slow, double adc_offset, std::uint16_t* row);
void pgm_row(const ImageView& image, int slow, double scale, std::uint8_t* row, const PixelLoops& loops = pixel_loops());

struct NoiseTotals {
    double photons = 0;
    std::int64_t overloads = 0;
};

// Rows must come in order: each draws from the stream.
void noise_row(const ImageView& image, int slow, double adc_offset, SharedDeviates& deviates, StreamState& state,
               NoiseTotals& totals, std::uint16_t* row);

}  // namespace nbhybrid::image
