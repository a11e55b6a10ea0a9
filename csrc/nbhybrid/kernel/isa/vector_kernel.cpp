// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/bounded_sum.hpp"
#include "nbhybrid/kernel/isa/bounded_functions.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

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
