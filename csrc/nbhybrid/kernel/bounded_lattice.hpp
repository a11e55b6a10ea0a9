#pragma once
// Squares of lattice factors and amplitudes for some lanes of a step, with the error of a factor where it depends on the place.

#include <cstdint>
#include <cstring>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/no_trace.hpp"
#include "nbhybrid/kernel/pixel_block.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using physics::CrystalShape;

// What is left out is left out by so many lanes.
inline constexpr int lanes_of_a_group = 8;

template <int width>
struct alignas(line_bytes) StepLanes {
    VectorLanes<width> index, offset, turns;
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

// A product of three scaled sines is a product of sines times this, and the smallest of which the inverse is taken.
inline constexpr double scale_of_sines = 1.0 / (physics::sine_of_scaled * physics::sine_of_scaled * physics::sine_of_scaled);
inline constexpr double smallest_product = physics::smallest_sines * scale_of_sines;

// Where in a table the entry of an index stands; -1 outside. Each index is compared as a distance from the middle of its range.
class TablePlaces {
public:
    NBHYBRID_HOST_DEVICE explicit TablePlaces(const physics::AmplitudeGrid& g)
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

// The amplitudes of the entries, squared. Which of the groups of eight lanes have one that is not 0: bit g for lanes 8 g ... 8 g
// + 7.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline unsigned read_places(const physics::AmplitudeGrid& grid, StepLanes<width>& s, int begin, int end,
                                                 [[maybe_unused]] Trace trace = {}) {
    const double* const values = grid.values;
    const double* const elsewhere = &grid.default_amplitude;
    constexpr int lanes = width < lanes_of_a_group ? width : lanes_of_a_group;
    unsigned present = 0;
    for (int group = begin; group < end; group += lanes_of_a_group) {
        std::uint64_t bits = 0;
        for (int i = group; i < group + lanes; ++i) {
            const double amplitude = *(s.place[i] >= 0 ? values + s.place[i] : elsewhere), square = amplitude * amplitude;
            std::uint64_t its_bits = 0;
            std::memcpy(&its_bits, &square, sizeof square);
            s.amplitude[i] = square;
            NBHYBRID_TRACED(trace.amplitude(amplitude));
            bits |= its_bits;
        }
        if (bits != 0) present |= 1U << static_cast<unsigned>(group / lanes_of_a_group);
    }
    return present;
}

// The places of the nearest entries.
template <int width>
NBHYBRID_HOST_DEVICE inline void find_places(const physics::AmplitudeGrid& grid, StepLanes<width>& s, int begin, int end) {
    const TablePlaces place(grid);
    for (int i = begin; i < end; ++i) s.place[i] = place({nearest(s.index.x[i]), nearest(s.index.y[i]), nearest(s.index.z[i])});
}

// By how many half turns the phases of an axis of n cells have been reduced, together: of its index to the offset from a whole
// number, and of n times the index to n times the offset less its nearest integer.
NBHYBRID_HOST_DEVICE inline double half_turns(double turns, double n, double whole) {
    return whole + (n * whole + __builtin_rint(turns));
}

// Offsets of the indices from the nearest whole numbers, and N times these offsets likewise: the phases, in half turns, of the
// sines of a parallelepiped. They differ from the reference's by roundings of its own. With a table, also the places of its
// entries.
template <bool has_table, int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_phases(const CrystalStage& crystal, const Axes& axes, const VectorLanes<width>& scattering,
                                             StepLanes<width>& s, int begin, int end, [[maybe_unused]] Trace trace = {}) {
    const Vec3 n = crystal.cells;
    const Axes local = axes;
    const TablePlaces place(crystal.amplitudes);
    for (int i = begin; i < end; ++i) {
        const Vec3 index = physics::miller_index(local.a, local.b, local.c, scattering[i]);
        // Where two whole numbers are as near, the table wants the lower one, and the sines do not mind.
        const Vec3 whole = has_table ? Vec3{nearest(index.x), nearest(index.y), nearest(index.z)}
                                     : Vec3{__builtin_rint(index.x), __builtin_rint(index.y), __builtin_rint(index.z)};
        const Vec3 offset = index - whole;
        const Vec3 turns{n.x * offset.x, n.y * offset.y, n.z * offset.z};
        s.offset.set(i, offset);
        s.turns.set(i, {turns.x - __builtin_rint(turns.x), turns.y - __builtin_rint(turns.y), turns.z - __builtin_rint(turns.z)});
        if (has_table) s.place[i] = place(whole);
        NBHYBRID_TRACED(trace.half_turns(
            {half_turns(turns.x, n.x, whole.x), half_turns(turns.y, n.y, whole.y), half_turns(turns.z, n.z, whole.z)}));
    }
}

// Products of the scaled sines of these phases.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void multiply_sines(StepLanes<width>& s, int begin, int end, [[maybe_unused]] Trace trace = {}) {
    using physics::scaled_sine;
    for (int i = begin; i < end; ++i) {
        const Vec3 above{scaled_sine(s.turns.x[i]), scaled_sine(s.turns.y[i]), scaled_sine(s.turns.z[i])};
        const Vec3 below{scaled_sine(s.offset.x[i]), scaled_sine(s.offset.y[i]), scaled_sine(s.offset.z[i])};
        s.lattice[i] = above.x * above.y * above.z;
        s.lattice_error[i] = below.x * below.y * below.z;
        NBHYBRID_TRACED(trace.sines(above.x, below.x); trace.sines(above.y, below.y); trace.sines(above.z, below.z));
    }
}

// One axis with all its exceptions: N at an index of exactly 0, and not-a-number where a phase is too near to a multiple of pi to
// be reduced well.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline double careful_axis(double index, double n, [[maybe_unused]] Trace trace = {}) {
    if (index == 0.0) {
        NBHYBRID_TRACED(trace.axis_factor(n));
        return n;
    }
    const double phase = pi * index, product = phase * n;
    const double upper = physics::nearest_multiple_of_pi(product), lower = nearest(index);
    const double above = physics::reduced_phase(product, upper), below = physics::reduced_phase(phase, lower);
    const bool is_lost = (upper != 0.0 && __builtin_fabs(above) < physics::smallest_reduced) ||
                         (lower != 0.0 && __builtin_fabs(below) < physics::smallest_reduced);
    const double sine_above = is_lost ? __builtin_nan("") : physics::sine_of_reduced(above);
    const double sine_below = physics::sine_of_reduced(below);
    NBHYBRID_TRACED(trace.sines(sine_above, sine_below, upper + lower));
    return sine_above / sine_below;
}

template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline double careful_square(const Vec3& index, const Vec3& n, [[maybe_unused]] Trace trace = {}) {
    double factor = 1.0;
    // Three copies of a path that few steps take would leave a device's thread too few registers.
#ifdef __CUDA_ARCH__
#pragma unroll 1
#endif
    for (int axis = 0; axis < 3; ++axis)
        factor *= careful_axis(axis == 0 ? index.x : axis == 1 ? index.y : index.z, axis == 0 ? n.x : axis == 1 ? n.y : n.z, trace);
    return factor * factor;
}

// The sine of N times the phase of an axis, and of the phase itself, multiplied to those of other axes: the reference's phases,
// reduced.
template <class Trace>
NBHYBRID_HOST_DEVICE inline void multiply_axis(double index, double n, double& above, double& below, [[maybe_unused]] Trace trace) {
    const double phase = pi * index, product = phase * n;
    const double upper = physics::nearest_multiple_of_pi(product), lower = nearest(index);
    const double sine_above = physics::sine_of_reduced(physics::reduced_phase(product, upper));
    const double sine_below = physics::sine_of_reduced(physics::reduced_phase(phase, lower));
    above *= sine_above;
    below *= sine_below;
    NBHYBRID_TRACED(trace.sines(sine_above, sine_below, upper + lower));
}

// The squares of the lattice factors of a parallelepiped, from the indices. An axis of a single cell needs no exception: the
// quotient is 1 within its error.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void reduced_square_crystal(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end,
                                                        Trace trace = {}) {
    const Vec3 n = crystal.cells;
    // Where all sines are larger, no reduced phase is too small.
    constexpr double smallest_square = 4 * physics::smallest_reduced * physics::smallest_reduced;
    std::int64_t odd = 0;
    for (int i = begin; i < end; ++i) {
        double above = 1.0, below = 1.0;
        multiply_axis(s.index.x[i], n.x, above, below, trace);
        multiply_axis(s.index.y[i], n.y, above, below, trace);
        multiply_axis(s.index.z[i], n.z, above, below, trace);
        const double upper = above * above, lower = below * below;
        // So that what is not a number is odd.
        const bool is_plain = (upper > smallest_square) & (lower > smallest_square);
        s.lattice[i] = is_plain ? upper / lower : -1.0;
        odd += is_plain ? 0 : 1;
    }
    if (odd == 0) return;
    for (int i = begin; i < end; ++i)
        if (s.lattice[i] < 0.0) s.lattice[i] = careful_square(s.index[i], n, trace);
}

NBHYBRID_HOST_DEVICE inline Vec3 offset_of(const Vec3& index) {
    return {index.x - nearest(index.x), index.y - nearest(index.y), index.z - nearest(index.z)};
}

template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void round_crystal(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end,
                                               [[maybe_unused]] Trace trace = {}) {
    const Vec3 n = crystal.cells;
    // Of sine over x less cosine, ours and the library's together.
    constexpr double difference_error = physics::accurate_sine_error + physics::cosine_error + 5e-16 + 16 * physics::rounding;
    const double fudge = crystal.fudge, peak = n.x * n.y * n.z * 0.723601254558268;
    std::int64_t odd = 0;
    for (int i = begin; i < end; ++i) {
        const double x = pi * __builtin_sqrt(physics::offset_in_cells_squared(offset_of(s.index[i]), n) * fudge);
        const double multiple = physics::nearest_multiple_of_pi(x), r = physics::reduced_phase(x, multiple);
        const double scale = 3.0 * peak / (x * x);
        const double factor = scale * (physics::accurate_sine_of_reduced(r) / x - physics::cosine_of_reduced(r));
        const double error = 1.01 * scale * difference_error;
        s.lattice[i] = factor * factor;
        s.lattice_error[i] = (2 * __builtin_fabs(factor) + error) * error;
        NBHYBRID_TRACED(trace.factor(factor, multiple));
        odd += s.lattice[i] != s.lattice[i] ? 1 : 0;
    }
    if (odd == 0) return;
    for (int i = begin; i < end; ++i) {
        const Vec3 d = offset_of(s.index[i]);
        if (d.x != 0.0 || d.y != 0.0 || d.z != 0.0) continue;
        s.lattice[i] = peak * peak;
        s.lattice_error[i] = 0.0;
        NBHYBRID_TRACED(trace.factor(peak, 0.0));
    }
}

template <CrystalShape shape, int width>
NBHYBRID_HOST_DEVICE inline void spot(const CrystalStage& c, StepLanes<width>& s, int begin, int end) {
    const Vec3 n = c.cells;
    const physics::SpotMetric<double> metric = c.spots;
    const double fudge = c.fudge, peak = n.x * n.y * n.z, square = peak * peak;
    if constexpr (shape == CrystalShape::gauss) {
        const double factor = metric.factors.x * metric.factors.y * metric.factors.z;
        const double scale = -2.0 * (factor * factor) / 0.63 * fudge;
        const physics::SpotMetric<double> bare{metric.a, metric.b, metric.c, {1.0, 1.0, 1.0}};
        for (int i = begin; i < end; ++i) {
            const double exponent = scale * physics::offset_squared(offset_of(s.index[i]), bare);
            s.lattice[i] = square * physics::exponential(exponent < -700.0 ? -700.0 : exponent);
        }
    } else {
        for (int i = begin; i < end; ++i) {
            const double r2 = physics::offset_squared(offset_of(s.index[i]), metric);
            s.lattice[i] = r2 * fudge < 0.3969 ? square : 0.0;
        }
    }
}

template <CrystalShape shape, int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void square_lattice_factors(const CrystalStage& crystal, StepLanes<width>& s, int begin, int end,
                                                        [[maybe_unused]] Trace trace = {}) {
    if constexpr (shape == CrystalShape::square) reduced_square_crystal(crystal, s, begin, end, trace);
    else if constexpr (shape == CrystalShape::round) round_crystal(crystal, s, begin, end, trace);
    else spot<shape>(crystal, s, begin, end);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
