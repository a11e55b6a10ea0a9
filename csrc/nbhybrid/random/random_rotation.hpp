#pragma once

#include <cmath>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid {

// What three deviates of the stream make a random rotation of: an axis, and a share of the largest angle. The distribution of
// angles is that of a spherical cap as the reference makes it: (1 - r^2)^(1/3), r uniform on [-1, 1]; float32 as there.
struct RandomTurn {
    Vec3 axis;
    float share;
};

RandomTurn random_turn(SharedDeviates& deviates, StreamState& state);

// Rotation by `angle` (radians) about the unit vector `v`, with the reference's order of products.
template <class T>
Mat3T<T> rotation_matrix(const Vec3T<T>& v, const T& angle) {
    using std::cos;
    using std::sin;
    const T c = cos(angle);
    const T s = sin(angle);
    const T rest = T(1.0) - c;
    const T rest_x = rest * v.x;
    const T xy = rest_x * v.y, xz = rest_x * v.z, yz = rest * v.y * v.z;
    const T sx = s * v.x, sy = s * v.y, sz = s * v.z;
    return {{c + rest * (v.x * v.x), xy - sz, xz + sy},
            {xy + sz, c + rest * (v.y * v.y), yz - sx},
            {xz - sy, yz + sx, c + rest * (v.z * v.z)}};
}

// By an angle of at most `cap` (radians).
Mat3 random_rotation(float cap, SharedDeviates& deviates, StreamState& state);

// Uniform over all rotations, three deviates of the stream. K. Shoemake in Graphics Gems III (1992) 124.
Mat3 uniform_rotation(SharedDeviates& deviates, StreamState& state);

}  // namespace nbhybrid
