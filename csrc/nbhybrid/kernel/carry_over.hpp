#pragma once
// Finds, before anything is rendered, where the state that the reference carries from step to step changes. After that every
// pixel can be rendered on its own.

#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// What is the same for all lattices: the uses of the polarization axis, and the pixel of the first sweep. Plans that are made of
// this one know it, too. Throws Interrupted.
void resolve_shared_carry_over(Plan& plan, StopSign& stop);

// Completes the plan. Throws Interrupted.
void resolve_carry_over(Plan& plan, int threads, StopSign& stop, const Watch& watch);

}  // namespace nbhybrid::kernel
