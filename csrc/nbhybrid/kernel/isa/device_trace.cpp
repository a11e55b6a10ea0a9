// The trace of a GPU, by the host: as isa/device_kernel.cpp.

#include "nbhybrid/kernel/device_trace.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <Arithmetic arithmetic>
constexpr TraceOfShapes all_shapes() {
    return terms::of_each_shape([](auto shape) -> TracePixel {
        constexpr physics::CrystalShape its_shape = decltype(shape)::value;
        if constexpr (arithmetic != Arithmetic::floats || terms::Shape<its_shape>::has_pair_version)
            return &trace_device_pixel<its_shape, arithmetic>;
        else return nullptr;
    });
}

extern const TraceKernel this_trace_kernel;
const TraceKernel this_trace_kernel = {
    {all_shapes<Arithmetic::exact>(), all_shapes<Arithmetic::mixed>(), all_shapes<Arithmetic::floats>()}};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
