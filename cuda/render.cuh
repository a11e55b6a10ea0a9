#pragma once
// The kernel that decides pixels: a template over the crystal's shape and the engine. It hands out pixels and collects results;
// what is computed stands in csrc/nbhybrid/kernel/device_pixel.hpp.

#include <type_traits>

#include "launch.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/device_place.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "warp_sweep.cuh"

namespace nbhybrid::cuda {

using kernel::Arithmetic;
using kernel::DeviceLaunch;
using physics::CrystalShape;

// Registers for a few hundred threads on each multiprocessor, which hide each other's latency. A pixel takes 154 to 168 of them,
// two take 230, which leaves room for fewer threads with independent work of their own; for three there are none. Without double
// they are 130 and 168. What a sphere takes more would be a detour through memory.
constexpr int threads_of_block = 128;
constexpr int blocks_of_processor(Share share, Arithmetic arithmetic = Arithmetic::exact, bool several = false,
                                  CrystalShape shape = CrystalShape::square) {
    const bool is_exact_sphere = arithmetic == Arithmetic::exact && shape == CrystalShape::round;
    if (share == Share::singles) return is_exact_sphere ? 2 : 3;
    return arithmetic == Arithmetic::floats && !several ? 3 : 2;
}

__device__ inline AllOrientations<Axes> orientations_of(const OrientationStage& o, const Axes*) {
    const bool is_plain = o.later_sweep_table == nullptr && o.domains == nullptr && o.n_domains == 1;
    return {is_plain ? o.later_sweep : o.later_sweep_table, static_cast<std::int64_t>(o.n_phi) * o.n_domains};
}
__device__ inline AllOrientations<PairAxes> orientations_of(const OrientationStage& o, const PairAxes*) {
    return {o.later_pairs, static_cast<std::int64_t>(o.n_phi) * o.n_domains};
}

// Copies the orientations to memory that the block shares, if they fit.
template <class Entry>
__device__ inline AllOrientations<Entry> stage_orientations(const OrientationStage& o, std::int64_t shared_entries) {
    static_assert(sizeof(Entry) == sizeof(Axes), "the launch counts in these");
    extern __shared__ double shared_axes[];
    AllOrientations<Entry> given = orientations_of(o, static_cast<const Entry*>(nullptr));
    if (given.table == nullptr || given.all > shared_entries) return given;
    constexpr std::int64_t parts = sizeof(Entry) / sizeof(double);
    const auto* const from = reinterpret_cast<const double*>(given.table);
    for (std::int64_t i = threadIdx.x; i < given.all * parts; i += blockDim.x) shared_axes[i] = from[i];
    __syncthreads();
    given.table = reinterpret_cast<const Entry*>(shared_axes);
    return given;
}

// In a fixed order: the same sum in every run.
__device__ inline void add_up_block(double value, double* result) {
    __shared__ double sums[threads_of_block];
    sums[threadIdx.x] = value;
    for (int half = threads_of_block / 2; half > 0; half /= 2) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < half) sums[threadIdx.x] += sums[threadIdx.x + static_cast<unsigned>(half)];
    }
    if (threadIdx.x == 0) *result = sums[0];
}

// The image of this block. That of several is copied to memory which the block shares, since every step reads its numbers; a single
// one's come with the launch.
template <bool several>
__device__ inline const kernel::DeviceImageJob& image_of_block(const DeviceLaunch& launch) {
    if constexpr (several) {
        using kernel::DeviceImageJob;
        static_assert(sizeof(DeviceImageJob) % sizeof(double) == 0);
        constexpr unsigned words = sizeof(DeviceImageJob) / sizeof(double);
        __shared__ double shared_job[words];
        const auto* const from = reinterpret_cast<const double*>(launch.jobs + blockIdx.y);
        for (unsigned i = threadIdx.x; i < words; i += blockDim.x) shared_job[i] = from[i];
        __syncthreads();
        return *reinterpret_cast<const DeviceImageJob*>(shared_job);
    } else {
        return launch.only;
    }
}

template <CrystalShape shape, Arithmetic arithmetic, Share share, bool several>
__global__ void __launch_bounds__(threads_of_block, blocks_of_processor(share, arithmetic, several, shape))
    decide_pixels(const __grid_constant__ DeviceLaunch launch, std::int64_t shared_entries) {
    using Entry = std::conditional_t<arithmetic == Arithmetic::floats, PairAxes, Axes>;
    using Sweep = std::conditional_t<share == Share::warps, SharedPixelSweep<Entry>, WarpSweep<Entry>>;
    constexpr int pixels = share == Share::pairs ? 2 : 1;
    constexpr int of_warp = share == Share::warps ? 1 : warp_size * pixels, of_lane = share == Share::warps ? 0 : pixels;
    const kernel::DeviceImageJob& job = image_of_block<several>(launch);
    const Sweep sweep(stage_orientations<Entry>(job.plan.orientation, shared_entries));
    const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
    constexpr int warps_of_block = threads_of_block / warp_size;
    const int warps = static_cast<int>(gridDim.x) * warps_of_block, mine = static_cast<int>(blockIdx.x) * warps_of_block + warp;
    double solid_angles = 0;
    // All lanes of a warp leave the loop together. A launch has few enough places for small numbers, which take fewer registers.
    for (int first = mine * of_warp; first < launch.work.count; first += warps * of_warp) {
        kernel::Place places[pixels];
        kernel::Lanes<int, pixels> fast;
        bool counts = false;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            places[i] = kernel::place_of(job, launch.work, launch.work.first + first + lane * of_lane + i);
            fast[i] = places[i].fast;
            counts |= places[i].counts;
        }
        if (!__any_sync(all_lanes, counts)) continue;
        const kernel::DecidedPixels<pixels> decided =
            kernel::decide_pixels<arithmetic, shape, pixels>(job.plan, job.bounds, sweep, places[0].slow, fast);
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            if (!places[i].counts || (share == Share::warps && lane != 0)) continue;
            const kernel::DecidedPixel& pixel = decided.of[i];
            solid_angles += pixel.solid_angles;
            job.values[places[i].where] = pixel.value;
            if constexpr (arithmetic == Arithmetic::exact)
                if (!pixel.is_decided)
                    kernel::list_undecided(launch.output, atomicAdd(launch.output.n_undecided, kernel::DeviceCount{1}),
                                           job.first_number + places[i].where);
        }
    }
    if (launch.output.solid_angles != nullptr)
        add_up_block(solid_angles, launch.output.solid_angles + static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x);
}

template <Arithmetic arithmetic, Share share, bool several = false>
cudaError_t launch_shared(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return terms::with_shape(shape, [&](auto chosen) {
        constexpr CrystalShape its_shape = decltype(chosen)::value;
        if constexpr (arithmetic == Arithmetic::floats && !terms::Shape<its_shape>::has_pair_version) {
            return cudaErrorNotSupported;
        } else {
            const dim3 blocks(static_cast<unsigned>(size.blocks), several ? static_cast<unsigned>(launch.images) : 1U);
            decide_pixels<its_shape, arithmetic, share, several>
                <<<blocks, threads_of_block, size.shared_entries * sizeof(Axes), stream>>>(
                    launch, static_cast<std::int64_t>(size.shared_entries));
            return cudaGetLastError();
        }
    });
}

template <Arithmetic arithmetic>
cudaError_t launch_decide(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    if (launch.images > 1) return launch_shared<arithmetic, Share::pairs, true>(launch, shape, size, stream);
    // The pixels of a list are no neighbours.
    const bool is_list = launch.work.list != nullptr;
    if (size.share == Share::warps) return launch_shared<arithmetic, Share::warps>(launch, shape, size, stream);
    if (size.share == Share::pairs && !is_list) return launch_shared<arithmetic, Share::pairs>(launch, shape, size, stream);
    return launch_shared<arithmetic, Share::singles>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
