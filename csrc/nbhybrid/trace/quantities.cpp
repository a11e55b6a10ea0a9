#include "nbhybrid/trace/quantities.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid::trace {

namespace {

using kernel::FirstStepRecord;
using kernel::PixelRecord;
using kernel::SourceRecord;
using kernel::TraceEvent;

class Quantities {
public:
    void value(const char* name, double v) { list_.push_back({name, 1, false, {v, 0, 0}}); }
    void value(const char* name, int v) { list_.push_back({name, 1, true, {static_cast<double>(v), 0, 0}}); }
    void vector(const char* name, const Vec3& v) { list_.push_back({name, 3, false, {v.x, v.y, v.z}}); }
    void indices(const char* name, const kernel::Indices& i) {
        list_.push_back({name, 3, true, {static_cast<double>(i.h), static_cast<double>(i.k), static_cast<double>(i.l)}});
    }
    void mark(const char* name) { list_.push_back({name, 0, false, {}}); }
    std::vector<Quantity> take() { return std::move(list_); }

private:
    std::vector<Quantity> list_;
};

void append_source(Quantities& q, const PlanView& plan, const SourceRecord& s) {
    const double close_distance = plan.detector.close_distance;
    q.vector("pix0_vector_meters", plan.detector.origin);
    q.vector("fdet_vec", plan.detector.fast_axis);
    q.vector("sdet_vec", plan.detector.slow_axis);
    q.vector("pixel_pos_meters", s.position);
    q.value("R_distance_meters", s.path);
    q.value("omega_pixel_sr", s.solid_angle);
    q.value("close_distance_meters", close_distance);
    q.value("obliquity_factor", close_distance / s.path);
    q.vector("diffracted_vec", s.diffracted);
    q.vector("incident_vec", s.incident);
    q.value("lambda_meters", s.wavelength);
    q.value("lambda_angstroms", s.wavelength * 1e10);
    q.vector("scattering_vec_A_inv", s.scattering);
}

Vec3 in_angstrom(const Vec3& v) { return {v.x * 1e10, v.y * 1e10, v.z * 1e10}; }

void append_first_step(Quantities& q, const PlanView& plan, bool square, const FirstStepRecord& s) {
    q.vector("rot_a_angstroms", in_angstrom(s.axes.a));
    q.vector("rot_b_angstroms", in_angstrom(s.axes.b));
    q.vector("rot_c_angstroms", in_angstrom(s.axes.c));
    q.vector("rot_a_star_A_inv", plan.crystal.a_star);
    q.vector("rot_b_star_A_inv", plan.crystal.b_star);
    q.vector("rot_c_star_A_inv", plan.crystal.c_star);
    q.vector("hkl_frac", s.index);
    q.indices("hkl_rounded", s.nearest);
    if (square) {
        q.value("F_latt_a", s.axis_factors.x);
        q.value("F_latt_b", s.axis_factors.y);
        q.value("F_latt_c", s.axis_factors.z);
    }
    q.value("F_latt", s.lattice_factor);
}

void append_end(Quantities& q, const PlanView& plan, const PixelRecord& record) {
    const kernel::FinalRecord& f = record.final_values;
    q.value("I_before_scaling", f.intensity);
    q.value("r_e_meters", std::sqrt(electron_radius_squared));
    q.value("r_e_sqr", electron_radius_squared);
    q.value("fluence_photons_per_m2", plan.scale.fluence);
    q.value("steps", plan.scale.steps);
    q.value("oversample_thick", plan.sensor.capture_of == FactorOf::each_subpixel ? 1 : 0);
    q.value("oversample_polar", plan.beam.polarization_of == FactorOf::each_subpixel ? 1 : 0);
    q.value("oversample_omega", plan.detector.solid_angle_of == FactorOf::each_subpixel ? 1 : 0);
    q.value("capture_fraction", f.capture);
    q.value("polar", f.polarization);
    q.value("omega_pixel", f.solid_angle);
    q.value("cos_2theta", f.cos_2theta);
    q.value("I_pixel_final", f.photons);
    q.value("floatimage_accumulated", static_cast<double>(f.pixel));
}

void append_events(Quantities& q, const Plan& plan, const PixelRecord& record) {
    for (const TraceEvent& event : record.events) {
        switch (event.kind) {
            case TraceEvent::Kind::source: append_source(q, plan.view(), record.sources[event.record]); break;
            case TraceEvent::Kind::first_step:
                append_first_step(q, plan.view(), plan.shape() == physics::CrystalShape::square, record.first_steps[event.record]);
                break;
            case TraceEvent::Kind::first_amplitude: q.value("F_cell", record.first_steps[event.record].amplitude); break;
            case TraceEvent::Kind::interpolation_ends: q.mark(interpolation_ends); break;
        }
    }
}

}  // namespace

std::vector<Quantity> quantities_of(const Plan& plan, const PixelRecord& record) {
    Quantities quantities;
    append_events(quantities, plan, record);
    append_end(quantities, plan.view(), record);
    return quantities.take();
}

}  // namespace nbhybrid::trace
