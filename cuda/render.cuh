#pragma once
// The kernel that decides pixels: a template over the crystal's shape and the engine. It hands out pixels and collects results;
// what is computed stands in csrc/nbhybrid/kernel/device_pixel.hpp.

#include <type_traits>

#include "launch.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/dispatch.hpp"
#include "warp_sweep.cuh"

namespace nbhybrid::cuda {

using kernel::CrystalShape;
using kernel::DeviceLaunch;

// Registers for a few hundred threads on each multiprocessor, which hide each other's latency. A pixel takes 154 to 168 of them,
// two take 230, which leaves room for fewer threads with independent work of their own; for three there are none.
constexpr int threads_of_block = 128;
constexpr int blocks_of_processor(Share share) { return share == Share::singles ? 3 : 2; }

// A pixel of a launch. Places outside the region have the nearest pixel inside, so that all lanes of a warp have one.
struct Place {
    int slow, fast;
    bool counts;         // is a pixel of the launch that a device may decide
    std::int64_t where;  // its value goes
};

__device__ inline Place place_of(const DeviceLaunch& launch, std::int64_t number) {
    const kernel::DeviceWork& work = launch.work;
    const std::int64_t fast_pixels = launch.plan.detector.fast_pixels;
    Place place{};
    if (work.list != nullptr) {
        const bool inside = number < work.first + work.count;
        const PixelIndex pixel = work.list[inside ? number : work.first];
        place.slow = static_cast<int>(pixel / fast_pixels), place.fast = static_cast<int>(pixel % fast_pixels);
        place.counts = inside, place.where = number;
    } else {
        const Region& r = work.region;
        const int width = r.fast_last - r.fast_first + 1, tiles = (width + kernel::tile_fast - 1) / kernel::tile_fast;
        const std::int64_t tile = number / kernel::tile_pixels;
        const int in_tile = static_cast<int>(number % kernel::tile_pixels);
        const int fast = static_cast<int>(tile % tiles) * kernel::tile_fast + in_tile % kernel::tile_fast + r.fast_first;
        const std::int64_t slow = tile / tiles * kernel::tile_slow + in_tile / kernel::tile_fast + r.slow_first;
        place.fast = fast < r.fast_last ? fast : r.fast_last;
        place.slow = slow < r.slow_last ? static_cast<int>(slow) : r.slow_last;
        place.counts = number < work.first + work.count && fast <= r.fast_last && slow <= r.slow_last;
        place.where = kernel::pixel_index(launch.plan, place.slow, place.fast);
    }
    const PixelIndex pixel = kernel::pixel_index(launch.plan, place.slow, place.fast);
    if (kernel::is_masked(launch.plan.detector, pixel) || kernel::is_left_to_scalar(launch.plan, pixel)) place.counts = false;
    return place;
}

// Copies the orientations to memory that the block shares, if they fit.
__device__ inline AllOrientations stage_orientations(const OrientationStage& o, std::int64_t shared_entries) {
    extern __shared__ double shared_axes[];
    AllOrientations sweep{o.later_sweep_table, static_cast<std::int64_t>(o.n_phi) * o.n_domains};
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

template <CrystalShape shape, bool in_float, Share share>
__global__ void __launch_bounds__(threads_of_block, blocks_of_processor(share))
    decide_pixels(const __grid_constant__ DeviceLaunch launch, std::int64_t shared_entries) {
    using Sweep = std::conditional_t<share == Share::warps, SharedPixelSweep, WarpSweep>;
    constexpr int pixels = share == Share::pairs ? 2 : 1;
    constexpr int of_warp = share == Share::warps ? 1 : warp_size * pixels, of_lane = share == Share::warps ? 0 : pixels;
    const Sweep sweep(stage_orientations(launch.plan.orientation, shared_entries));
    const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
    constexpr int warps_of_block = threads_of_block / warp_size;
    const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * warps_of_block;
    const std::int64_t mine = static_cast<std::int64_t>(blockIdx.x) * warps_of_block + warp;
    // All lanes of a warp leave the loop together.
    const std::int64_t end = launch.work.first + launch.work.count;
    double solid_angles = 0;
    for (std::int64_t first = launch.work.first + mine * of_warp; first < end; first += warps * of_warp) {
        Place places[pixels];
        kernel::Lanes<int, pixels> fast;
        bool counts = false;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            places[i] = place_of(launch, first + lane * of_lane + i);
            fast[i] = places[i].fast;
            counts |= places[i].counts;
        }
        if (!__any_sync(all_lanes, counts)) continue;
        const kernel::DecidedPixels<pixels> decided =
            kernel::decide_pixels<shape, in_float, pixels>(launch.plan, launch.bounds, sweep, places[0].slow, fast);
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            if (!places[i].counts || (share == Share::warps && lane != 0)) continue;
            const kernel::DecidedPixel& pixel = decided.of[i];
            solid_angles += pixel.solid_angles;
            launch.output.values[places[i].where] = pixel.value;
            if constexpr (!in_float)
                if (!pixel.is_decided) launch.output.undecided[atomicAdd(launch.output.n_undecided, 1U)] = places[i].where;
        }
    }
    if (launch.output.solid_angles != nullptr) add_up_block(solid_angles, launch.output.solid_angles + blockIdx.x);
}

template <bool in_float, Share share>
cudaError_t launch_shared(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return kernel::with_shape(shape, [&](auto chosen) {
        decide_pixels<decltype(chosen)::value, in_float, share>
            <<<static_cast<unsigned>(size.blocks), threads_of_block, size.shared_entries * sizeof(Axes), stream>>>(
                launch, static_cast<std::int64_t>(size.shared_entries));
        return cudaGetLastError();
    });
}

template <bool in_float>
cudaError_t launch_decide(const DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    // The pixels of a list are no neighbours.
    const bool is_list = launch.work.list != nullptr;
    if (size.share == Share::warps) return launch_shared<in_float, Share::warps>(launch, shape, size, stream);
    if (size.share == Share::pairs && !is_list) return launch_shared<in_float, Share::pairs>(launch, shape, size, stream);
    return launch_shared<in_float, Share::singles>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
