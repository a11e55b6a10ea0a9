// Counter-based noise. Compiled with -fmad=false: the numbers are the host's.

#include "launch.hpp"
#include "nbhybrid/numerics/poisson_by_place.hpp"

namespace nbhybrid::cuda {

// No anonymous namespace: nvcc names it by the path of this file, and no two builds would be the same.
namespace of_noise {

constexpr int threads_of_block = 256;

template <class Mean>
__global__ void count_photons(const NoiseLaunch noise, const Mean* means, float* counts) {
    const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads_of_block + threadIdx.x;
    if (at >= noise.images * noise.pixels) return;
    const auto image = static_cast<std::uint32_t>(noise.first_image + static_cast<std::uint64_t>(at / noise.pixels));
    const numerics::NoisePlace place{image, noise.panel, static_cast<std::uint32_t>(at % noise.pixels)};
    counts[at] = static_cast<float>(numerics::poisson_deviate(static_cast<double>(means[at]), noise.seed, place));
}

template <class Mean>
cudaError_t launch(const NoiseLaunch& noise, const Mean* means, float* counts, cudaStream_t stream) {
    const std::int64_t blocks = (noise.images * noise.pixels + threads_of_block - 1) / threads_of_block;
    if (blocks > 0) count_photons<<<static_cast<unsigned>(blocks), threads_of_block, 0, stream>>>(noise, means, counts);
    return cudaGetLastError();
}

}  // namespace of_noise

cudaError_t launch_noise(const NoiseLaunch& noise, const void* means, bool is_double, float* counts, cudaStream_t stream) {
    if (is_double) return of_noise::launch(noise, static_cast<const double*>(means), counts, stream);
    return of_noise::launch(noise, static_cast<const float*>(means), counts, stream);
}

}  // namespace nbhybrid::cuda
