#pragma once
// Solid angle of a pixel seen from the sample, steradian.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// Area over squared path times obliquity (close_distance / path); exact for pixels much smaller than the path.
template <class T>
NBHYBRID_HOST_DEVICE inline T solid_angle(const T& pixel_size, const T& path, const T& close_distance) {
    return pixel_size * pixel_size / path / path * close_distance / path;
}

// Inverse square law alone: a pixel without area and obliquity (1/m^2).
template <class T>
NBHYBRID_HOST_DEVICE inline T point_solid_angle(const T& path) {
    return T(1) / path / path;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
