#pragma once
// One pixel, or some neighbours in a row, as a device's thread decides them: the loop nest with a small block, and the sum of the
// arithmetic that is asked for. It compiles for the host too, where `kernel/isa/device_kernel.cpp` runs it.

#include <type_traits>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/sums/sum.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"
#include "nbhybrid/kernel/walk/arithmetic.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Takes positions on a curved detector from a table.
struct TabledMath : BoundedMath {
    template <class Block>
    NBHYBRID_HOST_DEVICE static Vec3 curved(const DetectorStage& d, const Block& block, int i, int plane, const Vec3&) {
        return d.curved_positions[place_in_table(d, plane, block.slow, block.fast[i])];
    }
};

template <int pixels>
struct DecidedPixels {
    Lanes<DecidedPixel, pixels> of;
};

// Pixels of one row. They must be such that the vector kernel may take: none that interpolates or sees the run's first sweep. The
// reference's phases are reduced at once, since a device has no second look.
template <Arithmetic arithmetic, physics::CrystalShape shape, int pixels, class Sweep, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline DecidedPixels<pixels> decide_pixels(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep,
                                                                int slow, const Lanes<int, pixels>& fast, Trace trace = {}) {
    constexpr SquareSines sines = arithmetic == Arithmetic::exact ? SquareSines::of_phases : SquareSines::in_float;
    using Block = WholeBlock<pixels, typename Trace::template Math<typename Sweep::Math>>;
    using Term = std::conditional_t<arithmetic == Arithmetic::floats, PairTerm<shape, Block, Trace, Sweep::has_squares>,
                                    DoubleTerm<shape, sines, Block, Trace>>;
    Sum<Term, const Sweep> sum(plan, bounds, sweep, trace);
    Block block;
    block.slow = slow;
    for (int i = 0; i < pixels; ++i) block.fast[i] = fast[i];
    walk_block(plan, block, sum);
    DecidedPixels<pixels> decided;
    sum.finish(block,
               [&](int i, float value, bool is_decided) { decided.of[i] = {value, is_decided, sum.factors().solid_angles(i)}; });
    return decided;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
