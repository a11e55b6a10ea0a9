#pragma once
// The kernel that traces pixels, one a thread; apart from those that render, which so stay as they are without a trace.

#include "launch.hpp"
#include "nbhybrid/kernel/device_trace.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::cuda {

template <physics::CrystalShape shape, kernel::Arithmetic arithmetic>
__global__ void trace_pixels(const __grid_constant__ PlanView plan, const __grid_constant__ PixelBounds bounds,
                             kernel::PixelNotes* notes, int count) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) kernel::trace_device_pixel<shape, arithmetic>(plan, bounds, notes[i]);
}

template <kernel::Arithmetic arithmetic>
cudaError_t launch_trace(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    constexpr unsigned threads = 32;
    return terms::with_shape(shape, [&](auto chosen) {
        constexpr physics::CrystalShape its_shape = decltype(chosen)::value;
        if constexpr (arithmetic == kernel::Arithmetic::floats && !terms::Shape<its_shape>::has_pair_version) {
            return cudaErrorNotSupported;
        } else {
            const unsigned blocks = (static_cast<unsigned>(trace.count) + threads - 1) / threads;
            trace_pixels<its_shape, arithmetic><<<blocks, threads, 0, stream>>>(trace.plan, trace.bounds, trace.notes, trace.count);
            return cudaGetLastError();
        }
    });
}

}  // namespace nbhybrid::cuda
