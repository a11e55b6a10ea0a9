#pragma once
// Where a (sub-)pixel lies in the laboratory frame, metres.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// Of the edge of a pixel that is cut into so many parts.
template <class T>
NBHYBRID_HOST_DEVICE inline T subpixel_size(const T& pixel_size, int oversample) {
    return pixel_size / T(oversample);
}

// Distance of a sub-pixel's centre from the edge of the detector along one axis. `index` counts sub-pixels, not pixels.
template <class T>
NBHYBRID_HOST_DEVICE inline T subpixel_centre(const T& subpixel_size, int index) {
    return subpixel_size * T(index) + subpixel_size / T(2);
}

// Flat detector. The four terms (fast, slow and depth offsets along their axes, and the first pixel's corner) are summed in this
// order.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> flat_position(const Vec3T<T>& along_fast, const Vec3T<T>& along_slow,
                                                   const Vec3T<T>& into_sensor, const Vec3T<T>& origin) {
    return along_fast + along_slow + into_sensor + origin;
}

// Cylinder-like detector: every pixel lies at `distance`; the y and z components of the flat position, divided by the distance,
// are taken as rotation angles about the slow and the fast axis. Meant for a beam along x and axes along -y and z; elsewhere the
// result is what the formula gives.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> curved_position(const Vec3T<T>& flat, const T& distance, const Vec3T<T>& beam,
                                                     const Vec3T<T>& fast_axis, const Vec3T<T>& slow_axis) {
    const Vec3T<T> centre = distance * beam;
    return rotate_about(rotate_about(centre, slow_axis, flat.y / distance), fast_axis, flat.z / distance);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
