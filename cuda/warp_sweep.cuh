#pragma once
// The orientations of the crystal for the threads of a warp: from shared memory where they fit, and without those that cannot reach
// any of the warp's pixels.

#include <type_traits>

#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/sums/support_in_float.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
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

    // Whether an index, the product with this axis, is beyond the support radius of every reflection for all of the box.
    __device__ bool is_far(double x, double y, double z, double support) const {
        return kernel::stays_away(kernel::product(x, y, z, middle), kernel::product(fabs(x), fabs(y), fabs(z), half), 0.0,
                                  support) != 0;
    }
};

// The orientations of a later sweep, as Axes or as PairAxes.
template <class Entry>
struct AllOrientations {
    const Entry* table;  // of all; null: they are too many, and made from a phi step's and a domain's
    std::int64_t all;
};

// What a warp's search for orientations knows, and whether one may reach any of its pixels.
template <class Entry>
struct WarpSearch {
    WarpBox box;
    const double* components;
    std::int64_t all;
    Vec3 support;

    template <class Block>
    __device__ WarpSearch(const PlanView& plan, const SupportRadius& r, const AllOrientations<Entry>& o, const Block& block)
        : box(block), components(plan.orientation.components), all(o.all), support(r.along_axes) {}

    __device__ bool is_reached(std::int64_t number) const {
        const double* const c = components + number;
        return !box.is_far(c[0], c[all], c[2 * all], support.x) && !box.is_far(c[3 * all], c[4 * all], c[5 * all], support.y) &&
               !box.is_far(c[6 * all], c[7 * all], c[8 * all], support.z);
    }
};

template <>
struct WarpSearch<PairAxes> {
    kernel::FloatBox box;
    kernel::FloatSupport support;
    const PairAxes* table;

    template <class Block>
    __device__ WarpSearch(const PlanView& plan, const SupportRadius& r, const AllOrientations<PairAxes>& o, const Block& block)
        : WarpSearch(plan, r, o, WarpBox(block)) {}
    __device__ WarpSearch(const PlanView& plan, const SupportRadius& r, const AllOrientations<PairAxes>& o, const WarpBox& b)
        : box(b.middle, b.half), support(r.along_axes, plan.crystal.largest_index), table(o.table) {}

    __device__ bool is_reached(std::int64_t number) const { return box.is_reached(table[number], support); }
};

// As kernel/sums/sweeps.hpp has them.
template <class Entry>
using AllSweep = kernel::PlainSweep<kernel::TabledMath, std::is_same_v<Entry, PairAxes>>;

// All lanes of the warp go through the loops together.
template <class Entry>
struct WarpSweep : AllSweep<Entry>, AllOrientations<Entry> {
    __device__ explicit WarpSweep(const AllOrientations<Entry>& o) : AllOrientations<Entry>(o) {}

    template <class Block, class Sum>
    __device__ bool run(const PlanView& plan, const SupportRadius& support, const Block& block, Sum& sum) const {
        if constexpr (std::is_same_v<Entry, Axes>)
            if (this->table == nullptr) return AllSweep<Entry>::run(plan, support, block, sum);
        if constexpr (Sum::has_narrow_spots)
            // With a limit of the resolution some lanes may not be here.
            if (support.is_limited && plan.orientation.components != nullptr && !(plan.beam.dmin > 0.0)) {
                run_reached(WarpSearch<Entry>(plan, support, *this, block), block, sum);
                return true;
            }
        for (std::int64_t i = 0; i < this->all; ++i) sum.add_step(block, this->table[i], 0, Block::count);
        return true;
    }

private:
    // Each lane looks at an orientation of its own, for the pixels of all.
    template <class Block, class Sum>
    __device__ void run_reached(const WarpSearch<Entry>& search, const Block& block, Sum& sum) const {
        const int lane = static_cast<int>(threadIdx.x) % warp_size;
        for (std::int64_t first = 0; first < this->all; first += warp_size) {
            const std::int64_t mine = first + lane;
            unsigned reached = __ballot_sync(all_lanes, mine < this->all && search.is_reached(mine));
            for (; reached != 0; reached &= reached - 1)
                sum.add_step(block, this->table[first + __ffs(static_cast<int>(reached)) - 1], 0, Block::count);
        }
    }
};

// The lanes of a warp share a pixel: each takes every 32nd orientation, and their sums are added in a fixed order.
template <class Entry>
struct SharedPixelSweep : AllSweep<Entry>, AllOrientations<Entry> {
    __device__ explicit SharedPixelSweep(const AllOrientations<Entry>& o) : AllOrientations<Entry>(o) {}

    template <class Block, class Sum>
    __device__ bool run(const PlanView& plan, const SupportRadius&, const Block& block, Sum& sum) const {
        for (std::int64_t i = threadIdx.x % warp_size; i < this->all; i += warp_size) {
            if constexpr (std::is_same_v<Entry, Axes>)
                if (this->table == nullptr) {
                    sum.add_step(block, kernel::later_orientation(plan.orientation, i), 0, Block::count);
                    continue;
                }
            sum.add_step(block, this->table[i], 0, Block::count);
        }
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
