#pragma once
// How far an index is from the nearest reflection, squared: what the spots of ellipsoids, gauss and tophat crystals depend on.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/terms/miller_pairs.hpp"

namespace nbhybrid::terms {

inline namespace NBHYBRID_ISA {

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

NBHYBRID_HOST_DEVICE inline double product_of(const Vec3& v) { return v.x * v.y * v.z; }

// How far along h, k and l a spot reaches whose |offset|^2 is at most `square`: an index of the offset is its product with a
// vector of the basis that is dual to that of the metric.
inline Vec3 support_radius(double square, const SpotMetric<double>& m) {
    const double radius = 1.001 * __builtin_sqrt(square > 0.0 ? square : 0.0) / product_of(m.factors);
    const double cell = __builtin_fabs(dot(m.a, cross(m.b, m.c)));
    return {radius * norm(cross(m.b, m.c)) / cell, radius * norm(cross(m.c, m.a)) / cell, radius * norm(cross(m.a, m.b)) / cell};
}

// |offset|^2, times the square of a factor, in pairs of float32. The three vectors of the metric are turned so that half of their
// components are 0.
struct PairMetric {
    numerics::FloatPair a_x, b_x, c_x, b_y, c_y, c_z;

    NBHYBRID_HOST_DEVICE PairMetric(const SpotMetric<double>& m, double factor) {
        const double scale = factor * product_of(m.factors), a = norm(m.a);
        const Vec3 first = (1.0 / a) * m.a;
        const double along = dot(m.b, first);
        const Vec3 rest = m.b - along * first;
        const double across = norm(rest);
        const Vec3 second = (1.0 / across) * rest, third = cross(first, second);
        a_x = numerics::pair_of(scale * a);
        b_x = numerics::pair_of(scale * along);
        b_y = numerics::pair_of(scale * across);
        c_x = numerics::pair_of(scale * dot(m.c, first));
        c_y = numerics::pair_of(scale * dot(m.c, second));
        c_z = numerics::pair_of(scale * dot(m.c, third));
    }

    NBHYBRID_HOST_DEVICE numerics::FloatPair square(const PairIndices& i) const {
        using numerics::FloatPair;
        const FloatPair h{i.h.offset, i.h.tail}, k{i.k.offset, i.k.tail}, l{i.l.offset, i.l.tail};
        const FloatPair x = (a_x * h + b_x * k) + c_x * l, y = b_y * k + c_y * l, z = c_z * l;
        return (x * x + y * y) + z * z;
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
