#pragma once
// Scattering vector s = (diffracted - incident) / wavelength, 1/m; |s| = 2 sin(theta) / wavelength = 1/d.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> scattering_vector(const Vec3T<T>& diffracted, const Vec3T<T>& incident, const T& wavelength) {
    return (diffracted - incident) / wavelength;
}

// Whether the spacing d = 1/|s| is finer than the limit `dmin` (m; 0 or less: no limit). The forward direction never is.
template <class T>
NBHYBRID_HOST_DEVICE inline bool finer_than(const T& dmin, const Vec3T<T>& scattering) {
    if (!(dmin > T(0))) return false;
    const T sin_theta_over_lambda = T(0.5) * norm(scattering);
    return sin_theta_over_lambda > T(0) && dmin > T(0.5) / sin_theta_over_lambda;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
