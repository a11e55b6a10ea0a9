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

// Memory that grows when more is asked for, and is kept for the next time. What it held is lost when it grows.
class Memory {
public:
    enum class Where { device, pinned_host };
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

private:
    void release() noexcept;

    Where where_;
    std::string what_;
    void* pointer_ = nullptr;
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

}  // namespace nbhybrid::cuda
