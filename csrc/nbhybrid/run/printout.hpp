#pragma once
// The lines of -printout: what the last step of a pixel was made of.

#include <string>

#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::run {

// The pixels asked for in this row. The traced kernel renders each of them once more.
std::string printout_text(const Plan& plan, const Experiment& experiment, const options::OutputOptions& options, int slow);

}  // namespace nbhybrid::run
