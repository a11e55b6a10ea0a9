#pragma once
// The ellipsoid of N_a, N_b and N_c unit cells along its axes: the Fourier transform of a sphere, 3 (sin x - x cos x) / x^3
// (A. Guinier & G. Fournet, Small-Angle Scattering of X-rays (1955)), at x = pi times the offset from the nearest reflection in
// cells of the crystal.
//
// Slope: d/dx 3 (sin x - x cos x) / x^3 = 3 sin(x) / x^2 - 9 (sin x - x cos x) / x^4, and 0 at a reflection.

#include <cmath>
#include <cstdint>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/crystal_form.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// sqrt(pi / 6). The transform of a ball of diameter 1 is 1 at the centre, and its square integrates to 1 / (pi / 6), one over the
// ball's volume (Parseval): with this factor the ellipsoid has the integrated intensity of the parallelepiped, N_a N_b N_c. Its
// peak is 0.524 (N_a N_b N_c)^2.
inline constexpr double round_scale = 0.723601254558268;

// 1 at the centre, near which it loses about 1/x^2 of the relative accuracy.
template <class T>
NBHYBRID_HOST_DEVICE inline T sphere_transform(const T& x) {
    using std::cos;
    using std::sin;
    if (x == T(0)) return T(1);
    return T(3) * (sin(x) / x - cos(x)) / (x * x);
}

template <class T>
NBHYBRID_HOST_DEVICE inline T round_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    using std::sqrt;
    return n.x * n.y * n.z * T(round_scale) * sphere_transform(T(pi) * sqrt(offset_squared * fudge));
}

// The transform of a sphere as a function of x^2, with its slope: smooth at 0. Below 1 the series 6 (k + 1) / (2k + 3)! (-x^2)^k to
// its eighth power, and above it the closed form, which loses a digit at 1.
struct SphereSlope {
    double value, slope;
};

NBHYBRID_HOST_DEVICE inline SphereSlope sphere_series(double square) {
    double value = 4.439143033177138e-16, slope = 0.0;
    const auto next = [&](double coefficient) {
        slope = numerics::multiply_add(slope, square, value);
        value = numerics::multiply_add(value, square, coefficient);
    };
    next(-1.34949948208585e-13);
    next(3.2118087673643227e-11);
    next(-5.7812557812557815e-09);
    next(7.515632515632515e-07);
    next(-6.613756613756614e-05);
    next(0.0035714285714285713);
    next(-0.1);
    next(1.0);
    return {value, slope};
}

NBHYBRID_HOST_DEVICE inline SphereSlope sphere_with_slope(double square) {
    const SphereSlope series = sphere_series(square);
    const double inverse_square = 1.0 / square, x = __builtin_sqrt(square), inverse = x * inverse_square;
    const double multiple = numerics::nearest_multiple_of_pi(x), r = numerics::reduced_phase(x, multiple);
    // Of both, the sign (-1)^multiple: of the transform it is lost when it is squared.
    const double sine = numerics::accurate_sine_of_reduced(r) * inverse, cosine = numerics::cosine_of_reduced(r);
    const double value = 3.0 * (sine - cosine) * inverse_square, slope = 1.5 * (sine - value) * inverse_square;
    const bool is_small = square < 1.0;
    return {is_small ? series.value : value, is_small ? series.slope : slope};
}

// Absolute error of F_latt^2, which has no relative one: the difference of a sine and a cosine vanishes between the rings.
template <int width>
struct alignas(numerics::line_bytes) RoundLanes {
    double error[width];
};

template <>
struct Shape<physics::CrystalShape::round> {
    static constexpr bool has_own_error = true, has_tails = true, has_offset_phases = false;
    // Between the rings float32 leaves five digits where a pixel may still count as bright.
    static constexpr bool has_pair_version = false;
    template <int width>
    using Lanes = RoundLanes<width>;

    NBHYBRID_HOST_DEVICE static SquareSlope square_with_slope(const CrystalForm& form, const Vec3& d) {
        const Vec3 n = form.cells;
        const double offset_squared = offset_in_cells_squared(d, n), peak = n.x * n.y * n.z * round_scale;
        const SphereSlope sphere = sphere_with_slope(pi * pi * (offset_squared * form.fudge));
        const double slope = 2.0 * (peak * peak) * sphere.value * sphere.slope * (pi * pi);
        return slope_by_offset_in_cells(peak * peak * (sphere.value * sphere.value), slope * form.fudge, slope * offset_squared, d,
                                        n);
    }

    NBHYBRID_HOST_DEVICE static LatticeFactor factor(const CrystalForm& form, const Vec3& index, const physics::Indices& nearest) {
        const Vec3 offset = physics::offset_of(index, nearest);
        return {round_factor(offset_in_cells_squared(offset, form.cells), form.cells, form.fudge)};
    }

    template <int width, class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE static void find_squares(const CrystalForm& form, StepLanes<width>& step, Lanes<width>& own, int begin,
                                                  int end, [[maybe_unused]] Trace trace = {}) {
        const Vec3 n = form.cells;
        // Of sine over x less cosine, ours and the library's together.
        constexpr double difference_error =
            numerics::accurate_sine_error + numerics::cosine_error + 5e-16 + 16 * numerics::rounding;
        const double fudge = form.fudge, peak = n.x * n.y * n.z * round_scale;
        std::int64_t not_numbers = 0;
        for (int i = begin; i < end; ++i) {
            const double x = pi * __builtin_sqrt(offset_in_cells_squared(physics::offset_of(step.index[i]), n) * fudge);
            const double multiple = numerics::nearest_multiple_of_pi(x), r = numerics::reduced_phase(x, multiple);
            const double scale = 3.0 * peak / (x * x);
            const double factor = scale * (numerics::accurate_sine_of_reduced(r) / x - numerics::cosine_of_reduced(r));
            const double error = 1.01 * scale * difference_error;
            step.square[i] = factor * factor;
            own.error[i] = (2 * __builtin_fabs(factor) + error) * error;
            NBHYBRID_TRACED(trace.factor(factor, multiple));
            not_numbers += step.square[i] != step.square[i] ? 1 : 0;
        }
        if (not_numbers == 0) return;
        for (int i = begin; i < end; ++i) {
            const Vec3 d = physics::offset_of(step.index[i]);
            if (d.x != 0.0 || d.y != 0.0 || d.z != 0.0) continue;
            step.square[i] = peak * peak;
            own.error[i] = 0.0;
            NBHYBRID_TRACED(trace.factor(peak, 0.0));
        }
    }

    // The rest is summed beside the intensity.
    static constexpr double relative_error(double) { return 24 * numerics::rounding; }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
