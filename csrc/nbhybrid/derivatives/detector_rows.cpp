#include <cmath>

#include "nbhybrid/derivatives/parameter_row.hpp"
#include "nbhybrid/model/sensor.hpp"
#include "nbhybrid/options/placement.hpp"
#include "nbhybrid/options/rows.hpp"

namespace nbhybrid::derivatives {

namespace {

using options::degrees;
using options::micrometres_by_product;
using options::millimetres;

PlacementRequest request_of(const Subject& s) { return options::complete_placement(s.options, s.options.own.semantics); }

// Distances and centres.

std::string placed_by_origin(const PlacementRequest& q) { return q.origin ? "origin_mm says where the detector stands" : ""; }

std::string no_distance(const Subject& s) {
    const PlacementRequest q = request_of(s);
    return is_given(q.close_distance) && !q.origin ? "the distance along the normal was given: close_distance_mm"
                                                   : placed_by_origin(q);
}

std::string no_close_distance(const Subject& s) {
    const PlacementRequest q = request_of(s);
    return is_given(q.close_distance) ? placed_by_origin(q) : "no distance along the normal was given: distance_mm";
}

std::string no_beam_center(const Subject& s) {
    const PlacementRequest q = request_of(s);
    if (q.origin) return placed_by_origin(q);
    return is_given(q.x_beam) && is_given(q.y_beam) ? "" : "it was not given with both its numbers";
}

// Of one number of the request, which a unit turns into metres or radians.
template <Dual PlacementRequestT<Dual>::* member>
void move_length(MovingExperiment& e, std::size_t, double step) {
    (e.placement.*member).slope += millimetres.inside(step);
}

void move_beam_center(MovingExperiment& e, std::size_t i, double step) {
    (i == 0 ? e.placement.x_beam : e.placement.y_beam).slope += millimetres.inside(step);
}

// Angles.

void move_rotation(MovingExperiment& e, std::size_t i, double step) {
    component_of(e.placement.rotation, i).slope += degrees.inside(step);
}

void move_twotheta(MovingExperiment& e, std::size_t, double step) { e.placement.twotheta.slope += degrees.inside(step); }

// Vectors.

std::string no_axes(const Subject& s) {
    const Convention convention = s.options.detector.placement.convention;
    return convention == Convention::custom ? "" : std::string("it is fixed by the ") + name_of(convention) + " convention";
}

std::string no_origin(const Subject& s) {
    if (request_of(s).origin) return "";
    const std::string reason = "the corner of the first pixel follows from the beam centre and the distance";
    return s.options.detector.pix0 ? reason + how_to_correct(Defect::pix0_overwritten) : reason;
}

template <Vec3T<Dual> LaboratoryFrameT<Dual>::* axis>
void move_axis(MovingExperiment& e, std::size_t i, double step) {
    component_of(e.placement.custom_frame.*axis, i).slope += step;
}

void move_origin(MovingExperiment& e, std::size_t i, double step) {
    component_of(*e.placement.origin, i).slope += millimetres.inside(step);
}

// Sensor.

std::string no_thickness(const Subject& s) {
    return s.options.detector.sensor_thickness > 0 ? "" : "the sensor has no thickness: every photon is counted";
}

std::string no_attenuation(const Subject& s) {
    const double attenuation = s.options.detector.attenuation;
    if (!(s.options.detector.sensor_thickness > 0)) return no_thickness(s);
    if (attenuation < 0) return "no attenuation depth was given: it is the thickness";
    return attenuation == 0 ? "the attenuation depth is infinite" : "";
}

void move_thickness(MovingExperiment& e, std::size_t, double step) {
    e.sensor_thickness.slope += micrometres_by_product.inside(step);
}

void move_attenuation_depth(MovingExperiment& e, std::size_t, double step) {
    const Dual depth{attenuation_of_depth(e.attenuation.value),
                     micrometres_by_product.inside(step)};  // the same the other way round
    e.attenuation.slope += attenuation_of_depth(depth).slope;
}

// scan

std::string no_range(const Subject& s) {
    const SamplingRequest& asked = s.options.scan.rotation;
    if (asked.range < 0) return "no range was given";
    const bool has_step = asked.count < 0 ? asked.step > 0 : asked.step >= 0;
    if (has_step) return "the step of the scan was given, and the range only says how many steps there are";
    return s.experiment().scan.rotation.count <= 1 ? "there is one step alone, which is at phi_deg" : "";
}

void move_phi(MovingExperiment& e, std::size_t, double step) { e.phi.slope += degrees.inside(step); }
void move_range(MovingExperiment& e, std::size_t, double step) { e.scan.range.slope += degrees.inside(step); }

}  // namespace

const std::vector<ParameterRow>& detector_rows() {
    using Request = PlacementRequestT<Dual>;
    using Frame = LaboratoryFrameT<Dual>;
    static const std::vector<ParameterRow> rows = {
        {"distance_mm", "mm", one_number, no_distance, move_length<&Request::distance>},
        {"close_distance_mm", "mm", one_number, no_close_distance, move_length<&Request::close_distance>},
        {"beam_center_mm", "mm", several_numbers<2>, no_beam_center, move_beam_center},
        {"rotation_deg", "deg", several_numbers<3>, never, move_rotation},
        {"twotheta_deg", "deg", one_number, never, move_twotheta},
        {"origin_mm", "mm", several_numbers<3>, no_origin, move_origin},
        {"fast_axis", "", several_numbers<3>, no_axes, move_axis<&Frame::fast>},
        {"slow_axis", "", several_numbers<3>, no_axes, move_axis<&Frame::slow>},
        {"pixel_size_mm", "mm", one_number, never, move_length<&Request::pixel_size>},
        {"sensor.thickness_um", "um", one_number, no_thickness, move_thickness},
        {"sensor.attenuation_depth_um", "um", one_number, no_attenuation, move_attenuation_depth},
    };
    return rows;
}

const std::vector<ParameterRow>& scan_rows() {
    static const std::vector<ParameterRow> rows = {
        {"scan.phi_deg", "deg", one_number, never, move_phi},
        {"scan.range_deg", "deg", one_number, no_range, move_range},
    };
    return rows;
}

}  // namespace nbhybrid::derivatives
