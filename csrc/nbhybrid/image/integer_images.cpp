#include "nbhybrid/image/integer_images.hpp"

#include <algorithm>
#include <cmath>

namespace nbhybrid::image {

namespace {

constexpr double largest_integer = 65535.0;
constexpr double largest_grey = 255.0;
constexpr double automatic_peak = 55000.0;

// What an x86-64 processor makes of a conversion to a narrow integer that C leaves undefined: the low bits of the truncated
// 32-bit integer, 0 for what is not a number or beyond 32 bits.
template <class Narrow>
Narrow truncated(double value) {
    const bool fits = value > -2147483649.0 && value < 2147483648.0;
    return fits ? static_cast<Narrow>(static_cast<std::int32_t>(value)) : Narrow{0};
}

// Fills a row with convert(pixel) inside the region and 0 outside.
template <class Integer, class Convert>
void fill_row(const ImageView& image, int slow, Integer* row, Convert convert) {
    std::fill(row, row + image.fast_pixels, Integer{0});
    if (slow < image.region.slow_first || slow > image.region.slow_last) return;
    for (int fast = image.region.fast_first; fast <= image.region.fast_last; ++fast)
        row[fast] = convert(image.pixels[image.at(slow, fast)]);
}

}  // namespace

double integer_scale(double given, const Statistics& statistics) {
    if (given > 0.0) return given;
    return statistics.max > 0.0 ? automatic_peak / statistics.max : 1.0;
}

double pgm_scale(double given, double integer_scale, const Statistics& statistics) {
    if (given > 0.0) return given;
    return statistics.rmsd > 0.0 ? 250.0 / (5.0 * statistics.rmsd) : integer_scale;
}

void integer_row(const ImageView& image, int slow, double scale, double adc_offset, std::uint16_t* row) {
    fill_row(image, slow, row, [&](float pixel) {
        double value = pixel * scale + adc_offset;
        if (value > largest_integer) value = largest_integer;
        if (value < 0.0) value = 0.0;
        return truncated<std::uint16_t>(std::floor(static_cast<float>(value + 0.5)));
    });
}

void pgm_row(const ImageView& image, int slow, double scale, std::uint8_t* row) {
    fill_row(image, slow, row, [&](float pixel) {
        const double value = pixel * scale;
        return truncated<std::uint8_t>(value > largest_grey ? largest_grey : value);
    });
}

void noise_row(const ImageView& image, int slow, double adc_offset, SharedDeviates& deviates, StreamState& state,
               NoiseTotals& totals, std::uint16_t* row) {
    fill_row(image, slow, row, [&](float pixel) {
        const double photons = deviates.poisson(pixel, state);
        totals.photons += photons;
        double value = photons + adc_offset;
        if (value > largest_integer) {
            value = largest_integer;
            ++totals.overloads;
        }
        return truncated<std::uint16_t>(value);
    });
}

}  // namespace nbhybrid::image
