#include "nbhybrid/run/printout.hpp"

#include <cmath>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/render.hpp"

namespace nbhybrid::run {

namespace {

std::string matrix_lines(const Axes& axes) {
    std::string text = "cell vectors (Angstrom), columns a b c:\n";
    const auto row = [&](char name, double a, double b, double c) {
        text += format("%c: %11.8f %11.8f %11.8f\n", name, a * 1e10, b * 1e10, c * 1e10);
    };
    row('X', axes.a.x, axes.b.x, axes.c.x);
    row('Y', axes.a.y, axes.b.y, axes.c.y);
    row('Z', axes.a.z, axes.b.z, axes.c.z);
    return text;
}

std::string pixel_lines(const PlanView& plan, const Experiment& experiment, const kernel::PixelRecord& r) {
    const Vec3& p = r.last_position;
    const double twotheta = std::atan2(std::sqrt(p.y * p.y + p.z * p.z), p.x);
    std::string text = format("%4d %4d : stol = %g or %g\n", r.fast, r.slow, 0.5 * norm(r.last_scattering),
                              std::sin(twotheta / 2.0) / (experiment.beam.wavelength * 1e10));
    text += format("at %g %g %g\n", p.x, p.y, p.z);
    text += format("hkl= %f %f %f  hkl0= %d %d %d\n", r.last_step.index.x, r.last_step.index.y, r.last_step.index.z,
                   r.last_step.nearest.h, r.last_step.nearest.k, r.last_step.nearest.l);
    text += format(" F_cell=%g  F_latt=%g   I = %g\n", r.last_step.amplitude, r.last_step.lattice_factor, r.final_values.intensity);
    text += format("I/steps %15.10g\n", r.final_values.intensity / plan.scale.steps);
    text += format("polar   %15.10g\n", r.final_values.polarization);
    text += format("omega   %15.10g\n", r.final_values.solid_angle);
    text += format("capfrac %15.10g\n", r.final_values.capture);
    text += format("pixel   %15.10g\n", static_cast<double>(r.final_values.pixel));
    return text + matrix_lines(r.last_axes);
}

}  // namespace

std::string printout_text(const Plan& plan, const Experiment& experiment, const options::OutputOptions& options, int slow) {
    const PlanView& view = plan.view();
    const Region& region = view.detector.region;
    const bool all = options.printout_fast < 0;
    if (!all && slow != options.printout_slow) return "";
    std::string text;
    for (int fast = region.fast_first; fast <= region.fast_last; ++fast) {
        if (!all && fast != options.printout_fast) continue;
        if (kernel::is_masked(view.detector, kernel::pixel_index(view, slow, fast))) continue;
        kernel::PixelRecord record;
        record.slow = slow;
        record.fast = fast;
        kernel::trace_pixel(plan, record, false);
        text += pixel_lines(view, experiment, record);
    }
    return text;
}

}  // namespace nbhybrid::run
