// The fast engine's traces: products and sums may be joined.

#include "trace.cuh"

namespace nbhybrid::cuda {

cudaError_t launch_trace_fast(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace<kernel::Arithmetic::mixed>(trace, shape, stream);
}

}  // namespace nbhybrid::cuda
