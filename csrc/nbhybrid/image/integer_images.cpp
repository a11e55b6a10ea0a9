#include "nbhybrid/image/integer_images.hpp"

#include <algorithm>
#include <cmath>

namespace nbhybrid::image {

namespace {

constexpr double largest_integer = 65535.0;
constexpr double automatic_peak = 55000.0;

// What an x86-64 processor makes of a conversion to a narrow integer that C leaves undefined: the low bits of the truncated
// 32-bit integer, 0 for what is not a number or beyond 32 bits.
std::uint16_t low_bits(double value) {
    const bool fits = value > -2147483649.0 && value < 2147483648.0;
    return fits ? static_cast<std::uint16_t>(static_cast<std::int32_t>(value)) : std::uint16_t{0};
}

// Fills a row with what fill(pixels, count, first) makes of the pixels inside the region, and with 0 outside.
template <class Integer, class Fill>
void fill_row(const ImageView& image, int slow, Integer* row, Fill fill) {
    const Region& r = image.region;
    const bool is_inside = slow >= r.slow_first && slow <= r.slow_last && r.fast_first <= r.fast_last;
    const int first = is_inside ? r.fast_first : image.fast_pixels, end = is_inside ? r.fast_last + 1 : image.fast_pixels;
    std::fill(row, row + first, Integer{0});
    if (is_inside) fill(image.pixels + image.at(slow, first), end - first, row + first);
    std::fill(row + end, row + image.fast_pixels, Integer{0});
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

void integer_row(const ImageView& image, int slow, double scale, double adc_offset, std::uint16_t* row, const PixelLoops& loops) {
    fill_row(image, slow, row, [&](const float* pixels, int count, std::uint16_t* integers) {
        loops.integers(pixels, count, scale, adc_offset, integers);
    });
}

void count_row(const ImageView& image, int slow, double adc_offset, std::uint16_t* row) {
    const float* const pixels = image.pixels + image.at(slow, 0);
    for (int i = 0; i < image.fast_pixels; ++i) {
        const double value = std::floor(static_cast<double>(pixels[i])) + adc_offset;
        // What is not a number becomes 0.
        row[i] = value > 0.0 ? static_cast<std::uint16_t>(std::min(value, largest_integer)) : std::uint16_t{0};
    }
}

void pgm_row(const ImageView& image, int slow, double scale, std::uint8_t* row, const PixelLoops& loops) {
    fill_row(image, slow, row,
             [&](const float* pixels, int count, std::uint8_t* greys) { loops.greys(pixels, count, scale, greys); });
}

void noise_row(const ImageView& image, int slow, double adc_offset, SharedDeviates& deviates, StreamState& state,
               NoiseTotals& totals, std::uint16_t* row) {
    fill_row(image, slow, row, [&](const float* pixels, int count, std::uint16_t* counts) {
        for (int i = 0; i < count; ++i) {
            const double photons = deviates.poisson(pixels[i], state);
            totals.photons += photons;
            double value = photons + adc_offset;
            if (value > largest_integer) {
                value = largest_integer;
                ++totals.overloads;
            }
            counts[i] = low_bits(value);
        }
    });
}

}  // namespace nbhybrid::image
