#pragma once
// What a device's threads are told, and what they say: plain data, with pointers into the device's memory.

#include <cstdint>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/plan/bounds.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// What a device computes in: double, so that pixels are decided; double with the sines of parallelepipeds in float32; or float32
// wherever orientations are gone through, for devices where double is slow. The last two are the `fast` engine.
enum class Arithmetic { exact, mixed, floats };

// An image of a set: those of a batch, or the panels of a detector. Its pixels' numbers in the set follow those of the images
// before.
struct DeviceImageJob {
    PlanView plan;
    PixelBounds bounds;
    std::int64_t places;        // of its region
    std::int64_t first_number;  // of its pixels
    float* values;
};

// The pixels of a launch: those of the images' regions, by tiles, or those of a list.
struct DeviceWork {
    const PixelIndex* list;     // of the only image; null: the region
    std::int64_t first, count;  // of the list's pixels, or of each region's places, which are more than its pixels
};

// What a device counts. With 64 bits it cannot overflow.
using DeviceCount = unsigned long long;

// Pixels that are masked or that the scalar path must render are left as they are.
struct DeviceOutput {
    PixelIndex* undecided;     // numbers in the set, or places in the list, in any order
    DeviceCount* n_undecided;  // how many there are; is 0 before the first launch of a call
    DeviceCount room;          // what is more is counted and not listed: the host then asks once more, with more room
    double* solid_angles;      // one for each group of threads; null if nobody asks
};

struct DeviceLaunch {
    DeviceImageJob only;         // the image, if there is one
    const DeviceImageJob* jobs;  // the images, if there are several: as many as `images`
    int images;
    DeviceWork work;
    DeviceOutput output;
};

inline namespace NBHYBRID_ISA {

// Tiles of a region, row by row: pixels that are close to each other share the search for orientations that reach them. A group of
// threads renders half a tile, or a whole one if each has two neighbours of a row.
inline constexpr int tile_fast = 8, tile_slow = 8, tile_pixels = tile_fast * tile_slow;

inline std::int64_t places_of(const Region& r) {
    const std::int64_t fast = r.fast_last - r.fast_first + 1, slow = r.slow_last - r.slow_first + 1;
    if (fast <= 0 || slow <= 0) return 0;
    return (fast + tile_fast - 1) / tile_fast * ((slow + tile_slow - 1) / tile_slow) * tile_pixels;
}

// `at`: how many have been counted before.
NBHYBRID_HOST_DEVICE inline void list_undecided(const DeviceOutput& output, DeviceCount at, PixelIndex number) {
    if (at < output.room) output.undecided[at] = number;
}

// Whether the reference's carried state keeps a pixel from being decided: it is left to the scalar path.
NBHYBRID_HOST_DEVICE inline bool is_left_to_scalar(const PlanView& plan, PixelIndex pixel) {
    return pixel == plan.carry_over.first_sweep;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
