#pragma once
// Traces as text: the summary's lines and the table of steps.

#include <string>
#include <vector>

#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::trace {

// One block a record, in the order given, each begun by a line "# pixel slow fast". A record without events or steps that was
// never rendered says so in a comment; so does one of a device, and what told how its pixel rounds.
//
// The reference prints its message about the end of interpolation without a newline, so that the next trace line continues it. We
// print the same: inside a block at its place, or, if interpolation ended in a pixel that is not traced, before the first line of
// the next traced pixel.
std::string summary_text(const Plan& plan, const std::vector<kernel::PixelRecord>& records);

// A line (without newline) that says how a record was made; empty for the scalar path, the usual case.
std::string origin_of(const kernel::PixelRecord& record);

// The heading of a block and a line for every step summed.
std::string steps_heading(const kernel::PixelRecord& record);
std::string step_line(const kernel::StepRecord& step);

}  // namespace nbhybrid::trace
