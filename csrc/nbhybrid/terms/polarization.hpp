#pragma once
// Polarization factor of Kahn et al., J. Appl. Cryst. 15 (1982) 330: (1 + cos^2(2theta) - K cos(2psi) sin^2(2theta)) / 2.
// K = 0: unpolarized beam; K = 1: fully polarized along `axis`. With |K| > 1 the factor may be negative.
//
// psi is the azimuth of the diffracted ray about the incident one, from the E-vector, which is the part of `axis` perpendicular to
// the incident ray. With the ray's components along E and B, cos(2 psi) sin^2(2 theta) = E^2 - B^2.
//
// Slope, for a change of the diffracted direction d: cos(2theta) incident - K (E e - B b), times the change.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// The directions that psi is measured from, for an incident ray.
template <class T>
struct PolarizationAxesT {
    Vec3T<T> e, b;
};
template <class T>
NBHYBRID_HOST_DEVICE inline PolarizationAxesT<T> polarization_axes(const Vec3T<T>& axis, const Vec3T<T>& incident) {
    const Vec3T<T> b = normalized(cross(axis, incident));
    return {normalized(cross(incident, b)), b};
}

// By the C library's functions. All three directions are unit vectors.
template <class T>
NBHYBRID_HOST_DEVICE inline T polarization_factor(const T& kahn, const Vec3T<T>& incident, const Vec3T<T>& diffracted,
                                                  const Vec3T<T>& axis) {
    using std::atan2;
    using std::cos;
    const T cos_2theta = dot(incident, diffracted);
    const T cos_2theta_squared = cos_2theta * cos_2theta;
    const T sin_2theta_squared = T(1) - cos_2theta_squared;
    if (kahn == T(0)) return T(0.5) * (T(1) + cos_2theta_squared);
    const PolarizationAxesT<T> along = polarization_axes(axis, incident);
    const T psi = -atan2(dot(diffracted, along.b), dot(diffracted, along.e));
    return T(0.5) * (T(1) + cos_2theta_squared - kahn * cos(T(2) * psi) * sin_2theta_squared);
}

// How the factor changes with what it is a function of, as a form in the frame's vectors.
struct PolarizationSlope {
    Vec3 diffracted, incident, e, b;
    double kahn;
};

// Without angles, for many rays of one source. `error` is absolute, of this factor and the other one together: "A pixel" in
// docs/exactness.md.
struct PolarizationFrame {
    // E and B do not matter if the Kahn factor is 0.
    NBHYBRID_HOST_DEVICE PolarizationFrame(double kahn, const Vec3& towards, const Vec3& axis)
        : kahn_factor(kahn), incident(towards), e{}, b{}, error(20 * numerics::rounding) {
        if (kahn == 0.0) return;
        const PolarizationAxesT<double> axes = polarization_axes(axis, incident);
        e = axes.e, b = axes.b;
        const double skew = __builtin_fabs(dot(b, incident)) + __builtin_fabs(dot(e, incident)) + __builtin_fabs(dot(e, b)) +
                            __builtin_fabs(dot(e, e) - 1.0) + __builtin_fabs(dot(b, b) - 1.0) +
                            __builtin_fabs(dot(incident, incident) - 1.0);
        error += __builtin_fabs(kahn) * (4 * skew + 60 * numerics::rounding);
    }

    NBHYBRID_HOST_DEVICE double factor(const Vec3& diffracted) const {
        const double along = dot(incident, diffracted);
        if (kahn_factor == 0.0) return 0.5 + 0.5 * along * along;
        const double its_e = dot(diffracted, e), its_b = dot(diffracted, b);
        return 0.5 * (1.0 + along * along - kahn_factor * (its_e * its_e - its_b * its_b));
    }

    NBHYBRID_HOST_DEVICE PolarizationSlope slope(const Vec3& diffracted) const {
        const double along = dot(incident, diffracted), its_e = dot(diffracted, e), its_b = dot(diffracted, b);
        const double of_e = kahn_factor * its_e, of_b = kahn_factor * its_b;
        return {along * incident - of_e * e + of_b * b, along * diffracted, -of_e * diffracted, of_b * diffracted,
                -0.5 * (its_e * its_e - its_b * its_b)};
    }

    double kahn_factor;
    Vec3 incident, e, b;
    double error;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
