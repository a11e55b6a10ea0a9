#pragma once
// A plan with what the reference carries along from pixel to pixel.

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::run {

// Completes the plan, on as many of these threads as its steps are worth, and says where carried state changes the image.
void complete_plan(Plan& plan, int threads, Warnings& warnings);

// Of all its pixels, in all layers of the sensor.
double steps_of(const Plan& plan);

}  // namespace nbhybrid::run
