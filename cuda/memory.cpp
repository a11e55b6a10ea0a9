#include "memory.hpp"

#include <exception>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::cuda {

namespace {

constexpr double gib = 1024.0 * 1024 * 1024;

}  // namespace

void check(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    // A failed launch would otherwise be reported again by the next call.
    cudaGetLastError();
    throw DeviceError(std::string("cuda: ") + what + ": " + cudaGetErrorString(status));
}

CurrentDevice::CurrentDevice(int index) {
    check(cudaGetDevice(&before_), "the current device");
    if (before_ != index) check(cudaSetDevice(index), "choosing the device");
}

CurrentDevice::~CurrentDevice() { cudaSetDevice(before_); }

void Memory::reserve(std::size_t bytes) {
    if (bytes <= bytes_) return;
    if (pointer_ != nullptr) check(cudaDeviceSynchronize(), "waiting for the device");
    release();
    const cudaError_t status = allocate(bytes);
    if (status == cudaSuccess) {
        bytes_ = bytes;
        return;
    }
    release();
    cudaGetLastError();
    if (status != cudaErrorMemoryAllocation) check(status, what_.c_str());
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw DeviceError(
        format("cuda: %s needs %.3g GiB, and the device has %.3g of %.3g GiB free: free some of it, choose a smaller "
               "image, table or part of the detector, or device cpu",
               what_.c_str(), static_cast<double>(bytes) / gib, static_cast<double>(free) / gib, static_cast<double>(total) / gib));
}

cudaError_t Memory::allocate(std::size_t bytes) {
    if (where_ == Where::device) return cudaMalloc(&pointer_, bytes);
    if (where_ == Where::pinned_host) return cudaHostAlloc(&pointer_, bytes, cudaHostAllocDefault);
    const cudaError_t status = cudaHostAlloc(&pointer_, bytes, cudaHostAllocMapped);
    return status == cudaSuccess ? cudaHostGetDevicePointer(&seen_by_kernels_, pointer_, 0) : status;
}

void Memory::release() noexcept {
    if (pointer_ == nullptr) return;
    if (where_ == Where::device) cudaFree(pointer_);
    else cudaFreeHost(pointer_);
    pointer_ = nullptr;
    bytes_ = 0;
}

Stream::Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream"); }

Stream::~Stream() { cudaStreamDestroy(stream_); }

Event::~Event() {
    if (event_ != nullptr) cudaEventDestroy(event_);
}

void Event::record(cudaStream_t stream) {
    if (event_ == nullptr) check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "an event");
    check(cudaEventRecord(event_, stream), "recording an event");
}

void Event::wait() const {
    if (event_ != nullptr) check(cudaEventSynchronize(event_), "waiting for the device");
}

void Event::wait_in(cudaStream_t stream) const {
    if (event_ != nullptr) check(cudaStreamWaitEvent(stream, event_, 0), "waiting for another stream");
}

WaitIfThrown::WaitIfThrown(cudaStream_t stream) : stream_(stream), thrown_before_(std::uncaught_exceptions()) {}

WaitIfThrown::~WaitIfThrown() {
    if (std::uncaught_exceptions() > thrown_before_ && cudaStreamSynchronize(stream_) != cudaSuccess) cudaGetLastError();
}

}  // namespace nbhybrid::cuda
