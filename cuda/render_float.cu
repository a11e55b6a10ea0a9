// The fast engine's kernels for devices where double is slow: compiled with -fmad=false, since the lower parts of pairs are what
// the upper ones have lost by rounding.

#include "render.cuh"

namespace nbhybrid::cuda {

cudaError_t launch_float(const kernel::DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch_decide<kernel::Arithmetic::floats>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
