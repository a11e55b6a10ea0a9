// The trace of a GPU, by the host: as isa/device_kernel.cpp.

#include "nbhybrid/kernel/device_trace.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

#define NBHYBRID_SHAPES(in_float)                                                                             \
    {&trace_device_pixel<CrystalShape::square, in_float>, &trace_device_pixel<CrystalShape::round, in_float>, \
     &trace_device_pixel<CrystalShape::gauss, in_float>, &trace_device_pixel<CrystalShape::tophat, in_float>}

extern const TraceKernel this_trace_kernel;
const TraceKernel this_trace_kernel = {{NBHYBRID_SHAPES(false), NBHYBRID_SHAPES(true)}};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
