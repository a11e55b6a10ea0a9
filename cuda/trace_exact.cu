// The exact engine's traces: compiled with -fmad=false.

#include "trace.cuh"

namespace nbhybrid::cuda {

cudaError_t launch_trace_exact(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace<kernel::Arithmetic::exact>(trace, shape, stream);
}

}  // namespace nbhybrid::cuda
