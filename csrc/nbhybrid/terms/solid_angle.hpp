#pragma once
// Solid angle of a pixel seen from the sample, steradian: area over squared path times obliquity (close_distance / path); exact for
// pixels much smaller than the path. Of a point pixel the inverse square law alone, without area and obliquity (1/m^2).
//
// Slope: -3 / path of the first, -2 / path of the second, relative, for a change of the path.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

template <class T>
NBHYBRID_HOST_DEVICE inline T solid_angle(const T& pixel_size, const T& path, const T& close_distance) {
    return pixel_size * pixel_size / path / path * close_distance / path;
}

template <class T>
NBHYBRID_HOST_DEVICE inline T point_solid_angle(const T& path) {
    return T(1) / path / path;
}

struct SolidAngleSlope {
    double value, path, pixel_size, close_distance;
};

NBHYBRID_HOST_DEVICE inline SolidAngleSlope solid_angle_with_slope(bool is_point, double pixel_size, double path,
                                                                   double close_distance) {
    if (is_point) {
        const double value = 1.0 / (path * path);
        return {value, -2.0 * value / path, 0.0, 0.0};
    }
    const double by_close_distance = pixel_size * pixel_size / (path * path * path), value = by_close_distance * close_distance;
    return {value, -3.0 * value / path, 2.0 * value / pixel_size, by_close_distance};
}

// Either with one division; a few roundings from the others.
NBHYBRID_HOST_DEVICE inline double quick_solid_angle(bool is_point, double pixel_size, double path, double close_distance) {
    const double square = path * path;
    return is_point ? 1.0 / square : pixel_size * pixel_size * close_distance / (square * path);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
