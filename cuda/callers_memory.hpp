#pragma once
// Memory and streams that belong to the caller. A stream is one of this device, or 1 or 2, CUDA's default ones.

#include <cstddef>
#include <cstdint>

namespace nbhybrid::cuda {

// The number of the device in whose memory an address lies. Throws DeviceError if it is in none.
int device_of(std::uintptr_t address);

// The memory of a device that nobody has.
std::size_t free_bytes(int device);

// Copies to the host, after what the stream has to do, and waits for it.
void copy_to_host(int device, std::uintptr_t from, void* to, std::size_t bytes, std::uintptr_t stream);

// Lets a stream begin nothing new before another has done what it has to do now. Nobody waits.
void order_after(int device, std::uintptr_t stream, std::uintptr_t other);

// Waits until a stream has nothing to do, or the whole device.
void wait_for(int device, std::uintptr_t stream);
void wait_for_all(int device);

}  // namespace nbhybrid::cuda
