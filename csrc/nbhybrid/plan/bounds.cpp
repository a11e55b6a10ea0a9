#include "nbhybrid/plan/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid {

namespace {

using physics::CrystalShape;
using physics::rounding;

// Of the library's functions, relative: more than a unit in the last place, as glibc documents for sin, cos and exp.
constexpr double library_error = 2.3e-16;

// Of the square of a lattice factor times that of an amplitude: ours and the reference's together.
double term_error(CrystalShape shape) {
    switch (shape) {
        case CrystalShape::square: return 12 * (physics::sine_error + library_error) + 40 * rounding;
        // The exponent, 700 at most, is computed in another order.
        case CrystalShape::gauss: return physics::exponential_error + 2 * library_error + (24 + 700 * 20) * rounding;
        case CrystalShape::round:  // the rest is summed beside the intensity
        case CrystalShape::tophat: break;
    }
    return 24 * rounding;
}

// The largest argument of a sine.
double largest_phase(const Plan& plan) {
    const PlanView& view = plan.view();
    const OrientationStage& o = view.orientation;
    double shortest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < view.beam.n_sources; ++i) shortest = std::min(shortest, view.beam.sources[i].wavelength);
    double edge = 0;
    for (int i = 0; i < o.n_phi; ++i)
        for (const Axes* axes : {o.first_sweep + i, o.later_sweep + i})
            edge = std::max({edge, norm(axes->a), norm(axes->b), norm(axes->c)});
    const Vec3& n = view.crystal.cells;
    const double cells = std::max({n.x, n.y, n.z, 1.0});
    const double fudge = std::max(1.0, std::sqrt(std::fabs(view.crystal.fudge)));
    // |s| <= 2 / wavelength, and a bit for domains' rotations that are not quite orthogonal. Offsets are at most half a cell.
    return 1.01 * pi * cells * std::max(2 * edge / shortest, 2 * fudge);
}

std::string obstacle(const Plan& plan) {
    const PlanView& view = plan.view();
    if (view.sensor.capture == Applied::to_running_sum || view.beam.polarization == Applied::to_running_sum ||
        view.detector.solid_angle == Applied::to_running_sum)
        return "the sum so far is multiplied at every step";
    if (view.crystal.interpolate && view.crystal.interpolation_resumes) return "amplitudes are interpolated";
    if (!(largest_phase(plan) <= physics::largest_phase)) return "the crystal is too large for its wavelength";
    if (!(view.crystal.fudge >= 0)) return "the fudge factor is negative";
    if (view.scale.background != 0.0 &&
        (view.sensor.capture == Applied::to_each_term || view.beam.polarization == Applied::to_each_term ||
         view.detector.solid_angle == Applied::to_each_term || view.beam.weighted))
        return "water has factors of its own at every step";
    const physics::AmplitudeGrid& grid = view.crystal.amplitudes;
    const double entries = (1.0 + grid.h_max - grid.h_min) * static_cast<double>(grid.stride_h);
    if (grid.values != nullptr && !(entries < 2147483648.0)) return "the table of amplitudes is too large";
    return "";
}

}  // namespace

Bounds bounds_of(const Plan& plan) {
    const PlanView& view = plan.view();
    const Vec3& n = view.crystal.cells;
    const double terms = 1.0 + static_cast<double>(view.scale.steps) * view.sensor.layers;
    Bounds bounds;
    bounds.unusable = obstacle(plan);
    bounds.relative = 1.01 * (term_error(plan.shape()) + (2 * terms + 30) * rounding);
    if (plan.shape() == CrystalShape::gauss) {
        constexpr double smallest = 1e-300;  // more than what exponential() stops at, squared or not
        const double largest = plan.largest_amplitude() * n.x * n.y * n.z;
        bounds.absolute_intensity = terms * (largest * largest + 1) * smallest;
    }
    if (!(bounds.relative < 1e-3 && std::isfinite(bounds.absolute_intensity)) && bounds.unusable.empty())
        bounds.unusable = "there are too many steps, or amplitudes are too large";
    return bounds;
}

}  // namespace nbhybrid
