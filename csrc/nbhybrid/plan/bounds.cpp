#include "nbhybrid/plan/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid {

namespace {

using numerics::rounding;
using physics::CrystalShape;

// The phases of the sines of a parallelepiped, the reference's less ours, all axes together, for a scattering vector of 1/m:
// roundings of pi h and of N pi h. The sum of |N h| over the axes is at most the length of the scattering vector times the longest
// diagonal of the crystal.
double phase_shift_per_scattering(const Plan& plan) {
    const PlanView& view = plan.view();
    const OrientationStage& o = view.orientation;
    const auto size = [](double n) { return n > 1.0 ? n : 0.0; };
    const Vec3 n{size(view.crystal.cells.x), size(view.crystal.cells.y), size(view.crystal.cells.z)};
    double diagonal = 0;
    for (int i = 0; i < o.n_phi; ++i)
        for (const Axes* axes : {o.first_sweep + i, o.later_sweep + i})
            for (const Vec3& sign : {Vec3{1, 1, 1}, Vec3{1, 1, -1}, Vec3{1, -1, 1}, Vec3{-1, 1, 1}})
                diagonal = std::max(diagonal, norm(sign.x * n.x * axes->a + sign.y * n.y * axes->b + sign.z * n.z * axes->c));
    return 1.01 * terms::roundings_of_phase * rounding * pi * diagonal;
}

// The longest edge of the cell in any orientation; a bit more for domains' rotations that are not quite orthogonal.
double longest_edge(const Plan& plan) {
    const OrientationStage& o = plan.view().orientation;
    double edge = 0;
    for (int i = 0; i < o.n_phi; ++i)
        for (const Axes* axes : {o.first_sweep + i, o.later_sweep + i})
            edge = std::max({edge, norm(axes->a), norm(axes->b), norm(axes->c)});
    return 1.01 * edge;
}

double shortest_wavelength(const PlanView& view) {
    double shortest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < view.beam.n_sources; ++i) shortest = std::min(shortest, view.beam.sources[i].wavelength);
    return shortest;
}

// The largest argument of a sine. |s| <= 2 / wavelength, and offsets from reflections are at most half a cell.
double largest_phase(const Plan& plan) {
    const PlanView& view = plan.view();
    const double shortest = shortest_wavelength(view);
    const Vec3& n = view.crystal.cells;
    const double cells = std::max({n.x, n.y, n.z, 1.0});
    const double fudge = std::max(1.0, std::sqrt(std::fabs(view.crystal.fudge)));
    return pi * cells * std::max(2 * longest_edge(plan) / shortest, 2 * fudge);
}

// What the terms beyond the support radius may add to an intensity, all together: far below the smallest float32 when it has become
// photons.
double negligible_intensity(const PlanView& view) {
    constexpr double negligible_photons = 1e-56;
    const DetectorStage& d = view.detector;
    const double edge = d.point_pixel ? 1.0 : d.pixel_size;
    const double solid_angle = edge * edge / (d.close_distance * d.close_distance);
    const double photons = physics::photons_per_steradian(1.0, view.scale.fluence, static_cast<double>(view.scale.steps));
    return negligible_photons / std::fabs(photons * solid_angle);
}

// Beyond |offset|^2 times the fudge factor of `square`, a crystal's spots are left out, where that is worth it.
SupportRadius support_of(const Plan& plan, double square) {
    const CrystalStage& c = plan.view().crystal;
    SupportRadius support;
    support.along_axes = terms::support_radius(square / c.fudge, c.spots);
    support.longest_edge = longest_edge(plan);
    const OrientationStage& o = plan.view().orientation;
    constexpr int worth_looking = 4;
    support.is_limited = std::min({support.along_axes.x, support.along_axes.y, support.along_axes.z}) < 0.4 &&
                         static_cast<std::int64_t>(o.n_phi) * o.n_domains >= worth_looking;
    return support;
}

// The options whose factors multiply the sum so far; empty if there are none.
std::string running_factors(const PlanView& view) {
    std::string names;
    const auto add = [&names](Applied applied, const char* option) {
        if (applied == Applied::to_running_sum) names += (names.empty() ? "" : ", ") + std::string(option);
    };
    add(view.sensor.capture, "-oversample_thick");
    add(view.beam.polarization, "-oversample_polar");
    add(view.detector.solid_angle, "-oversample_omega");
    return names;
}

std::string find_unsupported_option(const Plan& plan) {
    const PlanView& view = plan.view();
    if (const std::string names = running_factors(view); !names.empty())
        return "the sum so far is multiplied at every step (" + names + "; not with --semantics corrected)";
    if (view.crystal.interpolate && view.crystal.interpolation_resumes) return unsupported_interpolation;
    if (!(largest_phase(plan) <= numerics::largest_phase)) return "the crystal is too large for its wavelength (-N, -lambda)";
    if (!(view.crystal.fudge >= 0)) return "the fudge factor is negative (-fudge)";
    if (view.scale.background != 0.0 &&
        (view.sensor.capture == Applied::to_each_term || view.beam.polarization == Applied::to_each_term ||
         view.detector.solid_angle == Applied::to_each_term || view.beam.weighted))
        return "water has factors of its own at every step (-water)";
    const terms::AmplitudeGrid& grid = view.crystal.amplitudes;
    const double entries = (1.0 + grid.h_max - grid.h_min) * static_cast<double>(grid.stride_h);
    if (grid.values != nullptr && !(entries < 2147483648.0)) return "the table of amplitudes is too large (-hkl)";
    return "";
}

std::string find_unsupported_in_float(const Plan& plan) {
    if (plan.shape() != CrystalShape::square) return "";
    if (plan.view().crystal.has_fractions) return "a number of cells is not whole";
    const Vec3& n = plan.view().crystal.cells;
    constexpr double most_cells = 65536;
    if (std::max({n.x, n.y, n.z}) > most_cells) return "the crystal has more than 65536 cells along an edge";
    return "";
}

// What depends on the crystal's shape. `n_terms`: of a pixel.
template <CrystalShape shape>
void bound_terms(const Plan& plan, double n_terms, Bounds& bounds) {
    using Shape = terms::Shape<shape>;
    const PlanView& view = plan.view();
    bounds.relative = 1.01 * (Shape::relative_error(largest_phase(plan)) + (2 * n_terms + 30) * rounding);
    if constexpr (Shape::has_offset_phases) {
        const double shift = phase_shift_per_scattering(plan) * terms::scale_of_sines;
        bounds.shift_per_scattering = 2 * shift;
        bounds.half_shift = 0.5 * shift * 2.0 / shortest_wavelength(view);
    }
    if constexpr (physics::has_spots(shape)) {
        const double largest = plan.largest_amplitude() * terms::product_of(view.crystal.cells);
        const double left_out = negligible_intensity(view);
        bounds.support = support_of(plan, Shape::support(n_terms * largest * largest, left_out));
        if constexpr (Shape::has_tails)
            bounds.absolute_intensity =
                n_terms * (largest * largest + 1) * Shape::underflow + (bounds.support.is_limited ? left_out : 0.0);
    }
}

}  // namespace

double largest_index_of(const Plan& plan) { return 2 * longest_edge(plan) / shortest_wavelength(plan.view()); }

Bounds bounds_of(const Plan& plan) {
    const PlanView& view = plan.view();
    const double n_terms = 1.0 + static_cast<double>(view.scale.steps) * view.sensor.layers;
    Bounds bounds;
    bounds.unsupported_option = find_unsupported_option(plan);
    bounds.unsupported_in_float = find_unsupported_in_float(plan);
    terms::with_shape(plan.shape(), [&](auto shape) { bound_terms<decltype(shape)::value>(plan, n_terms, bounds); });
    if (!(bounds.relative < 1e-3 && std::isfinite(bounds.absolute_intensity)) && bounds.unsupported_option.empty())
        bounds.unsupported_option =
            "there are too many steps, or amplitudes are too large (-oversample, -mosaic_domains, -phisteps, -hkl)";
    return bounds;
}

}  // namespace nbhybrid
