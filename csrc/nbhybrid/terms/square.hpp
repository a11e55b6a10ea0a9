#pragma once
// The parallelepiped of N_a x N_b x N_c unit cells: along each axis the sum of N phase factors, sin(N x) / sin(x) at x = pi h
// (B. E. Warren, X-ray Diffraction (1969)). |F_latt|^2 is (N_a N_b N_c)^2 at a reflection, and
// N_a N_b N_c when it is integrated over the indices around one.
//
// Its sines are found in four ways: by the C library; from the reference's own phases, reduced; from offsets from reflections,
// whose phases differ from the reference's by roundings of its own; and in float32.
//
// Slope along an axis: d/dh sin(N x)/sin(x) = pi (N cos(N x) - cos(x) sin(N x)/sin(x)) / sin(x), and 0 at a reflection; it is found
// with the value in a reduced form.

#include <cmath>
#include <cstdint>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/numerics/half_turns.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/crystal_form.hpp"
#include "nbhybrid/terms/miller_pairs.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// sin(N x)/sin(x). Exactly N at x = 0; at any other integer h the quotient of two rounding errors, close to +-N.
template <class T>
NBHYBRID_HOST_DEVICE inline T grating(const T& x, const T& n) {
    using std::sin;
    return x == T(0) ? n : sin(x * n) / sin(x);
}

// One axis; an axis of a single cell does not interfere.
template <class T>
NBHYBRID_HOST_DEVICE inline T square_axis_factor(const T& index, const T& n_cells) {
    return n_cells > T(1) ? grating(T(pi) * index, n_cells) : T(1);
}

// A product of three scaled sines is a product of sines times this.
inline constexpr double scale_of_sines = 1.0 / (numerics::sine_of_scaled * numerics::sine_of_scaled * numerics::sine_of_scaled);
// Where the product of the three sines of the denominator is not larger, one phase may be near to a multiple of pi.
inline constexpr double smallest_sines = 1e-7;
inline constexpr double smallest_scaled_sines = smallest_sines * scale_of_sines;

// What the roundings of theirs and ours make of a phase: at most so many of them for each radian of N pi h. "The phases of a
// parallelepiped" in docs/exactness.md.
inline constexpr double roundings_of_phase = 5.0;

// Room for sines whose phases are those of offsets from reflections.
template <int width>
struct alignas(numerics::line_bytes) OffsetLanes {
    numerics::VectorLanes<width> offset, phase;   // of the index; and N times it, less whole numbers: in half turns
    double numerator[width], denominator[width];  // products of scaled sines
};

// By how many half turns the two phases of an axis of n cells have been reduced, together: of its index to the offset from a whole
// number, and of n times the index to n times the offset less its nearest integer.
NBHYBRID_HOST_DEVICE inline double half_turns_taken(double phase_in_half_turns, double n, double whole) {
    return whole + (n * whole + __builtin_rint(phase_in_half_turns));
}

// The phases of the offsets from the nearest whole numbers. With a table, also the places of its entries.
template <bool has_table, int width, class Axes, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_phases_of_offsets(const CrystalForm& form, const AmplitudeGrid& grid, const Axes& axes,
                                                        const numerics::VectorLanes<width>& scattering, OffsetLanes<width>& own,
                                                        StepLanes<width>& step, int begin, int end,
                                                        [[maybe_unused]] Trace trace = {}) {
    const Vec3 n = form.cells;
    const Axes local = axes;
    const TablePlaces place(grid);
    for (int i = begin; i < end; ++i) {
        const Vec3 index = physics::miller_index(local.a, local.b, local.c, scattering[i]);
        // Where two whole numbers are as near, the table wants the lower one, and the sines do not mind.
        const Vec3 whole =
            has_table ? physics::nearest(index) : Vec3{__builtin_rint(index.x), __builtin_rint(index.y), __builtin_rint(index.z)};
        const Vec3 offset = index - whole;
        const Vec3 phase{n.x * offset.x, n.y * offset.y, n.z * offset.z};
        own.offset.set(i, offset);
        own.phase.set(i, {phase.x - __builtin_rint(phase.x), phase.y - __builtin_rint(phase.y), phase.z - __builtin_rint(phase.z)});
        if (has_table) step.place[i] = place(whole);
        NBHYBRID_TRACED(trace.half_turns({half_turns_taken(phase.x, n.x, whole.x), half_turns_taken(phase.y, n.y, whole.y),
                                          half_turns_taken(phase.z, n.z, whole.z)}));
    }
}

// Products of the scaled sines of these phases.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void multiply_scaled_sines(OffsetLanes<width>& own, int begin, int end,
                                                       [[maybe_unused]] Trace trace = {}) {
    using numerics::scaled_sine;
    for (int i = begin; i < end; ++i) {
        const Vec3 above{scaled_sine(own.phase.x[i]), scaled_sine(own.phase.y[i]), scaled_sine(own.phase.z[i])};
        const Vec3 below{scaled_sine(own.offset.x[i]), scaled_sine(own.offset.y[i]), scaled_sine(own.offset.z[i])};
        own.numerator[i] = above.x * above.y * above.z;
        own.denominator[i] = below.x * below.y * below.z;
        NBHYBRID_TRACED(trace.sines(above.x, below.x); trace.sines(above.y, below.y); trace.sines(above.z, below.z));
    }
}

// The sines of N times the phase of an axis, and of the phase itself: the reference's phases, reduced.
struct AxisSines {
    double above, below;
    bool is_lost;       // a phase is too near to a multiple of pi, other than 0, to be reduced well
    double half_turns;  // that were taken away
};

NBHYBRID_HOST_DEVICE inline AxisSines sines_of_axis(double index, double n) {
    const double phase = pi * index, product = phase * n;
    const double upper = numerics::nearest_multiple_of_pi(product), lower = physics::nearest(index);
    const double above = numerics::reduced_phase(product, upper), below = numerics::reduced_phase(phase, lower);
    const bool is_lost = (upper != 0.0 && __builtin_fabs(above) < numerics::smallest_reduced) ||
                         (lower != 0.0 && __builtin_fabs(below) < numerics::smallest_reduced);
    return {numerics::sine_of_reduced(above), numerics::sine_of_reduced(below), is_lost, upper + lower};
}

// One axis with all its exceptions: N at an index of exactly 0, and not-a-number where a phase is lost.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline double axis_near_integer(double index, double n, [[maybe_unused]] Trace trace = {}) {
    if (index == 0.0) {
        NBHYBRID_TRACED(trace.axis_factor(n));
        return n;
    }
    const AxisSines sines = sines_of_axis(index, n);
    const double above = sines.is_lost ? __builtin_nan("") : sines.above;
    NBHYBRID_TRACED(trace.sines(above, sines.below, sines.half_turns));
    return above / sines.below;
}

// F_latt^2 of an index with a component near an integer.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline double square_near_integer(const Vec3& index, const Vec3& n, [[maybe_unused]] Trace trace = {}) {
    double factor = 1.0;
    // Three copies of a path that few steps take would leave a device's thread too few registers.
#ifdef __CUDA_ARCH__
#pragma unroll 1
#endif
    for (int axis = 0; axis < 3; ++axis)
        factor *= axis_near_integer(axis == 0   ? index.x
                                    : axis == 1 ? index.y
                                                : index.z,
                                    axis == 0   ? n.x
                                    : axis == 1 ? n.y
                                                : n.z,
                                    trace);
    return factor * factor;
}

template <class Trace>
NBHYBRID_HOST_DEVICE inline void multiply_sines_of_axis(double index, double n, double& above, double& below,
                                                        [[maybe_unused]] Trace trace) {
    const AxisSines sines = sines_of_axis(index, n);
    above *= sines.above;
    below *= sines.below;
    NBHYBRID_TRACED(trace.sines(sines.above, sines.below, sines.half_turns));
}

// --- With its slope, in the reduced form: a function of the offset from the nearest reflection and of the numbers of cells, which
// need not be whole. Here the quotient is smooth at a reflection; the C library's sin(pi h N) / sin(pi h) is noise near integers.

struct AxisSlope {
    double factor, offset, cells;  // sin(pi n d) / sin(pi d), and its derivatives by d and by n
};

// Both sines are x times an even function of x; of n d that is x less the nearest whole number, whose sign, (-1)^whole, all three
// numbers have in common and squares lose. Within half a turn the zeros of the two sines cancel, and so they are never divided.
NBHYBRID_HOST_DEVICE inline AxisSlope axis_with_slope(double d, double n) {
    const double turns = n * d, whole = __builtin_rint(turns), x = turns - whole;
    const double upper_square = x * x, lower_square = d * d;
    const numerics::SineOverHalfTurns upper = numerics::sine_over_half_turns(upper_square);
    const numerics::SineOverHalfTurns lower = numerics::sine_over_half_turns(lower_square);
    const bool is_near = whole == 0.0;
    const double inverse = 1.0 / (is_near ? lower.value : d * lower.value);
    const double factor = (is_near ? n : x) * upper.value * inverse;
    const double upper_cosine = upper.derivative_of_sine(upper_square), lower_cosine = lower.derivative_of_sine(lower_square);
    const double near = 2.0 * n * d * (n * n * (upper.slope * lower.value) - upper.value * lower.slope) * inverse;
    const double far = n * upper_cosine - factor * lower_cosine;
    return {factor, (is_near ? near : far) * inverse, upper_cosine * (is_near ? inverse : d * inverse)};
}

NBHYBRID_HOST_DEVICE inline SquareSlope square_by_axes(const AxisSlope& a, const AxisSlope& b, const AxisSlope& c) {
    const double factor = a.factor * b.factor * c.factor, twice = 2.0 * factor;
    const double of_a = twice * b.factor * c.factor, of_b = twice * a.factor * c.factor, of_c = twice * a.factor * b.factor;
    return {factor * factor,
            {of_a * a.offset, of_b * b.offset, of_c * c.offset},
            {of_a * a.cells, of_b * b.cells, of_c * c.cells},
            0.0};
}

// --- In float32, from phases in double: the `fast` engine. F_latt^2 has 12 times the relative error of a sine and its argument,
// 2e-7 each at most. Near a reflection, where a single term may be most of an image, it is computed in double.

// What is added to each offset keeps quotients from being 0/0; it is far below what is known of an offset.
inline constexpr double never_zero = 1e-12;

template <int width>
struct alignas(numerics::line_bytes) FloatPhases {
    float offset[3][width], phase[3][width];  // as those of OffsetLanes, by axes
};

// Of one axis.
template <bool has_table, int width, class Doubles, class Trace>
NBHYBRID_HOST_DEVICE inline void find_axis_in_float(const Vec3& axis, double cells, const numerics::VectorLanes<width>& scattering,
                                                    float* offsets, float* phases, Doubles& whole, int begin, int end,
                                                    [[maybe_unused]] Trace trace) {
    using numerics::multiply_add;
    const Vec3 u = axis;
    for (int i = begin; i < end; ++i) {
        const double index = multiply_add(u.x, scattering.x[i], multiply_add(u.y, scattering.y[i], u.z * scattering.z[i]));
        const double integer = has_table ? physics::nearest(index) : __builtin_rint(index);
        const double offset = (index - integer) + never_zero, phase = cells * offset;
        offsets[i] = static_cast<float>(offset);
        phases[i] = static_cast<float>(phase - __builtin_rint(phase));
        if (has_table) whole[i] = integer;
        NBHYBRID_TRACED(trace.phase(index, half_turns_taken(phase, cells, integer)));
    }
}

// As find_phases_of_offsets(), with sums that round less often than the reference's. The indices of the step become whole numbers.
template <bool has_table, int width, class Axes, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_phases_in_float(const CrystalForm& form, const AmplitudeGrid& grid, const Axes& axes,
                                                      const numerics::VectorLanes<width>& scattering, FloatPhases<width>& f,
                                                      StepLanes<width>& step, int begin, int end, Trace trace = {}) {
    const Vec3 n = form.cells;
    find_axis_in_float<has_table>(axes.a, n.x, scattering, f.offset[0], f.phase[0], step.index.x, begin, end, trace);
    find_axis_in_float<has_table>(axes.b, n.y, scattering, f.offset[1], f.phase[1], step.index.y, begin, end, trace);
    find_axis_in_float<has_table>(axes.c, n.z, scattering, f.offset[2], f.phase[2], step.index.z, begin, end, trace);
    if (!has_table) return;
    const TablePlaces place(grid);
    for (int i = begin; i < end; ++i) step.place[i] = place(step.index[i]);
}

template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_squares_in_float(const FloatPhases<width>& f, StepLanes<width>& step, int begin, int end,
                                                       [[maybe_unused]] Trace trace = {}) {
    using numerics::sine_of_half_turns;
    for (int i = begin; i < end; ++i) {
        float above = 1.0F, below = 1.0F;
        for (int axis = 0; axis < 3; ++axis) {
            const float sine_above = sine_of_half_turns(f.phase[axis][i]), sine_below = sine_of_half_turns(f.offset[axis][i]);
            above *= sine_above;
            below *= sine_below;
            NBHYBRID_TRACED(trace.sines(static_cast<double>(sine_above), static_cast<double>(sine_below)));
        }
        const float factor = above / below;
        step.square[i] = static_cast<double>(factor * factor);
    }
}

// How many lanes are near a reflection.
template <int width>
NBHYBRID_HOST_DEVICE inline std::int64_t count_bright(const CrystalForm& form, const StepLanes<width>& step, int begin, int end) {
    const double bright = form.bright_square;
    std::int64_t count = 0;
    // So that what is not a number is near one.
    for (int i = begin; i < end; ++i) count += step.square[i] < bright ? 0 : 1;
    return count;
}

// In double, F_latt^2 of those groups that have a lane near a reflection.
template <int width, class Axes, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_bright_in_double(const CrystalForm& form, const AmplitudeGrid& grid, const Axes& axes,
                                                       const numerics::VectorLanes<width>& scattering, OffsetLanes<width>& own,
                                                       StepLanes<width>& step, int begin, int end, Trace trace = {}) {
    if (count_bright(form, step, begin, end) == 0) return;
    constexpr int lanes = width < lanes_of_a_group ? width : lanes_of_a_group;
    for (int group = begin; group < end; group += lanes_of_a_group) {
        const int last = group + lanes;
        if (count_bright(form, step, group, last) == 0) continue;
        find_phases_of_offsets<false>(form, grid, axes, scattering, own, step, group, last, trace);
        multiply_scaled_sines(own, group, last, trace);
        for (int i = group; i < last; ++i) {
            const double factor = own.numerator[i] / own.denominator[i];
            step.square[i] = factor * factor;
        }
        for (int i = group; i < last; ++i)
            if (!(__builtin_fabs(own.denominator[i]) > smallest_scaled_sines))
                step.square[i] =
                    square_near_integer(physics::miller_index(axes.a, axes.b, axes.c, scattering[i]), form.cells, trace);
    }
}

// --- Without double, from pairs of float32. Terms are in units of 1.
class SquareInPairs {
public:
    static constexpr bool has_bright = true;

    NBHYBRID_HOST_DEVICE explicit SquareInPairs(const CrystalForm& form)
        : n_a_(numerics::float_of(form.cells.x)),
          n_b_(numerics::float_of(form.cells.y)),
          n_c_(numerics::float_of(form.cells.z)),
          bright_(numerics::float_of(form.bright_square)) {}
    NBHYBRID_HOST_DEVICE static double unit(const CrystalForm&) { return 1.0; }

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, [[maybe_unused]] Trace trace = {}) const {
        float above = 1.0F, below = 1.0F;
        multiply_axis(i.h, n_a_, above, below, trace);
        multiply_axis(i.k, n_b_, above, below, trace);
        multiply_axis(i.l, n_c_, above, below, trace);
        const float factor = above / below;
        return factor * factor;
    }

    // So that what is not a number is bright.
    NBHYBRID_HOST_DEVICE bool is_bright(float square) const { return !(square < bright_); }

    // With twice the digits, for terms of which one may be most of an image.
    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE numerics::FloatPair bright_square(const PairIndices& i, [[maybe_unused]] Trace trace = {}) const {
        using numerics::FloatPair;
        const FloatPair above_a = sine_of_phase(i.h, n_a_), above_b = sine_of_phase(i.k, n_b_), above_c = sine_of_phase(i.l, n_c_);
        const FloatPair below_a = sine_of_offset(i.h), below_b = sine_of_offset(i.k), below_c = sine_of_offset(i.l);
        NBHYBRID_TRACED(trace.sines(sum(above_a), sum(below_a)); trace.sines(sum(above_b), sum(below_b));
                        trace.sines(sum(above_c), sum(below_c)));
        const FloatPair above = (above_a * above_b) * above_c;
        const FloatPair below = (below_a * below_b) * below_c;
        const float factor = above.high / below.high;
        const float rest =
            numerics::multiply_add(-factor, below.high, above.high) + numerics::multiply_add(-factor, below.low, above.low);
        const FloatPair whole{factor, rest / below.high};
        return whole * whole;
    }

private:
    template <class Trace>
    NBHYBRID_HOST_DEVICE static void multiply_axis(const PairIndex& index, float cells, float& above, float& below,
                                                   [[maybe_unused]] Trace trace) {
        const numerics::FloatPair phase = phase_of(index, cells);
        const float sine_above = numerics::sine_of_half_turns(phase.high + phase.low),
                    sine_below = numerics::sine_of_half_turns(index.offset);
        above *= sine_above;
        below *= sine_below;
        NBHYBRID_TRACED(trace.sines(static_cast<double>(sine_above), static_cast<double>(sine_below), half_turns_of(index, cells)));
    }
    // N times the offset of an index, in half turns, less a whole number.
    NBHYBRID_HOST_DEVICE static numerics::FloatPair phase_of(const PairIndex& index, float cells) {
        const numerics::FloatPair product = numerics::exact_product(cells, index.offset);
        return {product.high - numerics::nearest_whole(product.high), numerics::multiply_add(cells, index.tail, product.low)};
    }
    NBHYBRID_HOST_DEVICE static double sum(const numerics::FloatPair& pair) {
        return static_cast<double>(pair.high) + static_cast<double>(pair.low);
    }
    // As half_turns_taken(), by phase_of().
    NBHYBRID_HOST_DEVICE static double half_turns_of(const PairIndex& index, float cells) {
        const float product = numerics::exact_product(cells, index.offset).high;
        const double whole = static_cast<double>(index.whole);
        return whole + (static_cast<double>(cells) * whole + static_cast<double>(numerics::nearest_whole(product)));
    }
    NBHYBRID_HOST_DEVICE static numerics::FloatPair sine_of_phase(const PairIndex& index, float cells) {
        const numerics::FloatPair phase = phase_of(index, cells);
        return numerics::sine_of_pair(numerics::exact_sum(phase.high, phase.low));
    }
    NBHYBRID_HOST_DEVICE static numerics::FloatPair sine_of_offset(const PairIndex& index) {
        return numerics::sine_of_pair({index.offset, index.tail});
    }

    float n_a_, n_b_, n_c_, bright_;
};

template <>
struct Shape<physics::CrystalShape::square> {
    static constexpr bool has_own_error = false, has_tails = true, has_pair_version = true;
    // Phases from offsets and in float32 suit this shape alone.
    static constexpr bool has_offset_phases = true;
    template <int width>
    using Lanes = OffsetLanes<width>;
    using InPairs = SquareInPairs;

    NBHYBRID_HOST_DEVICE static SquareSlope square_with_slope(const CrystalForm& form, const Vec3& d) {
        const Vec3 n = form.cells;
        return square_by_axes(axis_with_slope(d.x, n.x), axis_with_slope(d.y, n.y), axis_with_slope(d.z, n.z));
    }

    NBHYBRID_HOST_DEVICE static LatticeFactor factor(const CrystalForm& form, const Vec3& index, const physics::Indices& nearest) {
        const Vec3& n = form.cells;
        const Vec3 at = form.has_fractions ? physics::offset_of(index, nearest) : index;
        const Vec3 axes{perturbed("F_latt_a", square_axis_factor(at.x, n.x)), square_axis_factor(at.y, n.y),
                        square_axis_factor(at.z, n.z)};
        return {perturbed("F_latt", axes.x * axes.y * axes.z), axes};
    }

    // From the reference's phases. An axis of a single cell needs no exception: the quotient is 1 within its error.
    template <int width, class Own, class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE static void find_squares(const CrystalForm& form, StepLanes<width>& step, Own&, int begin, int end,
                                                  Trace trace = {}) {
        const Vec3 n = form.cells;
        // Where all sines are larger, no reduced phase is too small.
        constexpr double smallest_square = 4 * numerics::smallest_reduced * numerics::smallest_reduced;
        std::int64_t near_integer = 0;
        if (form.has_fractions)
            for (int i = begin; i < end; ++i) step.index.set(i, physics::offset_of(step.index[i]));
        for (int i = begin; i < end; ++i) {
            double above = 1.0, below = 1.0;
            multiply_sines_of_axis(step.index.x[i], n.x, above, below, trace);
            multiply_sines_of_axis(step.index.y[i], n.y, above, below, trace);
            multiply_sines_of_axis(step.index.z[i], n.z, above, below, trace);
            const double upper = above * above, lower = below * below;
            // So that what is not a number is looked at again.
            const bool is_plain = (upper > smallest_square) & (lower > smallest_square);
            step.square[i] = is_plain ? upper / lower : -1.0;
            near_integer += is_plain ? 0 : 1;
        }
        if (near_integer == 0) return;
        for (int i = begin; i < end; ++i)
            if (step.square[i] < 0.0) step.square[i] = square_near_integer(step.index[i], n, trace);
    }

    // Six sines, squared, and the products and quotients of both sides.
    static constexpr double relative_error(double largest_phase) {
        return 12 * (numerics::scaled_sine_error + numerics::reduction_error_per_radian * largest_phase + library_error) +
               40 * numerics::rounding;
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
