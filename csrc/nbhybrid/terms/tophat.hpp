#pragma once
// Flat spots: the full factor within a radius of the nearest reflection, nothing outside, in the metric of the crystal's spots
// (terms/spot_metric.hpp).
//
// Slope: 0, but for the edge, where there is none.

#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/crystal_form.hpp"
#include "nbhybrid/terms/spot_metric.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// The square of 0.63, the radius: F_latt^2 integrates to 4/3 pi 0.63^3 = 1.047 of the N_a N_b N_c of a parallelepiped.
inline constexpr double tophat_radius_squared = 0.3969;

template <class T>
NBHYBRID_HOST_DEVICE inline T tophat_factor(const T& offset_squared, const Vec3T<T>& n, const T& fudge) {
    return n.x * n.y * n.z * (offset_squared * fudge < T(tophat_radius_squared) ? T(1) : T(0));
}

class TophatInPairs : public InPairsOfPeak {
public:
    NBHYBRID_HOST_DEVICE explicit TophatInPairs(const CrystalForm& form)
        : metric_(form.spots, __builtin_sqrt(form.fudge)), less_radius_(numerics::pair_of(-tophat_radius_squared)) {}

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, Trace = {}) const {
        const numerics::FloatPair beyond = metric_.square(i) + less_radius_;
        return beyond.high + beyond.low < 0.0F ? 1.0F : 0.0F;
    }

private:
    PairMetric metric_;
    numerics::FloatPair less_radius_;
};

template <>
struct Shape<physics::CrystalShape::tophat> {
    static constexpr bool has_own_error = false, has_tails = false, has_offset_phases = false, has_pair_version = true;
    template <int width>
    using Lanes = NoLanes<width>;
    using InPairs = TophatInPairs;

    NBHYBRID_HOST_DEVICE static SquareSlope square_with_slope(const CrystalForm& form, const Vec3& d) {
        const Vec3 n = form.cells;
        const double peak = n.x * n.y * n.z;
        const bool is_inside = offset_in_cells_squared(d, n) * form.fudge < tophat_radius_squared;
        return slope_by_offset_in_cells(is_inside ? peak * peak : 0.0, 0.0, 0.0, d, n);
    }

    NBHYBRID_HOST_DEVICE static LatticeFactor factor(const CrystalForm& form, const Vec3& index, const physics::Indices& nearest) {
        const Vec3 offset = physics::offset_of(index, nearest);
        return {tophat_factor(offset_squared(offset, form.spots), form.cells, form.fudge)};
    }

    // The comparison is the reference's.
    template <int width, class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE static void find_squares(const CrystalForm& form, StepLanes<width>& step, Lanes<width>&, int begin,
                                                  int end, Trace = {}) {
        const Vec3 n = form.cells;
        const SpotMetric<double> metric = form.spots;
        const double fudge = form.fudge, peak = n.x * n.y * n.z, square = peak * peak;
        for (int i = begin; i < end; ++i) {
            const double r2 = offset_squared(physics::offset_of(step.index[i]), metric);
            step.square[i] = r2 * fudge < tophat_radius_squared ? square : 0.0;
        }
    }

    static double support(double, double) { return tophat_radius_squared; }

    static constexpr double relative_error(double) { return 24 * numerics::rounding; }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
