#pragma once
// Polarization factor of Kahn et al., J. Appl. Cryst. 15 (1982) 330: (1 + cos^2(2theta) - K cos(2psi) sin^2(2theta)) / 2.
// K = 0: unpolarized beam; K = 1: fully polarized along `axis`. With |K| > 1 the factor may be negative.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// All three directions are unit vectors. psi is the azimuth of the diffracted ray about the incident one, from the E-vector,
// which is the part of `axis` perpendicular to the incident ray.
template <class T>
NBHYBRID_HOST_DEVICE inline T polarization_factor(const T& kahn, const Vec3T<T>& incident, const Vec3T<T>& diffracted,
                                                  const Vec3T<T>& axis) {
    using std::atan2;
    using std::cos;
    const T cos_2theta = dot(incident, diffracted);
    const T cos_2theta_squared = cos_2theta * cos_2theta;
    const T sin_2theta_squared = T(1) - cos_2theta_squared;
    if (kahn == T(0)) return T(0.5) * (T(1) + cos_2theta_squared);
    const Vec3T<T> b_direction = normalized(cross(axis, incident));
    const Vec3T<T> e_direction = normalized(cross(incident, b_direction));
    const T psi = -atan2(dot(diffracted, b_direction), dot(diffracted, e_direction));
    return T(0.5) * (T(1) + cos_2theta_squared - kahn * cos(T(2) * psi) * sin_2theta_squared);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
