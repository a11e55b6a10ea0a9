// The exact engine's kernels: compiled with -fmad=false.

#include <algorithm>

#include "render.cuh"

namespace nbhybrid::cuda {

namespace {

__global__ void set_places(float* const* places, const float* given, std::int64_t count) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < count) *places[i] = given[i];
}

}  // namespace

cudaError_t launch_set(float* const* places, const float* given, std::int64_t count, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((count + threads_of_block - 1) / threads_of_block);
    set_places<<<blocks, threads_of_block, 0, stream>>>(places, given, count);
    return cudaGetLastError();
}

LaunchSize launch_size(std::int64_t places, int images, std::int64_t orientations, int processors) {
    // More would leave too few blocks to a multiprocessor.
    constexpr std::int64_t most_shared_entries = 512;
    const std::int64_t needed = (places + threads_of_block - 1) / threads_of_block;
    const std::int64_t resident = std::int64_t{processors} * blocks_of_processor;
    // Several rounds, so that no multiprocessor waits long for the last.
    constexpr std::int64_t rounds = 4;
    LaunchSize size{};
    size.blocks = std::max<std::int64_t>(1, std::min(needed, (resident * rounds + images - 1) / images));
    size.shared_entries = orientations <= most_shared_entries ? static_cast<std::size_t>(orientations) : 0;
    return size;
}

cudaError_t launch_exact(const kernel::DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch_decide<false>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
