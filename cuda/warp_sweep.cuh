#pragma once
// The orientations of the crystal for the threads of a warp: from shared memory where they fit, and without those that cannot reach
// any of the warp's pixels.

#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/segments.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::cuda {

constexpr unsigned all_lanes = 0xffffffffU;
constexpr int warp_size = 32;

__device__ inline double lowest_of_warp(double value) {
    for (int offset = warp_size / 2; offset > 0; offset /= 2) value = fmin(value, __shfl_xor_sync(all_lanes, value, offset));
    return value;
}
__device__ inline double highest_of_warp(double value) {
    for (int offset = warp_size / 2; offset > 0; offset /= 2) value = fmax(value, __shfl_xor_sync(all_lanes, value, offset));
    return value;
}

// The box in reciprocal space that holds the scattering vectors of a warp's pixels.
struct WarpBox {
    Vec3 middle, half;

    template <class Block>
    __device__ explicit WarpBox(const Block& block) {
        Vec3 low = block.scattering[0], high = low;
        NBHYBRID_UNROLL
        for (int i = 1; i < Block::count; ++i) {
            const Vec3 v = block.scattering[i];
            low = {fmin(low.x, v.x), fmin(low.y, v.y), fmin(low.z, v.z)};
            high = {fmax(high.x, v.x), fmax(high.y, v.y), fmax(high.z, v.z)};
        }
        low = {lowest_of_warp(low.x), lowest_of_warp(low.y), lowest_of_warp(low.z)};
        high = {highest_of_warp(high.x), highest_of_warp(high.y), highest_of_warp(high.z)};
        middle = 0.5 * (low + high);
        half = 0.5 * (high - low);
    }

    // Whether an index, the product with this axis, is beyond the reach of every reflection for all of the box.
    __device__ bool is_far(double x, double y, double z, double reach) const {
        return kernel::stays_away(kernel::product(x, y, z, middle), kernel::product(fabs(x), fabs(y), fabs(z), half), 0.0, reach) !=
               0;
    }
};

// The orientations of a later sweep.
struct AllOrientations {
    const Axes* table;  // of all; null: they are too many, and made from a phi step's and a domain's
    std::int64_t all;
};

// As PlainSweep of kernel/device_pixel.hpp. All lanes of the warp go through the loops together.
struct WarpSweep : kernel::PlainSweep, AllOrientations {
    using Math = kernel::TabledMath;

    __device__ explicit WarpSweep(const AllOrientations& o) : AllOrientations(o) {}

    template <bool can_be_narrow, class Block, class Sum>
    __device__ bool run(const PlanView& plan, const Reach& reach, const Block& block, Sum& sum) const {
        if (table == nullptr) return false;
        if constexpr (can_be_narrow)
            // With a limit of the resolution some lanes may not be here.
            if (reach.is_limited && plan.orientation.components != nullptr && !(plan.beam.dmin > 0.0)) {
                run_reached(plan.orientation.components, reach, block, sum);
                return true;
            }
        for (std::int64_t i = 0; i < all; ++i) sum.step(block, 0, 0, table[i]);
        return true;
    }

private:
    // Each lane looks at an orientation of its own, for the pixels of all.
    template <class Block, class Sum>
    __device__ void run_reached(const double* components, const Reach& reach, const Block& block, Sum& sum) const {
        const WarpBox box(block);
        const int lane = static_cast<int>(threadIdx.x) % warp_size;
        for (std::int64_t first = 0; first < all; first += warp_size) {
            const std::int64_t mine = first + lane;
            unsigned reached = __ballot_sync(all_lanes, mine < all && is_reached(components, mine, reach, box));
            for (; reached != 0; reached &= reached - 1) sum.step(block, 0, 0, table[first + __ffs(static_cast<int>(reached)) - 1]);
        }
    }

    __device__ bool is_reached(const double* components, std::int64_t number, const Reach& reach, const WarpBox& box) const {
        const double* const c = components + number;
        const Vec3 along = reach.along_axes;
        return !box.is_far(c[0], c[all], c[2 * all], along.x) && !box.is_far(c[3 * all], c[4 * all], c[5 * all], along.y) &&
               !box.is_far(c[6 * all], c[7 * all], c[8 * all], along.z);
    }
};

// The lanes of a warp share a pixel: each takes every 32nd orientation, and their sums are added in a fixed order.
struct SharedPixelSweep : AllOrientations {
    using Math = kernel::TabledMath;

    __device__ explicit SharedPixelSweep(const AllOrientations& o) : AllOrientations(o) {}

    template <bool can_be_narrow, class Block, class Sum>
    __device__ bool run(const PlanView& plan, const Reach&, const Block& block, Sum& sum) const {
        const OrientationStage& o = plan.orientation;
        for (std::int64_t i = threadIdx.x % warp_size; i < all; i += warp_size)
            sum.step(block, 0, 0, table != nullptr ? table[i] : kernel::later_orientation(o, i));
        return true;
    }

    __device__ kernel::PixelTotal combine(const kernel::PixelTotal& mine) const {
        kernel::PixelTotal total = mine;
        for (int offset = warp_size / 2; offset > 0; offset /= 2) {
            total.intensity += __shfl_xor_sync(all_lanes, total.intensity, offset);
            total.error += __shfl_xor_sync(all_lanes, total.error, offset);
        }
        return total;
    }
};

}  // namespace nbhybrid::cuda
