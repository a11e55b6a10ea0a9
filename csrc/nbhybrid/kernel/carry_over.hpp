#pragma once
// Finds, before anything is rendered, where the state that the reference carries from step to step changes. After that every
// pixel can be rendered on its own.

#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Completes the plan. Throws Interrupted.
void resolve_carry_over(Plan& plan, int threads, StopSign& stop, const Watch& watch);

}  // namespace nbhybrid::kernel
