#include "callers_memory.hpp"

#include "cuda_device.hpp"
#include "memory.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::cuda {

namespace {

cudaStream_t stream_of(std::uintptr_t stream) { return reinterpret_cast<cudaStream_t>(stream); }

}  // namespace

int device_of(std::uintptr_t address) {
    cudaPointerAttributes attributes{};
    const cudaError_t status = cudaPointerGetAttributes(&attributes, reinterpret_cast<const void*>(address));
    // Says why there are no devices, if that is so.
    if (status != cudaSuccess) device_names();
    check(status, "asking whose memory it is");
    if (attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged) return attributes.device;
    throw DeviceError(format("cuda: the address %#llx is in the memory of no device", static_cast<unsigned long long>(address)));
}

std::size_t free_bytes(int device) {
    const CurrentDevice current(device);
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for the memory that is free");
    return free;
}

void copy_to_host(int device, std::uintptr_t from, void* to, std::size_t bytes, std::uintptr_t stream) {
    const CurrentDevice current(device);
    check(cudaMemcpyAsync(to, reinterpret_cast<const void*>(from), bytes, cudaMemcpyDeviceToHost, stream_of(stream)),
          "copying an array to the host");
    check(cudaStreamSynchronize(stream_of(stream)), "copying an array to the host");
}

void order_after(int device, std::uintptr_t stream, std::uintptr_t other) {
    const CurrentDevice current(device);
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "an event");
    cudaError_t status = cudaEventRecord(event, stream_of(other));
    if (status == cudaSuccess) status = cudaStreamWaitEvent(stream_of(stream), event, 0);
    // It goes when it has happened.
    cudaEventDestroy(event);
    check(status, "putting two streams in order");
}

void wait_for(int device, std::uintptr_t stream) {
    const CurrentDevice current(device);
    check(cudaStreamSynchronize(stream_of(stream)), "waiting for a stream");
}

void wait_for_all(int device) {
    const CurrentDevice current(device);
    check(cudaDeviceSynchronize(), "waiting for the device");
}

}  // namespace nbhybrid::cuda
