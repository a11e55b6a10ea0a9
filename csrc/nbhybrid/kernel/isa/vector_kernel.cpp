// Compiled once for each level of instructions; CMakeLists.txt says which.

#include <type_traits>

#include "nbhybrid/kernel/isa/bounded_functions.hpp"
#include "nbhybrid/kernel/sums/sum.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

constexpr int width = VectorBlock::capacity;

// Writes the pixels and marks those that the bound does not decide. But in float32, all up to the arguments of the sines and
// exponentials is computed by the reference's own operations. Lanes are computed by whole vectors.
template <physics::CrystalShape shape, SquareSines sines>
bool render_by_bounds(const PlanView& plan, const PixelBounds& bounds, const StopCheck& is_stopped, VectorBlock& result) {
    using Block = PixelBlock<width, std::conditional_t<sines == SquareSines::in_float, QuickMath, BoundedMath>>;
    Block block;
    block.slow = result.slow;
    constexpr int lanes_of_a_vector = Segments<width>::lanes;
    block.count = (result.count + lanes_of_a_vector - 1) / lanes_of_a_vector * lanes_of_a_vector;
    for (int i = 0; i < width; ++i) block.fast[i] = result.fast[i];
    SegmentSweep<width> sweep(is_stopped);
    Sum<DoubleTerm<shape, sines, Block, NoTrace>, SegmentSweep<width>> sum(plan, bounds, sweep);
    if (!walk_block(plan, block, sum)) return false;
    std::int64_t undecided[width], count = 0;
    sum.finish(block, [&](int i, float value, bool is_decided) {
        result.pixels[i] = value;
        undecided[i] = is_decided ? 0 : 1;
        count += undecided[i];
    });
    result.solid_angles = sum.factors().total_of_solid_angles(result.count);
    result.undecided = 0;
    for (int i = 0; count != 0 && i < result.count; ++i)
        result.undecided |= static_cast<std::uint64_t>(undecided[i]) << static_cast<unsigned>(i);
    return true;
}

template <SquareSines sines>
constexpr RenderOfShapes all_shapes() {
    return terms::of_each_shape([](auto shape) -> VectorRender { return &render_by_bounds<decltype(shape)::value, sines>; });
}

constexpr RenderOfShapes shapes_with_offset_phases() {
    return terms::of_each_shape([](auto shape) -> VectorRender {
        constexpr physics::CrystalShape its_shape = decltype(shape)::value;
        if constexpr (terms::Shape<its_shape>::has_offset_phases) return &render_by_bounds<its_shape, SquareSines::of_phases>;
        else return nullptr;
    });
}

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA),
    {all_shapes<SquareSines::of_offsets>(), shapes_with_offset_phases(), all_shapes<SquareSines::in_float>()},
    NBHYBRID_BOUNDED_FUNCTIONS};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
