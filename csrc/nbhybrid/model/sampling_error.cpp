#include "nbhybrid/model/sampling_error.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid {

namespace {

// How many positions of the spot within a pixel errors are averaged over.
constexpr int places = 16;
// Points with which the mean over a pixel counts as exact: for each spot width in a pixel, and at least.
constexpr int points_of_spot = 16, fewest_points = 64;
// Of pixels wider than this only the order of magnitude of the error is known.
constexpr double most_spots_per_pixel = 1000;
// Width of a sub-pixel in units of 1/L from which on sums of spots are wrong: 1 in theory, a little less in fact, since a crystal
// is longer along its diagonals than along its edges.
constexpr double coarsest_step = 0.75;

double squared_sinc(double x) {
    const double phase = pi * x;
    const double value = std::fabs(phase) < 1e-6 ? 1.0 : std::sin(phase) / phase;
    return value * value;
}

// The mean of a spot over a pixel, from the middles of equal parts; the spot's centre is off the pixel's by `offset` pixels.
double mean_over_pixel(double spots_per_pixel, double offset, int parts) {
    double sum = 0;
    for (int i = 0; i < parts; ++i) sum += squared_sinc(spots_per_pixel * ((i + 0.5) / parts - 0.5 - offset));
    return sum / parts;
}

// The r.m.s. of the product of two independent ratios, one for each edge of the pixel, about 1.
double rms_of_product(double mean, double mean_square) {
    return std::sqrt(std::max(0.0, mean_square * mean_square - 2 * mean * mean + 1));
}

}  // namespace

SamplingError expected_sampling_error(double spots_per_pixel, int oversample) {
    const double width = std::min(spots_per_pixel, most_spots_per_pixel);
    const double step = width / oversample;
    // The transform of sinc^2 is a triangle, from which the samples take the values at multiples of 1/step (Poisson's formula): all
    // but that at 0 is error.
    double aliases = 0;
    for (int k = 1; k < step; ++k) aliases += 2 * (1 - k / step) * (1 - k / step);
    const int points = std::max(fewest_points, static_cast<int>(points_of_spot * width));
    double mean = 0, mean_square = 0;
    for (int i = 0; i < places; ++i) {
        const double offset = (i + 0.5) / places - 0.5;
        const double ratio = mean_over_pixel(width, offset, oversample) / mean_over_pixel(width, offset, points);
        mean += ratio / places;
        mean_square += ratio * ratio / places;
    }
    return {rms_of_product(1, 1 + aliases), rms_of_product(mean, mean_square)};
}

int sufficient_oversample(double spots_per_pixel, int most) {
    int oversample = std::max(1, static_cast<int>(std::ceil(std::min(spots_per_pixel / coarsest_step, 1.0 * most))));
    // Where the spots are much smaller than a pixel, their brightest pixels are right when their sums are.
    if (spots_per_pixel > most_spots_per_pixel) return std::min(oversample, most);
    while (oversample < most && expected_sampling_error(spots_per_pixel, oversample).pixel > tolerable_pixel_error) ++oversample;
    return std::min(oversample, most);
}

}  // namespace nbhybrid
