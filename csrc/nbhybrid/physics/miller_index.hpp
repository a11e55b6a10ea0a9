#pragma once
// Fractional Miller indices and the reflection they are nearest to.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// h = a . s, k = b . s, l = c . s with a, b, c in m and s in 1/m.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> miller_index(const Vec3T<T>& a, const Vec3T<T>& b, const Vec3T<T>& c,
                                                  const Vec3T<T>& scattering) {
    return {dot(a, scattering), dot(b, scattering), dot(c, scattering)};
}

// Halves round down. Valid while the index fits an int.
NBHYBRID_HOST_DEVICE inline int nearest_index(double index) {
    using std::ceil;
    return static_cast<int>(ceil(index - 0.5));
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
