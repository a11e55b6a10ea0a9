#pragma once
// What sampling a pixel at a few points costs. docs/oversampling.md derives it and compares it with measured errors.

namespace nbhybrid {

// Relative r.m.s. errors, 0.01 for one per cent, over all places that a spot may have relative to the pixels.
struct SamplingError {
    double sum = 0;    // of a spot's sum over all of its pixels
    double pixel = 0;  // of the pixel in which its centre lies
};

// Of the spots of a crystal of one domain: sinc^2 along both edges of a pixel, sampled at the middles of `oversample` equal parts
// of each edge. `spots_per_pixel` is the pixel's edge in units of 1/L in reciprocal space, L being the crystal's edge: L * pixel /
// (wavelength * distance), no unit, above 0.
SamplingError expected_sampling_error(double spots_per_pixel, int oversample);

// The fewest parts of an edge with which a spot's sum is right to a tenth of a per cent, and its brightest pixel to
// `tolerable_pixel_error`, but not more than `most`.
int sufficient_oversample(double spots_per_pixel, int most);
inline constexpr double tolerable_pixel_error = 0.03;

}  // namespace nbhybrid
