#pragma once
// Interference of the unit cells of a crystal of N_a x N_b x N_c cells: F_latt, one function a crystal shape. Arguments: the
// fractional index, the offset from the nearest integer index, and the numbers of cells (as floating-point numbers, each >= 1).

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {

enum class CrystalShape { square, round, gauss, tophat };

inline namespace NBHYBRID_ISA {

// Sum of N phase factors, sin(N x)/sin(x) at x = pi h: the parallelepiped's factor along one axis. Exactly N at x = 0; at any
// other integer h the quotient of two rounding errors, close to +-N.
template <class T>
NBHYBRID_HOST_DEVICE inline T grating(const T& x, const T& n) {
    using std::sin;
    return x == T(0) ? n : sin(x * n) / sin(x);
}

// One axis of a parallelepiped; an axis of a single cell does not interfere.
template <class T>
NBHYBRID_HOST_DEVICE inline T square_axis_factor(const T& index, const T& n_cells) {
    return n_cells > T(1) ? grating(T(pi) * index, n_cells) : T(1);
}

// Fourier transform of a sphere, 1 at the centre. Loses about 1/x^2 of the relative accuracy near the centre.
template <class T>
NBHYBRID_HOST_DEVICE inline T sphere_transform(const T& x) {
    using std::cos;
    using std::sin;
    if (x == T(0)) return T(1);
    return T(3) * (sin(x) / x - cos(x)) / (x * x);
}

// |offset|^2 measured in cells of the crystal: for the ellipsoid.
template <class T>
NBHYBRID_HOST_DEVICE inline T offset_in_cells_squared(const Vec3T<T>& d, const Vec3T<T>& n) {
    return d.x * d.x * n.x * n.x + d.y * d.y * n.y * n.y + d.z * d.z * n.z * n.z;
}

// What the spots of gauss and tophat crystals are measured in: the offset (dh, dk, dl) of an index is dh a + dk b + dl c long,
// times each of the factors.
template <class T>
struct SpotMetric {
    Vec3T<T> a, b, c, factors;
};

// In cells of the crystal, as an ellipsoid's: dh N_a, dk N_b and dl N_c at right angles.
template <class T>
NBHYBRID_HOST_DEVICE inline SpotMetric<T> metric_in_cells(const Vec3T<T>& n) {
    return {{n.x, T(0), T(0)}, {T(0), n.y, T(0)}, {T(0), T(0), n.z}, {T(1), T(1), T(1)}};
}

// The reference's: a length in reciprocal space (1/Angstrom, of the unrotated crystal), times N_a N_b N_c.
template <class T>
NBHYBRID_HOST_DEVICE inline SpotMetric<T> metric_in_reciprocal_space(const Vec3T<T>& a_star, const Vec3T<T>& b_star,
                                                                     const Vec3T<T>& c_star, const Vec3T<T>& n) {
    return {a_star, b_star, c_star, n};
}

// |offset|^2 in such a metric. One without factors may have ones in their place.
template <class T>
NBHYBRID_HOST_DEVICE inline T offset_squared(const Vec3T<T>& d, const SpotMetric<T>& m) {
    const T x = d.x * m.a.x + d.y * m.b.x + d.z * m.c.x;
    const T y = d.x * m.a.y + d.y * m.b.y + d.z * m.c.y;
    const T z = d.x * m.a.z + d.y * m.b.z + d.z * m.c.z;
    const Vec3T<T>& n = m.factors;
    return (x * x + y * y + z * z) * n.x * n.x * n.y * n.y * n.z * n.z;
}

// Ellipsoid; the constant gives it the peak of a parallelepiped of the same number of cells.
template <class T>
NBHYBRID_HOST_DEVICE inline T round_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    using std::sqrt;
    return n.x * n.y * n.z * T(0.723601254558268) * sphere_transform(T(pi) * sqrt(offset_squared * fudge));
}

// Gaussian spots of about the square crystal's volume and width.
template <class T>
NBHYBRID_HOST_DEVICE inline T gauss_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    using std::exp;
    return n.x * n.y * n.z * exp(-(offset_squared / T(0.63) * fudge));
}

// Flat spots: the full factor within a radius, nothing outside.
template <class T>
NBHYBRID_HOST_DEVICE inline T tophat_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    return n.x * n.y * n.z * (offset_squared * fudge < T(0.3969) ? T(1) : T(0));
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
