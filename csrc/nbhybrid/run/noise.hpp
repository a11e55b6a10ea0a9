#pragma once
// Photon-counting noise for images in memory.

#include <cstdint>

#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/model/detector.hpp"

namespace nbhybrid::run {

// counts[i] for image i of `images`, each of so many pixels one after the other; image i has the number first_image + i. The
// deviates are those of random/counter_noise.hpp. Throws Interrupted.
struct NoisyImages {
    std::uint64_t seed;
    std::uint32_t first_image, panel;
    std::int64_t images, pixels;
};
template <class Mean>
void add_counter_noise(const NoisyImages& noise, const Mean* means, float* counts, int threads, const kernel::Watch& watch);

// The reference's stream of deviates, pixel by pixel of the region of one image; 0 outside.
template <class Mean>
void add_reference_noise(std::int64_t seed, const Region& region, int slow_pixels, int fast_pixels, const Mean* means,
                         float* counts);

}  // namespace nbhybrid::run
