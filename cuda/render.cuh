#pragma once
// The kernel that decides pixels: a template over the crystal's shape and the engine. It hands out pixels and collects results;
// what is computed stands in csrc/nbhybrid/kernel/device_pixel.hpp.

#include "launch.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/dispatch.hpp"
#include "warp_sweep.cuh"

namespace nbhybrid::cuda {

using kernel::CrystalShape;
using kernel::DeviceLaunch;

// Registers for a few hundred threads on each multiprocessor, which hide each other's latency.
constexpr int threads_of_block = 128, blocks_of_processor = 3;

// A pixel of a launch. Places outside the region have the nearest pixel inside, so that all lanes of a warp have one.
struct Place {
    int slow, fast;
    bool counts;         // is a pixel of the launch that a device may decide
    std::int64_t where;  // its value goes
};

__device__ inline Place place_of(const kernel::DeviceImageJob& job, const kernel::DeviceWork& work, std::int64_t number) {
    const std::int64_t fast_pixels = job.plan.detector.fast_pixels;
    Place place{};
    if (work.list != nullptr) {
        const bool inside = number < work.first + work.count;
        const PixelIndex pixel = work.list[inside ? number : work.first];
        place.slow = static_cast<int>(pixel / fast_pixels), place.fast = static_cast<int>(pixel % fast_pixels);
        place.counts = inside, place.where = number;
    } else {
        const Region& r = job.plan.detector.region;
        const int width = r.fast_last - r.fast_first + 1, tiles = (width + kernel::tile_fast - 1) / kernel::tile_fast;
        const std::int64_t tile = number / kernel::tile_pixels;
        const int in_tile = static_cast<int>(number % kernel::tile_pixels);
        const int fast = static_cast<int>(tile % tiles) * kernel::tile_fast + in_tile % kernel::tile_fast + r.fast_first;
        const std::int64_t slow = tile / tiles * kernel::tile_slow + in_tile / kernel::tile_fast + r.slow_first;
        place.fast = fast < r.fast_last ? fast : r.fast_last;
        place.slow = slow < r.slow_last ? static_cast<int>(slow) : r.slow_last;
        place.counts = number < work.first + work.count && fast <= r.fast_last && slow <= r.slow_last;
        place.where = kernel::pixel_index(job.plan, place.slow, place.fast);
    }
    const PixelIndex pixel = kernel::pixel_index(job.plan, place.slow, place.fast);
    if (kernel::is_masked(job.plan.detector, pixel) || kernel::is_left_to_scalar(job.plan, pixel)) place.counts = false;
    return place;
}

// Copies the orientations to memory that the block shares, if they fit.
__device__ inline WarpSweep stage_orientations(const OrientationStage& o, std::int64_t shared_entries) {
    extern __shared__ double shared_axes[];
    WarpSweep sweep{o.later_sweep_table, static_cast<std::int64_t>(o.n_phi) * o.n_domains};
    if (sweep.table == nullptr && o.domains == nullptr && o.n_domains == 1) sweep.table = o.later_sweep;
    if (sweep.table == nullptr || sweep.all > shared_entries) return sweep;
    constexpr std::int64_t components = sizeof(Axes) / sizeof(double);
    const auto* const from = reinterpret_cast<const double*>(sweep.table);
    for (std::int64_t i = threadIdx.x; i < sweep.all * components; i += blockDim.x) shared_axes[i] = from[i];
    __syncthreads();
    sweep.table = reinterpret_cast<const Axes*>(shared_axes);
    return sweep;
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

template <CrystalShape shape, bool in_float, bool several>
__global__ void __launch_bounds__(threads_of_block, blocks_of_processor)
    decide_pixels(const __grid_constant__ DeviceLaunch launch, std::int64_t shared_entries) {
    const kernel::DeviceImageJob& job = image_of_block<several>(launch);
    const WarpSweep sweep = stage_orientations(job.plan.orientation, shared_entries);
    const std::int64_t threads = static_cast<std::int64_t>(gridDim.x) * threads_of_block;
    const std::int64_t mine = static_cast<std::int64_t>(blockIdx.x) * threads_of_block + threadIdx.x;
    // All lanes of a warp leave the loop together.
    const std::int64_t warp = mine - mine % warp_size, end = launch.work.first + launch.work.count;
    double solid_angles = 0;
    for (std::int64_t first = launch.work.first + warp; first < end; first += threads) {
        const Place place = place_of(job, launch.work, first + mine % warp_size);
        if (!__any_sync(all_lanes, place.counts)) continue;
        const kernel::DecidedPixel pixel =
            kernel::decide_pixel<shape, in_float>(job.plan, job.bounds, sweep, place.slow, place.fast);
        if (!place.counts) continue;
        solid_angles += pixel.solid_angles;
        job.values[place.where] = pixel.value;
        if constexpr (!in_float)
            if (!pixel.is_decided)
                launch.output.undecided[atomicAdd(launch.output.n_undecided, 1U)] = job.first_number + place.where;
    }
    if (launch.output.solid_angles != nullptr)
        add_up_block(solid_angles, launch.output.solid_angles + static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x);
}

template <bool in_float, bool several>
cudaError_t launch_decide(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    const dim3 blocks(static_cast<unsigned>(size.blocks), several ? static_cast<unsigned>(launch.images) : 1U);
    return kernel::with_shape(shape, [&](auto chosen) {
        decide_pixels<decltype(chosen)::value, in_float, several>
            <<<blocks, threads_of_block, size.shared_entries * sizeof(Axes), stream>>>(
                launch, static_cast<std::int64_t>(size.shared_entries));
        return cudaGetLastError();
    });
}

template <bool in_float>
cudaError_t launch_decide(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch.images > 1 ? launch_decide<in_float, true>(launch, shape, size, stream)
                             : launch_decide<in_float, false>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
