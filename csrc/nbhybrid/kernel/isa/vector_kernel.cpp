// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/bounded_sum.hpp"
#include "nbhybrid/kernel/isa/bounded_functions.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

#define NBHYBRID_SHAPES(sines)                                                                      \
    {&render_by_bounds<CrystalShape::square, sines>, &render_by_bounds<CrystalShape::round, sines>, \
     &render_by_bounds<CrystalShape::gauss, sines>, &render_by_bounds<CrystalShape::tophat, sines>}

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA),
    {NBHYBRID_SHAPES(SquareSines::of_offsets),
     {&render_by_bounds<CrystalShape::square, SquareSines::of_phases>, nullptr, nullptr, nullptr},
     NBHYBRID_SHAPES(SquareSines::in_float)},
    NBHYBRID_BOUNDED_FUNCTIONS};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
