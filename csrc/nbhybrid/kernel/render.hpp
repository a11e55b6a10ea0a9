#pragma once
// What of a request the processor renders, plan by plan: see render_request.hpp for how to ask.

#include <vector>

#include "nbhybrid/kernel/render_request.hpp"

namespace nbhybrid::kernel {

// Pixels that go through the loops together.
inline constexpr int block_width = 64;

// The region of an image, pixels that are not masked; the others are left as they are. `traced` are records with slow and fast set,
// which are filled in for those inside the region and not masked. The plan must be complete. Throws Interrupted.
RenderTotals render_region(const Plan& plan, float* image, std::vector<PixelRecord>& traced, bool with_steps, int threads,
                           StopSign& stop, const Watch& watch, const Way& way);

// values[i] for pixels[i]; those outside the region or masked are 0. All must lie in the image. Throws Interrupted.
void render_list(const Plan& plan, const std::vector<PixelAddress>& pixels, float* values, int threads, StopSign& stop,
                 const Watch& watch, const Way& way);

// Whether the pixel lies in the region and is not masked.
bool is_rendered(const PlanView& plan, int slow, int fast);

// Renders one pixel into its record.
void trace_pixel(const Plan& plan, PixelRecord& record, bool steps);

}  // namespace nbhybrid::kernel
