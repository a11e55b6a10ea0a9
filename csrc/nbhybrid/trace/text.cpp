#include "nbhybrid/trace/text.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::trace {

namespace {

using kernel::FirstStepRecord;
using kernel::PixelRecord;
using kernel::SourceRecord;
using kernel::TraceEvent;

constexpr const char* end_of_interpolation =
    "nbhybrid: from here on the nearest amplitude is taken: a neighbourhood for interpolation has left the table ";

class Lines {
public:
    void value(const char* name, double v) { text_ += format("TRACE_CPP: %s %.15g\n", name, v); }
    void value(const char* name, int v) { text_ += format("TRACE_CPP: %s %d\n", name, v); }
    void vector(const char* name, const Vec3& v) { text_ += format("TRACE_CPP: %s %.15g %.15g %.15g\n", name, v.x, v.y, v.z); }
    void raw(const std::string& text) { text_ += text; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void append_source(Lines& lines, const PlanView& plan, const SourceRecord& s) {
    const double close_distance = plan.detector.close_distance;
    lines.vector("pix0_vector_meters", plan.detector.origin);
    lines.vector("fdet_vec", plan.detector.fast_axis);
    lines.vector("sdet_vec", plan.detector.slow_axis);
    lines.vector("pixel_pos_meters", s.position);
    lines.value("R_distance_meters", s.path);
    lines.value("omega_pixel_sr", s.solid_angle);
    lines.value("close_distance_meters", close_distance);
    lines.value("obliquity_factor", close_distance / s.path);
    lines.vector("diffracted_vec", s.diffracted);
    lines.vector("incident_vec", s.incident);
    lines.value("lambda_meters", s.wavelength);
    lines.value("lambda_angstroms", s.wavelength * 1e10);
    lines.vector("scattering_vec_A_inv", s.scattering);
}

Vec3 in_angstrom(const Vec3& v) { return {v.x * 1e10, v.y * 1e10, v.z * 1e10}; }

void append_first_step(Lines& lines, const PlanView& plan, bool square, const FirstStepRecord& s) {
    lines.vector("rot_a_angstroms", in_angstrom(s.axes.a));
    lines.vector("rot_b_angstroms", in_angstrom(s.axes.b));
    lines.vector("rot_c_angstroms", in_angstrom(s.axes.c));
    lines.vector("rot_a_star_A_inv", plan.crystal.a_star);
    lines.vector("rot_b_star_A_inv", plan.crystal.b_star);
    lines.vector("rot_c_star_A_inv", plan.crystal.c_star);
    lines.vector("hkl_frac", s.index);
    lines.raw(format("TRACE_CPP: hkl_rounded %d %d %d\n", s.nearest.h, s.nearest.k, s.nearest.l));
    if (square) {
        lines.value("F_latt_a", s.axis_factors.x);
        lines.value("F_latt_b", s.axis_factors.y);
        lines.value("F_latt_c", s.axis_factors.z);
    }
    lines.value("F_latt", s.lattice_factor);
}

void append_end(Lines& lines, const PlanView& plan, const PixelRecord& record) {
    const kernel::FinalRecord& f = record.final_values;
    lines.value("I_before_scaling", f.intensity);
    lines.value("r_e_meters", std::sqrt(electron_radius_squared));
    lines.value("r_e_sqr", electron_radius_squared);
    lines.value("fluence_photons_per_m2", plan.scale.fluence);
    lines.value("steps", plan.scale.steps);
    lines.value("oversample_thick", plan.sensor.recomputes ? 1 : 0);
    lines.value("oversample_polar", plan.beam.recomputes ? 1 : 0);
    lines.value("oversample_omega", plan.detector.recomputes_solid_angle ? 1 : 0);
    lines.value("capture_fraction", f.capture);
    lines.value("polar", f.polarization);
    lines.value("omega_pixel", f.solid_angle);
    lines.value("cos_2theta", f.cos_2theta);
    lines.value("I_pixel_final", f.photons);
    lines.value("floatimage_accumulated", static_cast<double>(f.pixel));
}

void append_events(Lines& lines, const Plan& plan, const PixelRecord& record) {
    for (const TraceEvent& event : record.events) {
        switch (event.kind) {
            case TraceEvent::Kind::source: append_source(lines, plan.view(), record.sources[event.record]); break;
            case TraceEvent::Kind::first_step:
                append_first_step(lines, plan.view(), plan.shape() == physics::CrystalShape::square,
                                  record.first_steps[event.record]);
                break;
            case TraceEvent::Kind::first_amplitude: lines.value("F_cell", record.first_steps[event.record].amplitude); break;
            case TraceEvent::Kind::interpolation_ends: lines.raw(end_of_interpolation); break;
        }
    }
}

// The traced pixel that the reference would print first after interpolation has ended elsewhere; no_pixel if there is none.
PixelIndex announces_the_end(const Plan& plan, const std::vector<PixelRecord>& records) {
    const PixelIndex end = plan.view().carry_over.interpolation_ends;
    PixelIndex first = no_pixel;
    for (const PixelRecord& record : records) {
        const PixelIndex pixel = kernel::pixel_index(plan.view(), record.slow, record.fast);
        if (pixel == end) return no_pixel;
        if (record.rendered && pixel > end && pixel < first) first = pixel;
    }
    return first;
}

}  // namespace

std::string summary_text(const Plan& plan, const std::vector<PixelRecord>& records) {
    const PixelIndex announcing = announces_the_end(plan, records);
    Lines lines;
    for (const PixelRecord& record : records) {
        lines.raw(steps_heading(record));
        if (!record.rendered) continue;
        if (kernel::pixel_index(plan.view(), record.slow, record.fast) == announcing) lines.raw(end_of_interpolation);
        append_events(lines, plan, record);
        append_end(lines, plan.view(), record);
    }
    return lines.take();
}

std::string steps_heading(const PixelRecord& record) {
    const std::string line = format("# pixel %d %d\n", record.slow, record.fast);
    return record.rendered ? line : line + "# not rendered: outside the region of interest, or masked\n";
}

std::string step_line(const kernel::StepRecord& s) {
    return format("%d %d %d %d %d %d %a %a %a %d %d %d %a %a %a %a %a %a\n", s.layer, s.sub_slow, s.sub_fast, s.source, s.phi,
                  s.domain, s.index.x, s.index.y, s.index.z, s.nearest.h, s.nearest.k, s.nearest.l, s.lattice_factor, s.amplitude,
                  s.polarization, s.solid_angle, s.capture, s.intensity);
}

}  // namespace nbhybrid::trace
