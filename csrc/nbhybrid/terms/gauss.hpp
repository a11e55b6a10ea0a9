#pragma once
// Gaussian spots, exp(-r^2 / w), of about a parallelepiped's volume and width; r is the offset from the nearest reflection in the
// metric of the crystal's spots (terms/spot_metric.hpp).
//
// Slope: d/d(r^2) F = -fudge / w F.

#include <cmath>

#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/numerics/bounded_exponential.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/crystal_form.hpp"
#include "nbhybrid/terms/spot_metric.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// w, about 2 / pi: with 2 / pi itself F_latt^2 would integrate to the N_a N_b N_c of a parallelepiped, (pi w / 2)^(3/2) of it. The
// reference's digits give 0.984.
inline constexpr double gauss_width_squared = 0.63;

template <class T>
NBHYBRID_HOST_DEVICE inline T gauss_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    using std::exp;
    return n.x * n.y * n.z * exp(-(offset_squared / T(gauss_width_squared) * fudge));
}

// What exponential() stops at, squared or not, and more.
inline constexpr double gauss_underflow = 1e-300;

class GaussInPairs : public InPairsOfPeak {
public:
    NBHYBRID_HOST_DEVICE explicit GaussInPairs(const CrystalForm& form)
        : metric_(form.spots, __builtin_sqrt(2.0 * log2_of_e / gauss_width_squared * form.fudge)) {}

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, Trace = {}) const {
        const numerics::FloatPair exponent = metric_.square(i);
        return numerics::power_of_two({-exponent.high, -exponent.low});
    }

private:
    static constexpr double log2_of_e = 1.4426950408889634074;

    PairMetric metric_;  // of the exponent of 2
};

template <>
struct Shape<physics::CrystalShape::gauss> {
    static constexpr bool has_own_error = false, has_tails = true, has_offset_phases = false, has_pair_version = true;
    template <int width>
    using Lanes = NoLanes<width>;
    using InPairs = GaussInPairs;

    NBHYBRID_HOST_DEVICE static SquareSlope square_with_slope(const CrystalForm& form, const Vec3& d) {
        const Vec3 n = form.cells;
        const double offset_squared = offset_in_cells_squared(d, n), peak = n.x * n.y * n.z;
        constexpr double steepness = -2.0 / gauss_width_squared;
        const double exponent = steepness * form.fudge * offset_squared;
        const double value =
            peak * peak * numerics::exponential(exponent < -numerics::largest_exponent ? -numerics::largest_exponent : exponent);
        return slope_by_offset_in_cells(value, steepness * form.fudge * value, steepness * offset_squared * value, d, n);
    }

    NBHYBRID_HOST_DEVICE static LatticeFactor factor(const CrystalForm& form, const Vec3& index, const physics::Indices& nearest) {
        const Vec3 offset = physics::offset_of(index, nearest);
        return {gauss_factor(offset_squared(offset, form.spots), form.cells, form.fudge)};
    }

    template <int width, class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE static void find_squares(const CrystalForm& form, StepLanes<width>& step, Lanes<width>&, int begin,
                                                  int end, Trace = {}) {
        using numerics::largest_exponent;
        const Vec3 n = form.cells;
        const SpotMetric<double> metric = form.spots;
        const double peak = n.x * n.y * n.z, square = peak * peak;
        const double factor = metric.factors.x * metric.factors.y * metric.factors.z;
        const double scale = -2.0 * (factor * factor) / gauss_width_squared * form.fudge;
        const SpotMetric<double> bare{metric.a, metric.b, metric.c, {1.0, 1.0, 1.0}};
        for (int i = begin; i < end; ++i) {
            const double exponent = scale * offset_squared(physics::offset_of(step.index[i]), bare);
            step.square[i] = square * numerics::exponential(exponent < -largest_exponent ? -largest_exponent : exponent);
        }
    }

    static double support(double largest, double smallest) { return gauss_width_squared * std::log(largest / smallest) / 2; }

    static constexpr double underflow = gauss_underflow;

    // The exponent, 700 at most, is computed in another order.
    static constexpr double relative_error(double) {
        return numerics::exponential_error + 2 * library_error + (24 + numerics::largest_exponent * 20) * numerics::rounding;
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
