#pragma once
// CUDA's resources with owners, and its failures as errors that say what to do.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>

namespace nbhybrid::cuda {

// Throws DeviceError for anything but success.
void check(cudaError_t status, const char* what);

// Makes a device the thread's current one, and afterwards the one that was.
class CurrentDevice {
public:
    explicit CurrentDevice(int index);
    ~CurrentDevice();
    CurrentDevice(const CurrentDevice&) = delete;
    CurrentDevice& operator=(const CurrentDevice&) = delete;

private:
    int before_ = 0;
};

// Memory that grows when more is asked for, and is kept for the next time. What it held is lost when it grows, after all that
// its device has to do; whoever destroys it has waited.
class Memory {
public:
    // Of the device; of the host, where copies begin that nobody waits for; or of the host, and kernels read and write it, too.
    enum class Where { device, pinned_host, shared_host };
    // `what` it is for, in messages.
    Memory(Where where, std::string what) : where_(where), what_(std::move(what)) {}
    ~Memory() { release(); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    void reserve(std::size_t bytes);
    std::size_t bytes() const { return bytes_; }
    template <class T>
    T* as() const {
        return static_cast<T*>(pointer_);
    }
    // The same memory, as kernels see it.
    template <class T>
    T* as_seen_by_kernels() const {
        return static_cast<T*>(where_ == Where::shared_host ? seen_by_kernels_ : pointer_);
    }

private:
    cudaError_t allocate(std::size_t bytes);
    void release() noexcept;

    Where where_;
    std::string what_;
    void* pointer_ = nullptr;
    void* seen_by_kernels_ = nullptr;
    std::size_t bytes_ = 0;
};

class Stream {
public:
    Stream();
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    cudaStream_t get() const { return stream_; }

private:
    cudaStream_t stream_ = nullptr;
};

// A point in a stream's work.
class Event {
public:
    Event() = default;
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void record(cudaStream_t stream);
    // Until the work before it is done; not at all if there has been none. For the host, and for what is given to a stream later.
    void wait() const;
    void wait_in(cudaStream_t stream) const;

private:
    cudaEvent_t event_ = nullptr;
};

// An error leaves a scope only when the stream has nothing more to do: memory that its work uses may be gone soon after.
class WaitIfThrown {
public:
    explicit WaitIfThrown(cudaStream_t stream);
    ~WaitIfThrown();
    WaitIfThrown(const WaitIfThrown&) = delete;
    WaitIfThrown& operator=(const WaitIfThrown&) = delete;

private:
    cudaStream_t stream_;
    int thrown_before_;
};

}  // namespace nbhybrid::cuda
