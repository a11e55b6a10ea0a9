#pragma once
// Which pixel a number of a launch means, and where its value goes.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"

namespace nbhybrid::kernel {

// Places outside the region have the nearest pixel inside, so that all lanes of a warp have one.
struct Place {
    int slow, fast;
    bool counts;         // is a pixel of the launch that a device may decide
    std::int64_t where;  // its value goes
};

inline namespace NBHYBRID_ISA {

NBHYBRID_HOST_DEVICE inline Place place_of(const DeviceImageJob& job, const DeviceWork& work, std::int64_t number) {
    const std::int64_t fast_pixels = job.plan.detector.fast_pixels;
    Place place{};
    if (work.list != nullptr) {
        const bool inside = number < work.first + work.count;
        const PixelIndex pixel = work.list[inside ? number : work.first];
        place.slow = static_cast<int>(pixel / fast_pixels), place.fast = static_cast<int>(pixel % fast_pixels);
        place.counts = inside, place.where = number;
    } else {
        const Region& r = job.plan.detector.region;
        const int width = r.fast_last - r.fast_first + 1, tiles = (width + tile_fast - 1) / tile_fast;
        const std::int64_t tile = number / tile_pixels;
        const int in_tile = static_cast<int>(number % tile_pixels);
        const int fast = static_cast<int>(tile % tiles) * tile_fast + in_tile % tile_fast + r.fast_first;
        const std::int64_t slow = tile / tiles * tile_slow + in_tile / tile_fast + r.slow_first;
        place.fast = fast < r.fast_last ? fast : r.fast_last;
        place.slow = slow < r.slow_last ? static_cast<int>(slow) : r.slow_last;
        place.counts = number < work.first + work.count && fast <= r.fast_last && slow <= r.slow_last;
        place.where = pixel_index(job.plan, place.slow, place.fast);
    }
    const PixelIndex pixel = pixel_index(job.plan, place.slow, place.fast);
    if (is_masked(job.plan.detector, pixel) || is_left_to_scalar(job.plan, pixel)) place.counts = false;
    return place;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
