#pragma once
// The notes of some traced pixels as one piece of memory, for a device: the heads, then what they point to.

#include <cstddef>
#include <vector>

#include "nbhybrid/kernel/device_trace.hpp"
#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

class TraceLayout {
public:
    TraceLayout(const PlanView& plan, std::size_t pixels, bool with_steps);

    std::size_t bytes() const { return steps_at_ + pixels_ * steps_each_ * sizeof(StepRecord); }
    // The heads of memory whose first byte has this address, in whosever memory.
    std::vector<PixelNotes> heads(const PlanView& plan, const PixelIndex* pixels, void* base) const;
    // Of pixel i, from a copy of the memory after the kernel.
    PixelRecord record(const unsigned char* copy, std::size_t i) const;

private:
    std::size_t pixels_, passes_each_, steps_each_, passes_at_, steps_at_;
};

// How many pixels may be traced together: their notes take little memory, or it is one pixel.
std::size_t pixels_traced_together(const PlanView& plan, bool with_steps);

}  // namespace nbhybrid::kernel
