// The fast engine's traces where double is slow: compiled with -fmad=false.

#include "trace.cuh"

namespace nbhybrid::cuda {

cudaError_t launch_trace_float(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace<kernel::Arithmetic::floats>(trace, shape, stream);
}

}  // namespace nbhybrid::cuda
