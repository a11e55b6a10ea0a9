#pragma once
// Why an image is empty. Called when it is known to be.

#include <string>

#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::checks {

// Why no pixel can hold anything, not even a background. Empty if no reason is known.
std::string why_dark(const Experiment& experiment);

// Why no pixel can hold any diffraction. Empty if it can, as far as is known. Looks at the whole table of amplitudes.
std::string why_no_diffraction(const Experiment& experiment);

// Either of them.
std::string why_blank(const Experiment& experiment);

}  // namespace nbhybrid::checks
