#include "nbhybrid/model/detector_placement.hpp"

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

using numerics::Dual;
using numerics::value_of;

namespace {

using physics::rotate_about;
using physics::rotate_xyz;

constexpr LaboratoryFrame mosflm_frame{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {1, 0, 0}, {0, 0, -1}, {0, 0, 1}, {0, 0, 1}};
constexpr LaboratoryFrame adxv_frame{{0, 0, 1}, {1, 0, 0}, {0, -1, 0}, {0, 0, 1}, {-1, 0, 0}, {1, 0, 0}, {1, 0, 0}};
constexpr LaboratoryFrame xds_frame{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 0, 0}, {1, 0, 0}};
constexpr LaboratoryFrame dials_frame{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0}};

template <class T>
LaboratoryFrameT<T> as(const LaboratoryFrame& f) {
    return {nbhybrid::as<T>(f.beam),          nbhybrid::as<T>(f.fast),         nbhybrid::as<T>(f.slow),   nbhybrid::as<T>(f.normal),
            nbhybrid::as<T>(f.twotheta_axis), nbhybrid::as<T>(f.polarization), nbhybrid::as<T>(f.spindle)};
}

template <class T>
LaboratoryFrameT<T> frame_of(const PlacementRequestT<T>& request) {
    switch (request.convention) {
        case Convention::adxv: return as<T>(adxv_frame);
        case Convention::mosflm:
        case Convention::denzo: return as<T>(mosflm_frame);
        case Convention::xds: return as<T>(xds_frame);
        case Convention::dials: return as<T>(dials_frame);
        case Convention::custom: break;
    }
    return request.custom_frame;
}

template <class T>
Pivot usual_pivot(const PlacementRequestT<T>& request) {
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

template <class T>
T value_or(const T& value, const T& otherwise) {
    return is_given(value) ? value : otherwise;
}

// Beam and nearest point on the detector before any rotation.
template <class T>
struct Centres {
    T header_beam_x, header_beam_y;
    T beam_fast, beam_slow;
    T close_fast, close_slow;
};

template <class T>
Centres<T> centres_of(const PlacementRequestT<T>& q) {
    const T half_pixel = 0.5 * q.pixel_size;
    Centres<T> c{};
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
            const T shift = q.convention == Convention::mosflm ? half_pixel : T(0.0);
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

template <class T>
Vec3T<T> unit_vector(const Vec3T<T>& v, const char* what) {
    const Vec3T<T> unit = normalized(v);
    if (!is_finite(unit) || !(norm(unit) > T(0.5))) throw ModelError(std::string(what) + " has no direction");
    return unit;
}

// The orientation of the detector, which is known before its position.
template <class T>
struct Attitude {
    Vec3T<T> fast, slow, normal;  // after all rotations
    T cos_before;                 // between beam and normal before the detector turns
    T cos_tilt;                   // and where it stands: what turns a distance along the beam into one along the normal
};

template <class T>
Vec3T<T> swing(const Vec3T<T>& v, const PlacementRequestT<T>& q, const LaboratoryFrameT<T>& frame) {
    return rotate_about(rotate_xyz(v, q.rotation), frame.twotheta_axis, q.twotheta);
}

template <class T>
Attitude<T> attitude_of(const PlacementRequestT<T>& q, const LaboratoryFrameT<T>& frame, bool distance_is_corrected) {
    Attitude<T> a{swing(frame.fast, q, frame), swing(frame.slow, q, frame), swing(frame.normal, q, frame), 0, 0};
    a.cos_before = dot(frame.beam, frame.normal);
    // The reference leaves the two-theta angle out.
    a.cos_tilt = distance_is_corrected && q.twotheta != T(0.0) ? dot(frame.beam, a.normal)
                                                               : dot(frame.beam, rotate_xyz(frame.normal, q.rotation));
    constexpr double least_cosine = 1e-9;  // of a detector that the beam meets: rounding errors are a millionth of it
    const double cos_tilt = value_of(a.cos_tilt);
    const bool is_parallel = cos_tilt == 0.0 || (distance_is_corrected && std::fabs(cos_tilt) < least_cosine);
    if (is_parallel && !(distance_is_corrected && is_given(q.close_distance) && cos_tilt != 0.0))
        throw ModelError("the detector lies parallel to the beam, which never meets it");
    return a;
}

// Distances of the detector; if it is curved, of the plane that is bent.
template <class T>
struct Distances {
    T along_beam, along_normal;
};

template <class T>
Distances<T> distances_of(const PlacementRequestT<T>& q, const Attitude<T>& a) {
    using std::fabs;
    const T close_distance = is_given(q.close_distance) ? q.close_distance : fabs(a.cos_tilt * q.distance);
    return {close_distance / a.cos_tilt, close_distance};
}

template <class T>
void check_distances(const PlacementRequestT<T>& q, const Attitude<T>& a, bool curved) {
    const double distance = value_of(q.distance), close_distance = value_of(q.close_distance);
    if (!is_given(close_distance) || distance == usual_distance || q.origin) return;
    constexpr double tolerance = 1e-4;  // of the distance: as it is typed, with four digits or more
    const double expected = curved ? distance : std::fabs(value_of(a.cos_tilt) * distance);
    if (!(std::fabs(expected - close_distance) <= tolerance * close_distance))
        throw ModelError(format("-distance %.10g and -close_distance %.10g contradict each other: %s %.10g mm", 1000 * distance,
                                1000 * close_distance, curved ? "the radius would be" : "along the normal the first is",
                                1000 * expected));
}

// Distances of the detector after the two-theta swing; the reference takes those before it. Of a curved detector either is the
// radius.
template <class T>
Distances<T> corrected_distances(const PlacementRequestT<T>& q, const Attitude<T>& a, bool curved) {
    using std::copysign;
    using std::fabs;
    check_distances(q, a, curved);
    if (curved) {
        const T radius = is_given(q.close_distance) ? q.close_distance : q.distance;
        return {radius, radius};
    }
    if (is_given(q.close_distance)) return {q.close_distance / a.cos_tilt, q.close_distance};
    return {copysign(q.distance, a.cos_tilt), fabs(a.cos_tilt * q.distance)};
}

// One axis of the detector, fast or slow, and what was given of the centres along it.
template <class T>
struct CentreAxis {
    const char* name;
    const char* beam_option;
    const char* close_option;
    T beam, close, usual;  // usual: where nothing is given
    T slope;               // how far the beam's place is from the nearest point for each metre along the beam
    T slope_before;        // and before the detector turns
};

template <class T>
struct Leverage {
    T along_beam;         // where the detector stands
    T along_beam_before;  // before it turned
};

// The coordinate, along this axis, of the point about which the detector pivots.
template <class T>
T corrected_centre(const CentreAxis<T>& axis, const PlacementRequestT<T>& q, Pivot pivot, const Leverage<T>& leverage) {
    // If the user named a pivot, centres are those before the rotation; otherwise those of the detector after all rotations.
    const T shift = q.pivot_asked ? leverage.along_beam_before * axis.slope_before : leverage.along_beam * axis.slope;
    if (is_given(axis.beam) && is_given(axis.close)) {
        const double tolerance = 0.01 * value_of(q.pixel_size);  // finer than anybody knows a beam centre
        const double by_first = value_of(axis.beam), by_second = value_of(axis.close + shift);
        if (!(std::fabs(by_second - by_first) <= tolerance))
            throw ModelError(
                format("%s and %s contradict each other: by the first the beam meets the detector %.10g mm along its %s "
                       "axis, by the second %.10g mm",
                       axis.beam_option, axis.close_option, 1000 * by_first, axis.name, 1000 * by_second));
    }
    if (pivot == Pivot::beam) return is_given(axis.beam) ? axis.beam : is_given(axis.close) ? axis.close + shift : axis.usual;
    return is_given(axis.close) ? axis.close : is_given(axis.beam) ? axis.beam - shift : axis.usual;
}

// The nearest point may be given twice.
template <class T>
T close_of(const T& close, const T& org, const T& pixel_size, const char* close_option, const char* org_option) {
    const T from_org = (org - 0.5) * pixel_size;
    if (is_given(close) && is_given(org) && !(std::fabs(value_of(close - from_org)) <= 0.01 * value_of(pixel_size)))
        throw ModelError(format("%s and %s contradict each other: the nearest point is at %.10g mm, or at %.10g mm", close_option,
                                org_option, 1000 * value_of(close), 1000 * value_of(from_org)));
    return is_given(org) ? from_org : close;
}

// All of -Xbeam, -Xclose, -ORGX and -pivot count, in every convention.
template <class T>
void correct_centres(const PlacementRequestT<T>& q, const LaboratoryFrameT<T>& frame, const Attitude<T>& a,
                     const Distances<T>& distances, Centres<T>& c, Pivot& pivot) {
    const bool swaps = q.convention == Convention::mosflm || q.convention == Convention::denzo;
    const DetectorPointT<T> beam = beam_point(q);
    PlacementRequestT<T> nothing = q;
    nothing.x_beam = nothing.y_beam = nothing.x_close = nothing.y_close = nothing.org_x = nothing.org_y = T(not_given);
    const Centres<T> usual = centres_of(nothing);
    const CentreAxis<T> fast{"fast",
                             swaps ? "-Ybeam" : "-Xbeam",
                             is_given(q.org_x) ? "-ORGX" : "-Xclose",
                             beam.fast,
                             close_of(q.x_close, q.org_x, q.pixel_size, "-Xclose", "-ORGX"),
                             usual.beam_fast,
                             dot(frame.beam, a.fast),
                             dot(frame.beam, frame.fast)};
    const CentreAxis<T> slow{"slow",
                             swaps ? "-Xbeam" : "-Ybeam",
                             is_given(q.org_y) ? "-ORGY" : "-Yclose",
                             beam.slow,
                             close_of(q.y_close, q.org_y, q.pixel_size, "-Yclose", "-ORGY"),
                             usual.beam_slow,
                             dot(frame.beam, a.slow),
                             dot(frame.beam, frame.slow)};
    if (q.pivot_asked) pivot = *q.pivot_asked;
    else if (is_given(fast.beam) || is_given(slow.beam)) pivot = Pivot::beam;
    else if (is_given(fast.close) || is_given(slow.close)) pivot = Pivot::sample;
    const Leverage<T> leverage{distances.along_beam, distances.along_normal / a.cos_before};
    c.beam_fast = c.close_fast = corrected_centre(fast, q, pivot, leverage);
    c.beam_slow = c.close_slow = corrected_centre(slow, q, pivot, leverage);
}

void check_is_finite(const PlacementRequest& q, const Detector& d) {
    // Positions beyond this would overflow when they are squared.
    constexpr double farthest = 1e100;
    if (!(norm(d.origin) < farthest && q.size_fast < farthest && q.size_slow < farthest))
        throw ModelError("the detector is farther away, or larger, than can be computed with");
    if (!is_finite(d.origin) || !is_finite(d.fast_axis) || !is_finite(d.slow_axis) || !is_finite(d.normal) ||
        !std::isfinite(d.distance) || !std::isfinite(d.origins.beam_fast) || !std::isfinite(d.origins.beam_slow))
        throw ModelError("the position of the detector is not finite");
}

// From origin and distance: where beam and nearest point are on the detector.
void find_origins(const PlacementRequest& q, const LaboratoryFrame& frame, Detector& d) {
    const Vec3 from_corner_to_beam = d.distance * frame.beam - d.origin;
    DetectorOrigins& o = d.origins;
    o.close_fast = -dot(d.origin, d.fast_axis);
    o.close_slow = -dot(d.origin, d.slow_axis);
    o.beam_fast = dot(d.fast_axis, from_corner_to_beam);
    o.beam_slow = dot(d.slow_axis, from_corner_to_beam);
    o.xds_org_x = o.close_fast / q.pixel_size + 0.5;
    o.xds_org_y = o.close_slow / q.pixel_size + 0.5;
    o.dials_origin_mm = {1000.0 * dot(d.origin, Vec3{0, 0, 1}), 1000.0 * dot(d.origin, Vec3{0, 1, 0}),
                         1000.0 * dot(d.origin, Vec3{-1, 0, 0})};
}

// Where the beam meets the detector, in the convention's terms.
void name_beam_centre(PlacementRequest q, DetectorOrigins& o) {
    set_beam_point({o.beam_fast, o.beam_slow}, q);
    o.header_beam_x = q.x_beam;
    o.header_beam_y = q.y_beam;
}

template <class T>
struct Placed {
    PlacementT<T> placement;
    Pivot pivot;
    Centres<T> centres;
};

template <class T>
Placed<T> place(const PlacementRequestT<T>& q, const LaboratoryFrameT<T>& frame, bool is_curved, const Semantics& semantics) {
    const bool distance_is_corrected = semantics.corrects(Defect::distance);
    const Attitude<T> attitude = attitude_of(q, frame, distance_is_corrected);
    Distances<T> distances = distances_of(q, attitude);
    bool has_radius = false;
    if (distance_is_corrected) {
        const Distances<T> corrected = corrected_distances(q, attitude, is_curved);
        // Without a rotation both are equal, and this way the bits are the reference's.
        has_radius = is_curved && attitude.cos_tilt != T(1.0) && !q.origin;
        if (has_radius || q.twotheta != T(0.0)) distances = corrected;
    }
    Placed<T> placed{{}, usual_pivot(q), centres_of(q)};
    const Centres<T>& centres = placed.centres;
    if (semantics.corrects(Defect::beam_center) && !q.origin)
        correct_centres(q, frame, attitude, distances, placed.centres, placed.pivot);

    PlacementT<T>& d = placed.placement;
    d.fast_axis = attitude.fast;
    d.slow_axis = attitude.slow;
    d.normal = attitude.normal;
    if (q.origin) d.origin = *q.origin;
    else if (placed.pivot == Pivot::sample)
        d.origin = swing(-centres.close_fast * frame.fast - centres.close_slow * frame.slow + distances.along_normal * frame.normal,
                         q, frame);
    else d.origin = -centres.beam_fast * d.fast_axis - centres.beam_slow * d.slow_axis + distances.along_beam * frame.beam;

    d.close_distance = has_radius ? distances.along_normal : dot(d.origin, d.normal);
    d.distance = has_radius ? distances.along_beam : d.close_distance / attitude.cos_tilt;
    return placed;
}

}  // namespace

template <class T>
DetectorPointT<T> beam_point(const PlacementRequestT<T>& q) {
    switch (q.convention) {
        case Convention::adxv: return {q.x_beam, q.size_slow - q.y_beam};
        case Convention::mosflm: return {q.y_beam + 0.5 * q.pixel_size, q.x_beam + 0.5 * q.pixel_size};
        case Convention::denzo: return {q.y_beam, q.x_beam};
        case Convention::xds:
        case Convention::dials:
        case Convention::custom: break;
    }
    return {q.x_beam, q.y_beam};
}

void set_beam_point(const DetectorPoint& point, PlacementRequest& q) {
    q.x_beam = point.fast;
    q.y_beam = point.slow;
    if (q.convention == Convention::adxv) q.y_beam = q.size_slow - point.slow;
    if (q.convention != Convention::mosflm && q.convention != Convention::denzo) return;
    const double shift = q.convention == Convention::mosflm ? 0.5 * q.pixel_size : 0.0;
    q.x_beam = point.slow - shift;
    q.y_beam = point.fast - shift;
}

template <class T>
LaboratoryFrameT<T> resolve_frame(const PlacementRequestT<T>& request, Warnings& warnings) {
    LaboratoryFrameT<T> frame = frame_of(request);
    frame.beam = unit_vector(frame.beam, "the beam (-beam_vector)");
    frame.fast = unit_vector(frame.fast, "the fast axis of the detector (-fdet_vector)");
    frame.slow = unit_vector(frame.slow, "the slow axis of the detector (-sdet_vector)");
    if (norm(frame.normal) != T(1.0)) {
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

template <class T>
PlacementT<T> placement_of(const PlacementRequestT<T>& q, const LaboratoryFrameT<T>& frame, bool is_curved,
                           const Semantics& semantics) {
    return place(q, frame, is_curved, semantics).placement;
}

void place_detector(const PlacementRequest& q, const LaboratoryFrame& frame, Detector& d, const Semantics& semantics) {
    const Placed<double> placed = place(q, frame, d.curved, semantics);
    static_cast<PlacementT<double>&>(d) = placed.placement;
    d.pivot = placed.pivot;
    d.convention = q.convention;
    d.frame = frame;
    d.rotation = q.rotation;
    d.twotheta = q.twotheta;
    find_origins(q, frame, d);
    d.origins.header_beam_x = placed.centres.header_beam_x;
    d.origins.header_beam_y = placed.centres.header_beam_y;
    if (semantics.corrects(Defect::beam_center)) name_beam_centre(q, d.origins);
    check_is_finite(q, d);
}

template DetectorPoint beam_point(const PlacementRequest&);
template LaboratoryFrame resolve_frame(const PlacementRequest&, Warnings&);
template LaboratoryFrameT<Dual> resolve_frame(const PlacementRequestT<Dual>&, Warnings&);
template PlacementT<double> placement_of(const PlacementRequest&, const LaboratoryFrame&, bool, const Semantics&);
template PlacementT<Dual> placement_of(const PlacementRequestT<Dual>&, const LaboratoryFrameT<Dual>&, bool, const Semantics&);

}  // namespace nbhybrid
