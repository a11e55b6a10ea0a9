#pragma once
// An image that shows nothing.

#include <cstdint>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

// Whether all pixels are 0. Stops at the first that is not.
bool is_dark(const float* image, std::int64_t pixels);

// Warns about an image, slow x fast pixels, that is 0 everywhere, or where the background alone can be in it; with the reason where
// it is known.
void warn_if_blank(const float* image, const Experiment& experiment, Warnings& warnings);

// The same of the panels of a detector: only if there is nothing on any of them, and with the reason of the first.
void warn_if_all_blank(const std::vector<const float*>& images, const Simulator& simulator, Warnings& warnings);

}  // namespace nbhybrid::run
