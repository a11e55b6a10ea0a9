#pragma once
// What the host gives to a device: the only way from its memory into a device's, so that nothing is changed or freed under a copy.

#include <cuda_runtime_api.h>

#include <string>
#include <vector>

#include "memory.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"

namespace nbhybrid::cuda {

// A copy is given to a stream and happens later; from where memory is not pinned, nothing says when it has been read. So small
// pieces are put into pinned memory of this object first, which is written again only when they have been copied; for large ones
// the host waits. Either way what was given may change or go as soon as send() returns.
class Upload {
public:
    // `what` is sent, in messages.
    explicit Upload(const std::string& what)
        : what_("copying " + what), staged_(Memory::Where::pinned_host, "the host's memory for " + what) {}

    void send(void* to, const void* from, std::size_t bytes, cudaStream_t stream) { send(to, {{from, bytes, 0}}, stream); }
    // Each to its offset, of rising ones. Small pieces that follow each other are one copy.
    void send(void* base, const std::vector<kernel::FlatPlans::Piece>& pieces, cudaStream_t stream);

private:
    std::string what_;
    Memory staged_;
    Event copied_;
};

}  // namespace nbhybrid::cuda
