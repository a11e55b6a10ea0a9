#pragma once
// The lines of -printout: what the last step of a pixel was made of.

#include <string>

#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::run {

// Prints the pixels of this row that were asked for; the traced kernel renders each of them again.
std::string printout_text(const Plan& plan, const Experiment& experiment, const options::OutputOptions& options, int slow);

}  // namespace nbhybrid::run
