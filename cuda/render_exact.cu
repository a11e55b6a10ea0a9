// The exact engine's kernels: compiled with -fmad=false.

#include <algorithm>

#include "render.cuh"

namespace nbhybrid::cuda {

__global__ void set_places(const PlacedValue* given, std::int64_t count) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < count) *given[i].place = given[i].value;
}

cudaError_t launch_set(const PlacedValue* given, std::int64_t count, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((count + threads_of_block - 1) / threads_of_block);
    if (blocks > 0) set_places<<<blocks, threads_of_block, 0, stream>>>(given, count);
    return cudaGetLastError();
}

__global__ void tell_count(const kernel::DeviceCount* count, kernel::DeviceCount* told) { *told = *count; }

cudaError_t launch_tell(const kernel::DeviceCount* count, kernel::DeviceCount* told, cudaStream_t stream) {
    tell_count<<<1, 1, 0, stream>>>(count, told);
    return cudaGetLastError();
}

LaunchSize launch_size(std::int64_t places, int images, std::int64_t orientations, int processors) {
    // More would leave too few blocks to a multiprocessor.
    constexpr std::int64_t most_shared_entries = 512;
    // Of which each lane of a warp has two.
    constexpr std::int64_t enough_to_share = 64;
    const auto resident = [processors](Share share) {
        return std::int64_t{processors} * blocks_of_processor(share) * threads_of_block;
    };
    LaunchSize size{};
    // Several images have pixels enough.
    if (images > 1) size.share = Share::pairs;
    else if (places < resident(Share::singles)) size.share = orientations >= enough_to_share ? Share::warps : Share::singles;
    else size.share = places >= 4 * resident(Share::pairs) ? Share::pairs : Share::singles;
    const std::int64_t of_block = size.share == Share::warps   ? threads_of_block / warp_size
                                  : size.share == Share::pairs ? 2 * threads_of_block
                                                               : threads_of_block;
    // Several rounds, so that no multiprocessor waits long for the last.
    constexpr std::int64_t rounds = 4;
    const std::int64_t most = (std::int64_t{processors} * blocks_of_processor(Share::singles) * rounds + images - 1) / images;
    size.blocks = std::max<std::int64_t>(1, std::min((places + of_block - 1) / of_block, most));
    size.shared_entries = orientations <= most_shared_entries ? static_cast<std::size_t>(orientations) : 0;
    return size;
}

cudaError_t launch_exact(const kernel::DeviceLaunch& launch, CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch_decide<kernel::Arithmetic::exact>(launch, shape, size, stream);
}

}  // namespace nbhybrid::cuda
