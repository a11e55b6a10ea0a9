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
    // A step takes the lanes together.
    static constexpr int parts = 1, lanes_of_part = width;
    // Of arrays of its lanes.
    static constexpr std::size_t alignment = width > 1 ? line_bytes : alignof(double);

    VectorLanes<width> position, diffracted, scattering;
    VectorLanes<width> centre;  // position of the pixel's centre, if somebody needs it
    Lanes<double, width> path;
    // As the plan says of which sub-pixels and sources. The polarization is 0 until a source reaches the pixel.
    Lanes<double, width> polarization, solid_angle;
    UncertainLanes<width> capture;
    // The lanes that the source reaches.
    Lanes<int, width> live;
    int n_live = 0;

    int slow = 0;
    int count = 0;
    Lanes<int, width> fast;

    // Where the loops stand.
    int layer = 0, sub_slow = 0, sub_fast = 0, source = 0;
    Vec3 incident{};
    double wavelength = 0;
    double polarization_error = 0;  // as that of the capture, the same for all lanes

    NBHYBRID_HOST_DEVICE bool is_first_of_layer() const { return sub_slow == 0 && sub_fast == 0; }
    NBHYBRID_HOST_DEVICE bool is_first_subpixel() const { return layer == 0 && is_first_of_layer(); }
    NBHYBRID_HOST_DEVICE bool is_first_step() const { return source == 0 && is_first_subpixel(); }
    const VectorLanes<width>& scattering_of(int) const { return scattering; }

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
    // A step takes one lane after the other.
    static constexpr int parts = width, lanes_of_part = 1;
    static constexpr std::size_t alignment = alignof(double);
    Lanes<bool, width> is_live;

    NBHYBRID_HOST_DEVICE VectorLanes<1> scattering_of(int part) const {
        VectorLanes<1> one;
        one.set(0, this->scattering[part]);
        return one;
    }

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

// Starts a block with this pixel in it.
template <class Block>
NBHYBRID_HOST_DEVICE inline void begin_block(int slow, int fast, Block& block) {
    block.slow = slow;
    block.count = 1;
    block.fast[0] = fast;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
