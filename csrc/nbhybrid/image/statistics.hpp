#pragma once
// Statistics of a finished image, with the same bits as sums in the reference's order and types.

#include <cstdint>
#include <functional>

#include "nbhybrid/image/pixel_loops.hpp"
#include "nbhybrid/model/detector.hpp"

namespace nbhybrid::image {

// A finished image: fast axis first.
struct ImageView {
    const float* pixels;
    int fast_pixels, slow_pixels;
    Region region;
    const std::uint16_t* mask;  // null: none

    std::int64_t at(int slow, int fast) const { return static_cast<std::int64_t>(slow) * fast_pixels + fast; }
};

struct Statistics {
    double max = 0;
    // Where it is; -1 if no pixel is above 0.
    int max_slow = -1, max_fast = -1;
    double mean = 0, rms = 0;  // over the pixels rendered
    double rmsd = 0;           // over the region, pixels masked included
};

// Runs work(number) for 0 ... tasks-1, possibly at the same time, the first of them first.
using Runner = std::function<void(std::int64_t tasks, const std::function<void(std::int64_t)>& work)>;
void run_in_turn(std::int64_t tasks, const std::function<void(std::int64_t)>& work);

Statistics measure(const ImageView& image, const PixelLoops& loops = pixel_loops(), const Runner& runner = run_in_turn);

}  // namespace nbhybrid::image
