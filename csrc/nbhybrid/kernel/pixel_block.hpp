#pragma once
// The working state of some pixels of one row that go through the loops together. One array a quantity, so that the inner loops,
// which run over pixels, become vector instructions. The arrays begin with nothing in them: whoever owns one sets it before anybody
// reads it, as csrc/README.md says. A thread of a device has one pixel or two neighbours.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/lanes.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using numerics::Lanes;
using numerics::line_bytes;
using numerics::UncertainLanes;
using numerics::VectorLanes;

struct LibraryMath;

// MathT computes the factors that need more than + - * / and roots; see arithmetic.hpp.
template <int width, class MathT = LibraryMath>
struct alignas(width > 1 ? line_bytes : alignof(double)) PixelBlock {
    using Math = MathT;
    static constexpr int capacity = width;

    VectorLanes<width> position, diffracted, scattering;
    VectorLanes<width> centre;  // position of the pixel's centre, if somebody needs it
    Lanes<double, width> path;
    // Cached for the pixel or the layer: 0 means not computed yet, and a factor of exactly 0 is computed again.
    Lanes<double, width> polarization, solid_angle;
    UncertainLanes<width> capture;
    // Nothing of them has been computed yet: of this layer's capture, of the pixel's polarization.
    bool new_layer = true, unpolarized = true;
    // The lanes that the source reaches.
    Lanes<int, width> live;
    int n_live = 0;

    int slow = 0;
    int count = 0;
    Lanes<int, width> fast;

    // State of the run that only a pixel in a block of its own can see change.
    bool first_sweep = false;  // is still to come
    bool interpolate = false;  // is still on
    int axis_entry = 0;        // of the polarization axes, for the next use

    // Where the loops stand.
    int layer = 0, sub_slow = 0, sub_fast = 0, source = 0;
    Vec3 incident{};
    double wavelength = 0;
    double polarization_error = 0;  // as that of the capture, the same for all lanes

    NBHYBRID_HOST_DEVICE void clear_live() { n_live = 0; }
    NBHYBRID_HOST_DEVICE void add_live(int i) { live[n_live++] = i; }
    // work(i) for each live lane.
    template <class Work>
    NBHYBRID_HOST_DEVICE void for_each_live(Work work) const {
        for (int j = 0; j < n_live; ++j) work(live[j]);
    }
};

// A block that is always full, for a device: its loops have constant bounds, and no lane is named by a number that only the run
// knows. So all of it stays in registers.
template <int width, class MathT>
struct WholeBlock : PixelBlock<width, MathT> {
    static constexpr int count = width;
    Lanes<bool, width> is_live;

    NBHYBRID_HOST_DEVICE void clear_live() {
        this->n_live = 0;
        for (int i = 0; i < width; ++i) is_live[i] = false;
    }
    NBHYBRID_HOST_DEVICE void add_live(int i) {
        is_live[i] = true;
        ++this->n_live;
    }
    template <class Work>
    NBHYBRID_HOST_DEVICE void for_each_live(Work work) const {
        for (int i = 0; i < width; ++i)
            if (is_live[i]) work(i);
    }
};

NBHYBRID_HOST_DEVICE inline PixelIndex pixel_index(const PlanView& plan, int slow, int fast) {
    return static_cast<PixelIndex>(slow) * plan.detector.fast_pixels + fast;
}

NBHYBRID_HOST_DEVICE inline bool is_masked(const DetectorStage& detector, PixelIndex pixel) {
    return detector.mask != nullptr && detector.mask[pixel] == 0;
}

// Whether the state that the reference carries along changes in this pixel. Such a pixel has a block of its own.
NBHYBRID_HOST_DEVICE inline bool carries_state(const PlanView& plan, PixelIndex pixel) {
    const CarryOver& c = plan.carry_over;
    return pixel == c.first_sweep || pixel == c.interpolation_ends || pixel <= c.axis_settles || c.axis_entries != nullptr;
}

// The entry of the polarization axes that is next when this pixel begins.
NBHYBRID_HOST_DEVICE inline int axis_entry_of(const PlanView& plan, PixelIndex pixel) {
    const CarryOver& c = plan.carry_over;
    if (c.axis_entries != nullptr) return c.axis_entries[pixel];
    if (pixel > c.axis_settles) return plan.beam.n_axes - 1;
    int low = 0, high = c.n_axis_uses - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (c.axis_uses[middle].pixel < pixel) low = middle + 1;
        else high = middle;
    }
    return c.axis_uses[low].entry;
}

// Starts a block with this pixel in it.
template <class Block>
NBHYBRID_HOST_DEVICE inline void begin_block(const PlanView& plan, int slow, int fast, Block& block) {
    const PixelIndex pixel = pixel_index(plan, slow, fast);
    block.slow = slow;
    block.count = 1;
    block.fast[0] = fast;
    block.first_sweep = pixel == plan.carry_over.first_sweep;
    block.interpolate = plan.crystal.interpolate && pixel <= plan.carry_over.interpolation_ends;
    block.axis_entry = axis_entry_of(plan, pixel);
}

// The next pixels of a row that can go together, from `fast` on, which is moved behind them. Masked pixels are left out;
// alone(fast) tells which pixels must have a block of their own besides those that carry state. False at the end of the row.
template <class Block, class Alone>
inline bool next_block(const PlanView& plan, int slow, int& fast, int last, Alone alone, Block& block) {
    block.count = 0;
    for (; fast <= last && block.count < Block::capacity; ++fast) {
        const PixelIndex pixel = pixel_index(plan, slow, fast);
        if (is_masked(plan.detector, pixel)) continue;
        const bool by_itself = carries_state(plan, pixel) || alone(fast);
        if (block.count == 0) begin_block(plan, slow, fast, block);
        else if (by_itself) return true;
        else block.fast[block.count++] = fast;
        if (by_itself) {
            ++fast;
            return true;
        }
    }
    return block.count > 0;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
