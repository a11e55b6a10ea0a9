#pragma once
// What heads an SMV image: as the reference has it, or, where the semantics mend its defects, so that other programs and we find in
// it what was simulated.

#include <string>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::run {

// The header of an image with this pedestal.
std::string smv_header(const Experiment& experiment, double adc_offset);

// Says where such a header cannot hold what other programs need, as far as the semantics want it to.
void warn_about_smv_header(const Experiment& experiment, Warnings& warnings);

}  // namespace nbhybrid::run
