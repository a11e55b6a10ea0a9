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

// |dh a* + dk b* + dl c*|^2 N_a^2 N_b^2 N_c^2 (1/Angstrom^2), with the reciprocal vectors of the unrotated crystal: for gauss and
// tophat.
template <class T>
NBHYBRID_HOST_DEVICE inline T offset_in_reciprocal_space_squared(const Vec3T<T>& d, const Vec3T<T>& a_star, const Vec3T<T>& b_star,
                                                                 const Vec3T<T>& c_star, const Vec3T<T>& n) {
    const T x = d.x * a_star.x + d.y * b_star.x + d.z * c_star.x;
    const T y = d.x * a_star.y + d.y * b_star.y + d.z * c_star.y;
    const T z = d.x * a_star.z + d.y * b_star.z + d.z * c_star.z;
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
