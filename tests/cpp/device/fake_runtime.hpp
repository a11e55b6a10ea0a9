#pragma once
// A runtime of CUDA that is as slow as CUDA may be, and that looks for what goes wrong there by chance.
//
// Whatever is given to a stream happens when somebody waits for it, and not before: a copy reads its source then. New memory holds
// nonsense, memory that was freed does again and is never used twice. Reported to the test that runs (check.hpp) are
//   - work that touches memory which another stream has used, without being ordered after that;
//   - memory that is freed while work with it is to be done, and work with memory that is gone;
//   - memory of the host that is changed before work has read it;
//   - addresses of the device in the place of those of the host.

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nbhybrid::test::fake {

struct Touch {
    const void* address;
    bool writes;
};

// Work of a stream, with the device's or pinned memory that it uses; such a kernel is given to a stream by its launch function.
cudaError_t give(cudaStream_t stream, std::vector<Touch> touches, std::function<void()> work);

// The work, and before it a look whether memory of the host is still what it is now.
std::function<void()> unchanged(const void* memory, std::size_t bytes, std::function<void()> work);

// How often the program has called what costs time, by name; begin_count() begins anew. A kernel is "launch".
void begin_count();
int count(const std::string& call);

// Copies to or from memory of the host that is not pinned, and that have not happened: their memory belongs to the caller, who may
// do with it what he likes.
int pending_with_callers_memory();
// All that has not happened.
int pending();
// Does all of it.
void settle();
// As settle(), and the memory that is still there is reported.
void end();

// Whether the kernels compute; else they touch memory and do nothing.
extern bool computes;
// 0, or one pixel of so many is left undecided, with nonsense as its value.
extern int one_in;
// 0, or this launch from now on fails.
extern int fails_at;

// A caller's memory on the device, and a stream of his.
float* device_floats(std::size_t count);
std::vector<float> floats_of(const float* address, std::size_t count);
std::uintptr_t new_stream();

}  // namespace nbhybrid::test::fake
