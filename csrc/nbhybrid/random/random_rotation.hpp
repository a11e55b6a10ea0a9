#pragma once

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid {

// A rotation about a random axis by an angle of at most `cap` (radians; float32 as in the reference), three deviates of the
// stream. The distribution of angles is that of a spherical cap as the reference makes it: cap (1 - r^2)^(1/3), r uniform on [-1,
// 1].
Mat3 random_rotation(float cap, SharedDeviates& deviates, StreamState& state);

// Uniform over all rotations, three deviates of the stream. K. Shoemake in Graphics Gems III (1992) 124.
Mat3 uniform_rotation(SharedDeviates& deviates, StreamState& state);

}  // namespace nbhybrid
