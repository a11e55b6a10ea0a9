// The fast engine's kernels: products and sums may be joined.

#include "render.cuh"

namespace nbhybrid::cuda {

cudaError_t launch_fast(const kernel::DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch_decide<kernel::Arithmetic::mixed>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
