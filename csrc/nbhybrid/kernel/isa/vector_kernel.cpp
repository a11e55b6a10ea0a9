// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/bounded_sum.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

#define NBHYBRID_TEXT_OF(name) #name
#define NBHYBRID_TEXT(name) NBHYBRID_TEXT_OF(name)

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {NBHYBRID_TEXT(NBHYBRID_ISA),
                                         {&render_by_bounds<CrystalShape::square>, &render_by_bounds<CrystalShape::round>,
                                          &render_by_bounds<CrystalShape::gauss>, &render_by_bounds<CrystalShape::tophat>}};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
