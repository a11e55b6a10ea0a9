#pragma once
// Fractional Miller indices and the reflection they are nearest to.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {

struct Indices {
    int h = 0, k = 0, l = 0;
};

inline namespace NBHYBRID_ISA {

// h = a . s, k = b . s, l = c . s with a, b, c in m and s in 1/m.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> miller_index(const Vec3T<T>& a, const Vec3T<T>& b, const Vec3T<T>& c,
                                                  const Vec3T<T>& scattering) {
    return {dot(a, scattering), dot(b, scattering), dot(c, scattering)};
}

// The whole number of the nearest reflection. Halves round down.
NBHYBRID_HOST_DEVICE inline double nearest(double index) { return __builtin_ceil(index - 0.5); }
NBHYBRID_HOST_DEVICE inline Vec3 nearest(const Vec3& index) { return {nearest(index.x), nearest(index.y), nearest(index.z)}; }

// The same as integers. Valid while the index fits an int.
NBHYBRID_HOST_DEVICE inline int nearest_index(double index) { return static_cast<int>(nearest(index)); }
NBHYBRID_HOST_DEVICE inline Indices nearest_indices(const Vec3& index) {
    return {nearest_index(index.x), nearest_index(index.y), nearest_index(index.z)};
}

// How far an index is from a reflection, and from the nearest.
NBHYBRID_HOST_DEVICE inline Vec3 offset_of(const Vec3& index, const Indices& reflection) {
    return {index.x - reflection.h, index.y - reflection.k, index.z - reflection.l};
}
NBHYBRID_HOST_DEVICE inline Vec3 offset_of(const Vec3& index) { return index - nearest(index); }

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
