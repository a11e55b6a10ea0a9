#pragma once
// Loops over all pixels that gain from vector instructions. image/isa/pixel_loops.cpp is compiled once for each level of
// instructions; only plain data passes between these copies and the rest.

#include <cstdint>
#include <string>

namespace nbhybrid::image {

// Runs of pixels that are added up side by side.
inline constexpr int runs_together = 4;

// Two sums for each run, started from a number whose last bit is 0 and from one whose last bit is 1: ordered_sum.hpp explains why.
struct SumPaths {
    double even[runs_together] = {}, odd[runs_together] = {};
};

struct PixelLoops {
    const char* isa;
    // Adds `count` pixels of each run to the sums, one after the other, and their squares in float32 to the other sums.
    void (*add_pixels)(const float* const* runs, int count, SumPaths& sums, SumPaths& squares);
    // Adds the squares of what the pixels are above or below the mean.
    void (*add_deviations)(const float* const* runs, int count, double mean, SumPaths& sums);
    // The largest of the pixels' bit patterns taken as integers. Without negative pixels and NaN it is that of the largest pixel.
    std::uint32_t (*largest_bits)(const float* pixels, int count);
    // The integers of the SMV and of the PGM image.
    void (*integers)(const float* pixels, int count, double scale, double offset, std::uint16_t* row);
    void (*greys)(const float* pixels, int count, double scale, std::uint8_t* row);
};

// The copy for the level of instructions of this name (as kernel::vector_kernel() has chosen it), which the processor must have;
// for an unknown name the one that every processor runs. All copies give the same bits.
const PixelLoops& pixel_loops(const std::string& isa = "baseline");

}  // namespace nbhybrid::image
