#include "nbhybrid/model/detector_placement.hpp"

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

namespace {

using physics::rotate_about;
using physics::rotate_xyz;

constexpr LaboratoryFrame mosflm_frame{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {1, 0, 0}, {0, 0, -1}, {0, 0, 1}, {0, 0, 1}};
constexpr LaboratoryFrame adxv_frame{{0, 0, 1}, {1, 0, 0}, {0, -1, 0}, {0, 0, 1}, {-1, 0, 0}, {1, 0, 0}, {1, 0, 0}};
constexpr LaboratoryFrame xds_frame{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 0, 0}, {1, 0, 0}};
constexpr LaboratoryFrame dials_frame{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0}};

const LaboratoryFrame& frame_of(const PlacementRequest& request) {
    switch (request.convention) {
        case Convention::adxv: return adxv_frame;
        case Convention::mosflm:
        case Convention::denzo: return mosflm_frame;
        case Convention::xds: return xds_frame;
        case Convention::dials: return dials_frame;
        case Convention::custom: break;
    }
    return request.custom_frame;
}

Pivot pivot_of(const PlacementRequest& request) {
    switch (request.convention) {
        case Convention::adxv:
        case Convention::mosflm:
        case Convention::denzo: return Pivot::beam;
        case Convention::xds:
        case Convention::dials: return Pivot::sample;
        case Convention::custom: break;
    }
    return request.pivot;
}

double value_or(double value, double otherwise) { return is_given(value) ? value : otherwise; }

// Beam and nearest point on the detector before any rotation.
struct Centres {
    double header_beam_x, header_beam_y;
    double beam_fast, beam_slow;
    double close_fast, close_slow;
};

Centres centres_of(const PlacementRequest& q) {
    const double half_pixel = 0.5 * q.pixel_size;
    Centres c{};
    c.close_fast = is_given(q.org_x) ? (q.org_x - 0.5) * q.pixel_size : q.size_fast / 2.0;
    c.close_slow = is_given(q.org_y) ? (q.org_y - 0.5) * q.pixel_size : q.size_slow / 2.0;
    switch (q.convention) {
        case Convention::adxv:  // origin at the far edge of the slow axis
            c.header_beam_x = value_or(q.x_beam, (q.size_fast + q.pixel_size) / 2.0);
            c.header_beam_y = value_or(q.y_beam, (q.size_slow - q.pixel_size) / 2.0);
            c.beam_fast = c.header_beam_x;
            c.beam_slow = q.size_slow - c.header_beam_y;
            break;
        case Convention::mosflm:   // x runs along the slow axis; coordinates of pixel centres
        case Convention::denzo: {  // the same from pixel corners
            const double shift = q.convention == Convention::mosflm ? half_pixel : 0.0;
            c.header_beam_x = value_or(q.x_beam, (q.size_slow + q.pixel_size) / 2.0);
            c.header_beam_y = value_or(q.y_beam, (q.size_fast + q.pixel_size) / 2.0);
            c.beam_fast = c.header_beam_y + shift;
            c.beam_slow = c.header_beam_x + shift;
            break;
        }
        case Convention::xds:
        case Convention::dials:
        case Convention::custom:
            c.header_beam_x = value_or(q.x_beam, value_or(q.x_close, c.close_fast));
            c.header_beam_y = value_or(q.y_beam, value_or(q.y_close, c.close_slow));
            c.beam_fast = c.header_beam_x;
            c.beam_slow = c.header_beam_y;
            break;
    }
    if (q.convention == Convention::custom) {
        c.close_fast = c.header_beam_x;
        c.close_slow = c.header_beam_y;
    }
    return c;
}

Vec3 unit_vector(const Vec3& v, const char* what) {
    const Vec3 unit = normalized(v);
    if (!is_finite(unit) || !(norm(unit) > 0.5)) throw ModelError(std::string(what) + " has no direction");
    return unit;
}

}  // namespace

LaboratoryFrame resolve_frame(const PlacementRequest& request, Warnings& warnings) {
    LaboratoryFrame frame = frame_of(request);
    frame.beam = unit_vector(frame.beam, "the beam (-beam_vector)");
    frame.fast = unit_vector(frame.fast, "the fast axis of the detector (-fdet_vector)");
    frame.slow = unit_vector(frame.slow, "the slow axis of the detector (-sdet_vector)");
    if (norm(frame.normal) != 1.0) {
        frame.normal =
            unit_vector(cross(frame.fast, frame.slow), "the detector's normal: its fast and slow axes are parallel, so it");
        warnings.add(
            "normal-replaced",
            "-odet_vector is not exactly of length 1: it is replaced by the cross product of -fdet_vector and -sdet_vector");
    }
    frame.polarization = unit_vector(frame.polarization, "the polarization (-polar_vector)");
    frame.spindle = unit_vector(frame.spindle, "the spindle (-spindle_axis)");
    return frame;
}

void place_detector(const PlacementRequest& q, const LaboratoryFrame& frame, Detector& d) {
    const Centres centres = centres_of(q);
    d.convention = q.convention;
    d.pivot = pivot_of(q);
    d.twotheta = q.twotheta;
    const auto swing = [&](const Vec3& v) { return rotate_about(rotate_xyz(v, q.rotation), frame.twotheta_axis, q.twotheta); };

    const double cos_tilt = dot(frame.beam, rotate_xyz(frame.normal, q.rotation));
    if (cos_tilt == 0.0) throw ModelError("the detector lies parallel to the beam, which never meets it");
    const double close_distance = is_given(q.close_distance) ? q.close_distance : std::fabs(cos_tilt * q.distance);
    const double distance = close_distance / cos_tilt;

    d.fast_axis = swing(frame.fast);
    d.slow_axis = swing(frame.slow);
    d.normal = swing(frame.normal);
    if (q.origin) d.origin = *q.origin;
    else if (d.pivot == Pivot::sample)
        d.origin = swing(-centres.close_fast * frame.fast - centres.close_slow * frame.slow + close_distance * frame.normal);
    else d.origin = -centres.beam_fast * d.fast_axis - centres.beam_slow * d.slow_axis + distance * frame.beam;

    d.close_distance = dot(d.origin, d.normal);
    d.distance = d.close_distance / cos_tilt;
    const Vec3 from_corner_to_beam = d.close_distance / cos_tilt * frame.beam - d.origin;
    DetectorOrigins& o = d.origins;
    o.close_fast = -dot(d.origin, d.fast_axis);
    o.close_slow = -dot(d.origin, d.slow_axis);
    o.beam_fast = dot(d.fast_axis, from_corner_to_beam);
    o.beam_slow = dot(d.slow_axis, from_corner_to_beam);
    o.header_beam_x = centres.header_beam_x;
    o.header_beam_y = centres.header_beam_y;
    o.xds_org_x = o.close_fast / q.pixel_size + 0.5;
    o.xds_org_y = o.close_slow / q.pixel_size + 0.5;
    o.dials_origin_mm = {1000.0 * dot(d.origin, Vec3{0, 0, 1}), 1000.0 * dot(d.origin, Vec3{0, 1, 0}),
                         1000.0 * dot(d.origin, Vec3{-1, 0, 0})};
    // Positions beyond this would overflow when they are squared.
    constexpr double farthest = 1e100;
    if (!(norm(d.origin) < farthest && q.size_fast < farthest && q.size_slow < farthest))
        throw ModelError("the detector is farther away, or larger, than can be computed with");
    if (!is_finite(d.origin) || !is_finite(d.fast_axis) || !is_finite(d.slow_axis) || !is_finite(d.normal) ||
        !std::isfinite(d.distance) || !std::isfinite(o.beam_fast) || !std::isfinite(o.beam_slow))
        throw ModelError("the position of the detector is not finite");
}

}  // namespace nbhybrid
