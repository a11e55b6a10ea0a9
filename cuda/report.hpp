#pragma once
// What the kernels of a call tell the host: which pixels they left undecided, and sums of solid angles.

#include <cuda_runtime_api.h>

#include "memory.hpp"
#include "nbhybrid/kernel/device_launch.hpp"

namespace nbhybrid::cuda {

// The kernels write into memory of the host that they share with it: a fixed number of pixels, the sums, and after the last kernel
// the count, so that nothing is copied. The host reads it when it has waited for an event behind that, and not before: only the end
// of a kernel makes sure that all of its writes have arrived. The count itself is kept in the device's memory, where threads add to
// it. What finds no room is counted: then the kernels run once more, with room for all their pixels in the device's memory.
class Report {
public:
    // NBHYBRID_UNDECIDED_ROOM says how many pixels the list holds, for tests.
    Report();

    // Of a call with so many sums of solid angles. Nobody reads or writes the report of the call before any more.
    void open(std::size_t sums, cudaStream_t stream);
    // For the launches, whose sums begin at one of them.
    kernel::DeviceOutput output(std::size_t first_sum) const;
    void close(cudaStream_t stream);

    // After close(), and an event behind it.
    kernel::DeviceCount count() const { return *told_.as<kernel::DeviceCount>(); }
    bool is_complete() const { return count() <= room_; }
    const PixelIndex* undecided() const { return list_in(told_.as<unsigned char>()); }
    const double* solid_angles() const { return sums_.as<double>(); }

    // The second way: output for launches of at most so many pixels, whatever they leave. Once there has been one, the list is the
    // device's memory, to be copied.
    kernel::DeviceOutput reopen(std::size_t pixels, cudaStream_t stream);
    const PixelIndex* undecided_on_device() const { return spare_.as<PixelIndex>(); }

private:
    // Behind the count.
    static PixelIndex* list_in(unsigned char* told) { return reinterpret_cast<PixelIndex*>(told + head_bytes); }

    static constexpr std::size_t head_bytes = 256;
    kernel::DeviceCount room_;
    bool wants_sums_ = false;
    Memory count_{Memory::Where::device, "the count of undecided pixels"};
    Memory told_{Memory::Where::shared_host, "the host's memory for undecided pixels"};
    Memory sums_{Memory::Where::shared_host, "the host's memory for solid angles"};
    Memory spare_{Memory::Where::device, "the list of undecided pixels"};
};

}  // namespace nbhybrid::cuda
