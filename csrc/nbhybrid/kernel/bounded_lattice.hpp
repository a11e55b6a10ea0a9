#pragma once
// Squares of lattice factors and amplitudes for some lanes of a step, with the error of a factor where it depends on the place.

#include <cstdint>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/pixel_block.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using physics::CrystalShape;

template <int width>
struct alignas(line_bytes) StepLanes {
    VectorLanes<width> index;
    double amplitude[width];                      // squared
    double lattice[width], lattice_error[width];  // squared; the error of that
    int place[width];                             // in the table, -1 outside; then whether a lane needs care
};

NBHYBRID_HOST_DEVICE inline double nearest(double index) { return __builtin_ceil(index - 0.5); }

template <int width>
NBHYBRID_HOST_DEVICE inline void find_indices(const Axes& axes, const VectorLanes<width>& scattering, StepLanes<width>& s,
                                              int begin, int end) {
    const Axes local = axes;
    for (int i = begin; i < end; ++i) s.index.set(i, physics::miller_index(local.a, local.b, local.c, scattering[i]));
}

// The amplitudes of the entries, squared. False if all are 0.
template <int width>
NBHYBRID_HOST_DEVICE inline bool read_places(const physics::AmplitudeGrid& grid, StepLanes<width>& s, int begin, int end) {
    for (int i = begin; i < end; ++i) s.amplitude[i] = s.place[i] >= 0 ? grid.values[s.place[i]] : grid.default_amplitude;
    std::int64_t present = 0;
    for (int i = begin; i < end; ++i) {
        s.amplitude[i] *= s.amplitude[i];
        present += s.amplitude[i] != 0.0 ? 1 : 0;
    }
    return present != 0;
}

// The amplitudes of the nearest entries, squared. False if all are 0.
template <int width>
NBHYBRID_HOST_DEVICE inline bool read_table(const physics::AmplitudeGrid& grid, StepLanes<width>& s, int begin, int end) {
    const double h_min = grid.h_min, h_max = grid.h_max, k_min = grid.k_min, k_max = grid.k_max, l_min = grid.l_min,
                 l_max = grid.l_max;
    const auto stride_h = static_cast<double>(grid.stride_h), stride_k = static_cast<double>(grid.stride_k);
    for (int i = begin; i < end; ++i) {
        const double h = nearest(s.index.x[i]), k = nearest(s.index.y[i]), l = nearest(s.index.z[i]);
        const bool inside = (h >= h_min) & (h <= h_max) & (k >= k_min) & (k <= k_max) & (l >= l_min) & (l <= l_max);
        const double place = (h - h_min) * stride_h + (k - k_min) * stride_k + (l - l_min);
        s.place[i] = static_cast<int>(inside ? place : -1.0);
    }
    return read_places(grid, s, begin, end);
}

// The sine of N times the phase of an axis, and of the phase itself.
NBHYBRID_HOST_DEVICE inline void multiply_axis(double index, double n, double& above, double& below) {
    const double phase = pi * index, product = phase * n;
    above *= physics::sine_of_reduced(physics::reduced_phase(product, physics::nearest_multiple_of_pi(product)));
    below *= physics::sine_of_reduced(physics::reduced_phase(phase, nearest(index)));
}

// One axis with all its exceptions: N at an index of exactly 0, and not-a-number where a phase is too near to a multiple of pi to
// be reduced well.
NBHYBRID_HOST_DEVICE inline double careful_axis(double index, double n) {
    if (index == 0.0) return n;
    const double phase = pi * index, product = phase * n;
    const double upper = physics::nearest_multiple_of_pi(product), lower = nearest(index);
    const double above = physics::reduced_phase(product, upper), below = physics::reduced_phase(phase, lower);
    const bool is_lost = (upper != 0.0 && __builtin_fabs(above) < physics::smallest_reduced) ||
                         (lower != 0.0 && __builtin_fabs(below) < physics::smallest_reduced);
    return is_lost ? __builtin_nan("") : physics::sine_of_reduced(above) / physics::sine_of_reduced(below);
}

// An axis of a single cell needs no exception: the quotient is 1 within its error.
template <int width>
NBHYBRID_HOST_DEVICE inline void square_crystal(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end) {
    const Vec3 n = crystal.cells;
    // Where all sines are larger, no reduced phase is too small.
    constexpr double smallest_square = 4 * physics::smallest_reduced * physics::smallest_reduced;
    std::int64_t odd = 0;
    for (int i = begin; i < end; ++i) {
        double above = 1.0, below = 1.0;
        multiply_axis(s.index.x[i], n.x, above, below);
        multiply_axis(s.index.y[i], n.y, above, below);
        multiply_axis(s.index.z[i], n.z, above, below);
        const double upper = above * above, lower = below * below;
        s.lattice[i] = upper / lower;
        // So that what is not a number is odd.
        const bool is_plain = (upper > smallest_square) & (lower > smallest_square);
        s.place[i] = is_plain ? 0 : 1;
        odd += is_plain ? 0 : 1;
    }
    if (odd == 0) return;
    for (int i = begin; i < end; ++i) {
        if (s.place[i] == 0) continue;
        const double factor = careful_axis(s.index.x[i], n.x) * careful_axis(s.index.y[i], n.y) * careful_axis(s.index.z[i], n.z);
        s.lattice[i] = factor * factor;
    }
}

NBHYBRID_HOST_DEVICE inline Vec3 offset_of(const Vec3& index) {
    return {index.x - nearest(index.x), index.y - nearest(index.y), index.z - nearest(index.z)};
}

template <int width>
NBHYBRID_HOST_DEVICE inline void round_crystal(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end) {
    const Vec3 n = crystal.cells;
    // Of sine over x less cosine, ours and the library's together.
    constexpr double difference_error = physics::accurate_sine_error + physics::cosine_error + 5e-16 + 16 * physics::rounding;
    const double fudge = crystal.fudge, peak = n.x * n.y * n.z * 0.723601254558268;
    std::int64_t odd = 0;
    for (int i = begin; i < end; ++i) {
        const double x = pi * __builtin_sqrt(physics::offset_in_cells_squared(offset_of(s.index[i]), n) * fudge);
        const double r = physics::reduced_phase(x, physics::nearest_multiple_of_pi(x));
        const double scale = 3.0 * peak / (x * x);
        const double factor = scale * (physics::accurate_sine_of_reduced(r) / x - physics::cosine_of_reduced(r));
        const double error = 1.01 * scale * difference_error;
        s.lattice[i] = factor * factor;
        s.lattice_error[i] = (2 * __builtin_fabs(factor) + error) * error;
        odd += s.lattice[i] != s.lattice[i] ? 1 : 0;
    }
    if (odd == 0) return;
    for (int i = begin; i < end; ++i) {
        const Vec3 d = offset_of(s.index[i]);
        if (d.x != 0.0 || d.y != 0.0 || d.z != 0.0) continue;
        s.lattice[i] = peak * peak;
        s.lattice_error[i] = 0.0;
    }
}

template <CrystalShape shape, int width>
NBHYBRID_HOST_DEVICE inline void spot(const CrystalStage& c, StepLanes<width>& s, int begin, int end) {
    const Vec3 n = c.cells;
    const Vec3 a_star = c.a_star, b_star = c.b_star, c_star = c.c_star;
    const double fudge = c.fudge, peak = n.x * n.y * n.z, square = peak * peak;
    if constexpr (shape == CrystalShape::gauss) {
        const double scale = -2.0 * square / 0.63 * fudge;
        constexpr Vec3 one{1.0, 1.0, 1.0};
        for (int i = begin; i < end; ++i) {
            const double exponent =
                scale * physics::offset_in_reciprocal_space_squared(offset_of(s.index[i]), a_star, b_star, c_star, one);
            s.lattice[i] = square * physics::exponential(exponent < -700.0 ? -700.0 : exponent);
        }
    } else {
        for (int i = begin; i < end; ++i) {
            const double r2 = physics::offset_in_reciprocal_space_squared(offset_of(s.index[i]), a_star, b_star, c_star, n);
            s.lattice[i] = r2 * fudge < 0.3969 ? square : 0.0;
        }
    }
}

template <CrystalShape shape, int width>
NBHYBRID_HOST_DEVICE inline void square_lattice_factors(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end) {
    if constexpr (shape == CrystalShape::square) square_crystal(crystal, s, begin, end);
    else if constexpr (shape == CrystalShape::round) round_crystal(crystal, s, begin, end);
    else spot<shape>(crystal, s, begin, end);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
