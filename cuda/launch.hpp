#pragma once
// Starts kernels. One .cu file an engine, since their rules for joining products and sums differ.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"

namespace nbhybrid::kernel {
struct PixelNotes;
}

namespace nbhybrid::cuda {

// Which threads render a pixel: one that has no other at the same time, one that has its neighbour too, or all lanes of a warp,
// each with its share of the orientations.
enum class Share { singles, pairs, warps };

struct LaunchSize {
    std::int64_t blocks;         // of each image
    std::size_t shared_entries;  // orientations that the shared memory of a block holds
    Share share;
};

// For each of so many images with so many places, on a device of so many multiprocessors: blocks render several pixels a thread, if
// there are enough.
LaunchSize launch_size(std::int64_t places, int images, std::int64_t orientations, int processors);

cudaError_t launch_exact(const kernel::DeviceLaunch& launch, physics::CrystalShape shape, const LaunchSize& size,
                         cudaStream_t stream);
cudaError_t launch_fast(const kernel::DeviceLaunch& launch, physics::CrystalShape shape, const LaunchSize& size,
                        cudaStream_t stream);

// The plans must have their orientations in pairs.
cudaError_t launch_float(const kernel::DeviceLaunch& launch, physics::CrystalShape shape, const LaunchSize& size,
                         cudaStream_t stream);

// The notes lie in the device's memory, and are filled.
struct TraceLaunch {
    PlanView plan;
    PixelBounds bounds;
    kernel::PixelNotes* notes;
    int count;
};
cudaError_t launch_trace_exact(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream);
cudaError_t launch_trace_fast(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream);
cudaError_t launch_trace_float(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream);

// As run::NoisyImages.
struct NoiseLaunch {
    std::uint64_t seed;
    std::uint32_t first_image, panel;
    std::int64_t images, pixels;
};
cudaError_t launch_noise(const NoiseLaunch& noise, const void* means, bool is_double, float* counts, cudaStream_t stream);

// Values with their places in the device's memory, which are written there: *place = value. They may lie in memory that is shared
// with the host.
struct PlacedValue {
    float* place;
    float value;
};
cudaError_t launch_set(const PlacedValue* given, std::int64_t count, cudaStream_t stream);

// *told = *count, where the host looks.
cudaError_t launch_tell(const kernel::DeviceCount* count, kernel::DeviceCount* told, cudaStream_t stream);

}  // namespace nbhybrid::cuda
