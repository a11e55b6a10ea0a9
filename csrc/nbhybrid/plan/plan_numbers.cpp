#include "nbhybrid/plan/plan_numbers.hpp"

namespace nbhybrid {

PlanNumbers zero_numbers(const PlanView& plan) {
    const OrientationStage& o = plan.orientation;
    return {static_cast<std::size_t>(o.n_phi) * static_cast<std::size_t>(o.n_domains),
            static_cast<std::size_t>(plan.beam.n_sources)};
}

PlanNumbers numbers_of(const Plan& plan) {
    const PlanView& view = plan.view();
    PlanNumbers n = zero_numbers(view);
    const DetectorStage& d = view.detector;
    n.origin = d.origin;
    n.fast_axis = d.fast_axis;
    n.slow_axis = d.slow_axis;
    n.normal = d.normal;
    n.beam = d.beam;
    n.distance = d.distance;
    n.close_distance = d.close_distance;
    n.pixel_size = d.pixel_size;
    n.subpixel_size = d.subpixel_size;
    n.layer_thickness = view.sensor.layer_thickness;
    n.attenuation = view.sensor.attenuation;
    n.kahn_factor = view.beam.kahn_factor;
    n.polarization_axis = view.beam.axes[0];
    n.cells = view.crystal.cells;
    n.a_star = view.crystal.a_star;
    n.b_star = view.crystal.b_star;
    n.c_star = view.crystal.c_star;
    n.fudge = view.crystal.fudge;
    n.default_amplitude = view.crystal.amplitudes.default_amplitude;
    n.fluence = view.scale.fluence;
    n.background = view.scale.background;
    for (std::size_t i = 0; i < n.sources.size(); ++i) {
        const IncidentRay& ray = view.beam.sources[i];
        n.sources[i] = {ray.direction, ray.wavelength, ray.weight};
    }
    const OrientationStage& o = view.orientation;
    std::size_t place = 0;
    for (int phi = 0; phi < o.n_phi; ++phi)
        for (int domain = 0; domain < o.n_domains; ++domain)
            n.orientations[place++] = o.domains == nullptr ? o.later_sweep[phi] : in_domain(o.domains[domain], o.later_sweep[phi]);
    return n;
}

double inner_product(const PlanNumbers& x, const PlanNumbers& y) {
    double sum = 0;
    for_each_number([&sum](double u, double v) { sum += u * v; }, x, y);
    return sum;
}

}  // namespace nbhybrid
