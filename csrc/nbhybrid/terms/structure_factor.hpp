#pragma once
// The unit cell's amplitude at a fractional index: the nearest entry of a table, or a tricubic polynomial through 4 x 4 x 4
// entries.
//
// Slope: none of the nearest entry, which is a step function; of the polynomial that of Lagrange's cubics.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/crystal_form.hpp"
#include "nbhybrid/terms/miller_pairs.hpp"

namespace nbhybrid::terms {
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

// --- By lanes.

// Where in a table the entry of an index stands; -1 outside. Each index is compared as a distance from the middle of its range.
class TablePlaces {
public:
    NBHYBRID_HOST_DEVICE explicit TablePlaces(const AmplitudeGrid& g)
        : middle_{middle(g.h_min, g.h_max), middle(g.k_min, g.k_max), middle(g.l_min, g.l_max)},
          half_{g.h_max - middle_.x, g.k_max - middle_.y, g.l_max - middle_.z},
          stride_h_(static_cast<double>(g.stride_h)),
          stride_k_(static_cast<double>(g.stride_k)),
          place_of_middle_((middle_.x - g.h_min) * stride_h_ + (middle_.y - g.k_min) * stride_k_ + (middle_.z - g.l_min)) {}

    NBHYBRID_HOST_DEVICE int operator()(const Vec3& nearest) const {
        const double h = nearest.x - middle_.x, k = nearest.y - middle_.y, l = nearest.z - middle_.z;
        const bool inside = (__builtin_fabs(h) <= half_.x) & (__builtin_fabs(k) <= half_.y) & (__builtin_fabs(l) <= half_.z);
        const double place = (h * stride_h_ + place_of_middle_) + (k * stride_k_ + l);
        return static_cast<int>(inside ? place : -1.0);
    }

private:
    NBHYBRID_HOST_DEVICE static double middle(int lowest, int highest) { return 0.5 * (static_cast<double>(lowest) + highest); }

    Vec3 middle_, half_;
    double stride_h_, stride_k_, place_of_middle_;
};

// The places of the nearest entries.
template <int width>
NBHYBRID_HOST_DEVICE inline void find_places(const AmplitudeGrid& grid, StepLanes<width>& step, int begin, int end) {
    const TablePlaces place(grid);
    for (int i = begin; i < end; ++i) step.place[i] = place(physics::nearest(step.index[i]));
}

// The amplitudes of the entries, squared. Which of the groups of eight lanes have one that is not 0: bit g for lanes 8 g ... 8 g
// + 7.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline unsigned read_places(const AmplitudeGrid& grid, StepLanes<width>& step, int begin, int end,
                                                 [[maybe_unused]] Trace trace = {}) {
    const double* const values = grid.values;
    const double* const elsewhere = &grid.default_amplitude;
    constexpr int lanes = width < lanes_of_a_group ? width : lanes_of_a_group;
    unsigned present = 0;
    for (int group = begin; group < end; group += lanes_of_a_group) {
        std::uint64_t bits = 0;
        for (int i = group; i < group + lanes; ++i) {
            const double amplitude = *(step.place[i] >= 0 ? values + step.place[i] : elsewhere), square = amplitude * amplitude;
            std::uint64_t its_bits = 0;
            std::memcpy(&its_bits, &square, sizeof square);
            step.prefactor[i] = square;
            NBHYBRID_TRACED(trace.amplitude(amplitude));
            bits |= its_bits;
        }
        if (bits != 0) present |= 1U << static_cast<unsigned>(group / lanes_of_a_group);
    }
    return present;
}

// The same for the squares that a device has in place of amplitudes.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline unsigned read_squares(const AmplitudeGrid& grid, StepLanes<width>& step, int begin, int end,
                                                  [[maybe_unused]] Trace trace = {}) {
    unsigned present = 0;
    for (int i = begin; i < end; ++i) {
        const float square = step.place[i] >= 0 ? grid.squares[step.place[i]] : default_square(grid);
        step.prefactor[i] = static_cast<double>(square);
        NBHYBRID_TRACED(trace.square_of_amplitude(step.prefactor[i]));
        if (square != 0.0F) present |= 1U << static_cast<unsigned>(i / lanes_of_a_group);
    }
    return present;
}

// --- Without double: the squares of the table's amplitudes, or ones.
template <bool are_squares>
class FloatAmplitudes {
public:
    NBHYBRID_HOST_DEVICE explicit FloatAmplitudes(const AmplitudeGrid& grid)
        : grid_(grid),
          has_table_(terms::has_table(grid)),
          elsewhere_(numerics::float_of(static_cast<double>(default_square(grid)))) {}

    NBHYBRID_HOST_DEVICE bool has_table() const { return has_table_; }

    // The indices must be rounded well.
    NBHYBRID_HOST_DEVICE float operator()(const PairIndices& i) const {
        const AmplitudeGrid& g = grid_;
        const int h = numerics::integer_of(i.h.whole), k = numerics::integer_of(i.k.whole), l = numerics::integer_of(i.l.whole);
        const bool inside = (h >= g.h_min) & (h <= g.h_max) & (k >= g.k_min) & (k <= g.k_max) & (l >= g.l_min) & (l <= g.l_max);
        return inside ? square_at(offset_in(g, h, k, l)) : elsewhere_;
    }

private:
    NBHYBRID_HOST_DEVICE float square_at(std::size_t place) const {
        if constexpr (are_squares) return grid_.squares[place];
        else return static_cast<float>(grid_.values[place] * grid_.values[place]);
    }

    const AmplitudeGrid& grid_;
    bool has_table_;
    float elsewhere_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
