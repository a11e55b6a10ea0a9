#include "nbhybrid/random/random_rotation.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid {

RandomTurn random_turn(SharedDeviates& deviates, StreamState& state) {
    const double azimuth = 2.0 * deviates.uniform(state) - 1.0;
    const double height = 2.0 * deviates.uniform(state) - 1.0;
    const double depth = 2.0 * deviates.uniform(state) - 1.0;
    const double radius = std::sqrt(1.0 - height * height);
    const float share = powf(static_cast<float>(1.0 - depth * depth), static_cast<float>(1.0 / 3.0));
    return {{radius * std::sin(pi * azimuth), radius * std::cos(pi * azimuth), height}, share};
}

Mat3 random_rotation(float cap, SharedDeviates& deviates, StreamState& state) {
    const RandomTurn turn = random_turn(deviates, state);
    return rotation_matrix<double>(turn.axis, cap * turn.share);
}

Mat3 uniform_rotation(SharedDeviates& deviates, StreamState& state) {
    const double split = deviates.uniform(state);
    const double first = 2 * pi * deviates.uniform(state);
    const double second = 2 * pi * deviates.uniform(state);
    // A unit quaternion w + (x, y, z).
    const double x = std::sqrt(1 - split) * std::sin(first), y = std::sqrt(1 - split) * std::cos(first);
    const double z = std::sqrt(split) * std::sin(second), w = std::sqrt(split) * std::cos(second);
    return {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
            {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
            {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
}

}  // namespace nbhybrid
