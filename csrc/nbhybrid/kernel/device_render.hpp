#pragma once
// What of a request devices render, with the scalar path's help: see render_request.hpp for how to ask.

#include <vector>

#include "nbhybrid/kernel/device.hpp"

namespace nbhybrid::kernel {

// All images of the request, and their traces.
void render_on_devices(const RenderRequest& request, StopSign& stop, RenderResult& result);

// Of the only plan, which the device holds: the values of the request's list, and the records of traced pixels, of which the scalar
// path traces those that the device may not decide.
void render_list_on(Device& device, const Plan& plan, const RenderRequest& request, StopSign& stop);
void trace_on(Device& device, const Plan& plan, std::vector<PixelRecord>& records, bool with_steps);

}  // namespace nbhybrid::kernel
