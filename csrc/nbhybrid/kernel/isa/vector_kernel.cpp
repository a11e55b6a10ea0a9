// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/bounded_sum.hpp"
#include "nbhybrid/kernel/isa/bounded_functions.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

#define NBHYBRID_SHAPES(in_float)                                                                         \
    {&render_by_bounds<CrystalShape::square, in_float>, &render_by_bounds<CrystalShape::round, in_float>, \
     &render_by_bounds<CrystalShape::gauss, in_float>, &render_by_bounds<CrystalShape::tophat, in_float>}

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA), {NBHYBRID_SHAPES(false), NBHYBRID_SHAPES(true)}, NBHYBRID_BOUNDED_FUNCTIONS};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
