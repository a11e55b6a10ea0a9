#pragma once
// The unit cell's amplitude at a fractional index: the nearest entry of a table, or a tricubic polynomial through 4 x 4 x 4
// entries.

#include <cmath>
#include <cstddef>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::physics {
// A flat view of a table of amplitudes; `values` may be null (no table).
struct AmplitudeGrid {
    const double* values = nullptr;
    std::size_t stride_h = 0, stride_k = 0;
    int h_min = 0, h_max = -1;
    int k_min = 0, k_max = -1;
    int l_min = 0, l_max = -1;
    double default_amplitude = 0.0;
    // For the `fast` engine on a device, in place of the values: their squares, in units of a power of two.
    const float* squares = nullptr;
    double square_unit = 1.0;
};

inline namespace NBHYBRID_ISA {

NBHYBRID_HOST_DEVICE inline bool has_table(const AmplitudeGrid& grid) { return grid.values != nullptr || grid.squares != nullptr; }

// What squares of amplitudes are counted in: without a table, the square of the only amplitude.
NBHYBRID_HOST_DEVICE inline double unit_of_squares(const AmplitudeGrid& grid) {
    if (grid.values != nullptr) return 1.0;
    return grid.squares != nullptr ? grid.square_unit : grid.default_amplitude * grid.default_amplitude;
}

// The square of the amplitudes outside the table.
NBHYBRID_HOST_DEVICE inline float default_square(const AmplitudeGrid& grid) {
    return static_cast<float>(grid.default_amplitude * grid.default_amplitude / grid.square_unit);
}

NBHYBRID_HOST_DEVICE inline std::size_t offset_in(const AmplitudeGrid& grid, int h, int k, int l) {
    return static_cast<std::size_t>(h - grid.h_min) * grid.stride_h + static_cast<std::size_t>(k - grid.k_min) * grid.stride_k +
           static_cast<std::size_t>(l - grid.l_min);
}

NBHYBRID_HOST_DEVICE inline double nearest_amplitude(const AmplitudeGrid& grid, int h, int k, int l) {
    const bool inside = grid.values != nullptr && h <= grid.h_max && h >= grid.h_min && k <= grid.k_max && k >= grid.k_min &&
                        l <= grid.l_max && l >= grid.l_min;
    return inside ? grid.values[offset_in(grid, h, k, l)] : grid.default_amplitude;
}

// Whether one index is too close to (or beyond) an end of its range for the four-point polynomial. It asks for one entry more
// than the polynomial uses on either side.
NBHYBRID_HOST_DEVICE inline bool leaves_range(double index, int min, int max) {
    const int count = max - min + 1;
    return (index - min + 3 > count) || (index - 2 < min);
}

NBHYBRID_HOST_DEVICE inline bool leaves_table(const AmplitudeGrid& grid, const Vec3& hkl) {
    return leaves_range(hkl.x, grid.h_min, grid.h_max) || leaves_range(hkl.y, grid.k_min, grid.k_max) ||
           leaves_range(hkl.z, grid.l_min, grid.l_max);
}

// Lagrange's cubic through (first + i, y[i]), i = 0..3, at x.
NBHYBRID_HOST_DEVICE inline double cubic_through_four(double first, const double* y, double x) {
    const double x0 = first, x1 = first + 1, x2 = first + 2, x3 = first + 3;
    const double d0 = x - x0, d1 = x - x1, d2 = x - x2, d3 = x - x3;
    const double term0 = d1 * d2 * d3 * y[0] / ((x0 - x1) * (x0 - x2) * (x0 - x3));
    const double term1 = d0 * d2 * d3 * y[1] / ((x1 - x0) * (x1 - x2) * (x1 - x3));
    const double term2 = d0 * d1 * d3 * y[2] / ((x2 - x0) * (x2 - x1) * (x2 - x3));
    const double term3 = d0 * d1 * d2 * y[3] / ((x3 - x0) * (x3 - x1) * (x3 - x2));
    return term0 + term1 + term2 + term3;
}

// Tricubic: along l, then k, then h, through the entries around floor(index). The caller has asked leaves_table() first.
NBHYBRID_HOST_DEVICE inline double tricubic_amplitude(const AmplitudeGrid& grid, const Vec3& hkl) {
    using std::floor;
    const int h0 = static_cast<int>(floor(hkl.x)) - 1;
    const int k0 = static_cast<int>(floor(hkl.y)) - 1;
    const int l0 = static_cast<int>(floor(hkl.z)) - 1;
    double along_h[4];
    for (int i = 0; i < 4; ++i) {
        double along_k[4];
        for (int j = 0; j < 4; ++j) along_k[j] = cubic_through_four(l0, grid.values + offset_in(grid, h0 + i, k0 + j, l0), hkl.z);
        along_h[i] = cubic_through_four(k0, along_k, hkl.y);
    }
    return cubic_through_four(h0, along_h, hkl.x);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
