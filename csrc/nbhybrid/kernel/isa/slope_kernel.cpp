// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/slopes/slope_kernel.hpp"
#include "nbhybrid/kernel/slopes/backward_sum.hpp"
#include "nbhybrid/kernel/slopes/forward_sum.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

namespace {

// Whole vectors of lanes: those behind the last pixel repeat one, and have no weight.
void enter(const SlopePixels& pixels, SlopeBlock& block) {
    constexpr int lanes_of_a_vector = Segments<slope_width>::lanes;
    block.slow = pixels.slow;
    block.count = (pixels.count + lanes_of_a_vector - 1) / lanes_of_a_vector * lanes_of_a_vector;
    for (int i = 0; i < slope_width; ++i) block.fast[i] = pixels.fast[i < pixels.count ? i : 0];
}

template <physics::CrystalShape shape>
bool backward(const PlanView& plan, const PixelBounds& bounds, const StopCheck& is_stopped, SlopePixels& pixels,
              const double* upstream, CotangentSums& sums) {
    SlopeBlock block;
    enter(pixels, block);
    LaneNumbers weights, values;
    for (int i = 0; i < slope_width; ++i) weights[i] = i < pixels.count ? upstream[i] : 0.0;
    SegmentSweep<slope_width> sweep(is_stopped);
    BackwardSum<shape> sum(plan, bounds, sweep, block, weights.values, sums);
    if (!walk_block(plan, block, sum)) return false;
    sum.finish(block, values.values);
    for (int i = 0; i < pixels.count; ++i) pixels.values[i] = values[i];
    return true;
}

template <physics::CrystalShape shape>
bool forward(const PlanView& plan, const PixelBounds& bounds, const StopCheck& is_stopped, SlopePixels& pixels,
             const Tangents& tangents, double* slopes) {
    SlopeBlock block;
    enter(pixels, block);
    SegmentSweep<slope_width> sweep(is_stopped);
    ForwardSum<shape> sum(plan, bounds, sweep, block, tangents);
    if (!walk_block(plan, block, sum)) return false;
    sum.finish(block, pixels.count, pixels.values, slopes);
    return true;
}

}  // namespace

extern const SlopeKernel this_slope_kernel;
const SlopeKernel this_slope_kernel = {
    terms::of_each_shape([](auto shape) -> Backward { return &backward<decltype(shape)::value>; }),
    terms::of_each_shape([](auto shape) -> Forward { return &forward<decltype(shape)::value>; })};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
