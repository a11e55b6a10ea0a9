// The trace of a GPU, by the host: as isa/device_kernel.cpp.

#include "nbhybrid/kernel/device_trace.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// clang-format off
#define NBHYBRID_SHAPES(a)                                                                      \
    {&trace_device_pixel<CrystalShape::square, a>, &trace_device_pixel<CrystalShape::round, a>, \
     &trace_device_pixel<CrystalShape::gauss, a>, &trace_device_pixel<CrystalShape::tophat, a>}
// clang-format on

extern const TraceKernel this_trace_kernel;
const TraceKernel this_trace_kernel = {{NBHYBRID_SHAPES(Arithmetic::exact),
                                        NBHYBRID_SHAPES(Arithmetic::mixed),
                                        {&trace_device_pixel<CrystalShape::square, Arithmetic::floats>, nullptr,
                                         &trace_device_pixel<CrystalShape::gauss, Arithmetic::floats>,
                                         &trace_device_pixel<CrystalShape::tophat, Arithmetic::floats>}}};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
