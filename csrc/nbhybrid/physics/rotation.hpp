#pragma once
// Rotations of a vector (right-handed, radians).

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// About the x, then the y, then the z axis; a rotation by exactly 0 is left out. The products with 0 about y stay: they decide
// the sign of a zero component.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> rotate_xyz(Vec3T<T> v, const Vec3T<T>& angles) {
    using std::cos;
    using std::sin;
    if (angles.x != T(0)) {
        const T c = cos(angles.x), s = sin(angles.x);
        v = {v.x, v.y * c + v.z * -s, v.y * s + v.z * c};
    }
    if (angles.y != T(0)) {
        const T c = cos(angles.y), s = sin(angles.y);
        v = {v.x * c + v.y * T(0) + v.z * s, v.y, v.x * -s + v.y * T(0) + v.z * c};
    }
    if (angles.z != T(0)) {
        const T c = cos(angles.z), s = sin(angles.z);
        v = {v.x * c + v.y * -s, v.x * s + v.y * c, v.z};
    }
    return v;
}

// About a unit vector (Rodrigues' formula).
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> rotate_about(const Vec3T<T>& v, const Vec3T<T>& axis, const T& angle) {
    using std::cos;
    using std::sin;
    const T s = sin(angle);
    const T c = cos(angle);
    const T along = (axis.x * v.x + axis.y * v.y + axis.z * v.z) * (T(1) - c);
    return {axis.x * along + v.x * c + (-axis.z * v.y + axis.y * v.z) * s,
            axis.y * along + v.y * c + (axis.z * v.x - axis.x * v.z) * s,
            axis.z * along + v.z * c + (-axis.y * v.x + axis.x * v.y) * s};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
