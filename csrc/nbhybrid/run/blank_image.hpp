#pragma once
// An image that shows nothing.

#include <cstdint>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::run {

// Whether all pixels are 0. Stops at the first that is not.
bool is_dark(const float* image, std::int64_t pixels);

// Warns about an image, slow x fast pixels, that is 0 everywhere, or where the background alone can be in it; with the reason where
// it is known.
void warn_if_blank(const float* image, const Experiment& experiment, Warnings& warnings);

}  // namespace nbhybrid::run
