#include <cmath>
#include <limits>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/model/detector_placement.hpp"
#include "nbhybrid/physics/rotation.hpp"

using namespace nbhybrid;

namespace {

bool near(double found, double expected, double tolerance) { return std::fabs(found - expected) <= tolerance; }
bool near(const Vec3& u, const Vec3& v, double tolerance) { return norm(u - v) <= tolerance; }

constexpr double pixel = 1e-4, size_fast = 0.1, size_slow = 0.13, distance = 0.2;

const Convention conventions[] = {Convention::mosflm, Convention::denzo, Convention::adxv,
                                  Convention::xds,    Convention::dials, Convention::custom};

PlacementRequest request_of(Convention convention) {
    PlacementRequest q;
    q.convention = convention;
    q.pixel_size = pixel;
    q.size_fast = size_fast;
    q.size_slow = size_slow;
    q.distance = distance;
    return q;
}

struct Placed {
    LaboratoryFrame frame;
    Detector detector;
};

Placed place(const PlacementRequest& q, const Semantics& semantics = {}) {
    Placed p;
    Warnings warnings;
    p.frame = resolve_frame(q, warnings);
    place_detector(q, p.frame, p.detector, semantics);
    CHECK(warnings.all().empty());
    return p;
}

Vec3 at(const Detector& d, double fast, double slow) { return d.origin + fast * d.fast_axis + slow * d.slow_axis; }

// Where a header's beam centre is on the detector, metres along the fast and the slow axis.
struct Spot {
    double fast, slow;
};

Spot spot_of(Convention convention, double x, double y) {
    switch (convention) {
        case Convention::mosflm: return {y + pixel / 2, x + pixel / 2};
        case Convention::denzo: return {y, x};
        case Convention::adxv: return {x, size_slow - y};
        case Convention::xds:
        case Convention::dials:
        case Convention::custom: break;
    }
    return {x, y};
}

bool pivots_at_beam(Convention c) { return c == Convention::mosflm || c == Convention::denzo || c == Convention::adxv; }

}  // namespace

TEST("detector placement: every convention puts the beam where its header says") {
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        q.x_beam = 0.031;
        q.y_beam = 0.052;
        // Those that pivot about the sample place the detector by its nearest point; without a rotation that is the beam's.
        if (!pivots_at_beam(convention)) {
            q.org_x = q.x_beam / pixel + 0.5;
            q.org_y = q.y_beam / pixel + 0.5;
        }
        const Placed p = place(q);
        const Spot spot = spot_of(convention, q.x_beam, q.y_beam);
        CHECK(near(at(p.detector, spot.fast, spot.slow), distance * p.frame.beam, 1e-16));
        CHECK(near(p.detector.origins.beam_fast, spot.fast, 1e-16));
        CHECK(near(p.detector.origins.beam_slow, spot.slow, 1e-16));
        CHECK_EQ(p.detector.origins.header_beam_x, q.x_beam);
        CHECK_EQ(p.detector.origins.header_beam_y, q.y_beam);
    }
}

TEST("detector placement: without a beam centre it is the middle, give or take what the conventions think of pixels") {
    for (const Convention convention : conventions) {
        const Placed p = place(request_of(convention));
        const bool whole = convention == Convention::mosflm;  // half a pixel of the default and half a pixel of the convention
        const bool half = convention == Convention::denzo || convention == Convention::adxv;
        const double off = whole ? pixel : half ? pixel / 2 : 0.0;
        CHECK(near(p.detector.origins.beam_fast, size_fast / 2 + off, 1e-16));
        CHECK(near(p.detector.origins.beam_slow, size_slow / 2 + off, 1e-16));
    }
}

TEST("detector placement: frames are orthonormal, and beam and normal point the same way") {
    for (const Convention convention : conventions) {
        const LaboratoryFrame f = place(request_of(convention)).frame;
        for (const Vec3& v : {f.beam, f.fast, f.slow, f.normal, f.polarization, f.spindle}) CHECK(near(norm(v), 1, 1e-15));
        CHECK(near(dot(f.fast, f.slow), 0, 1e-16));
        CHECK(near(cross(f.fast, f.slow), f.normal, 1e-16) || near(cross(f.fast, f.slow), -f.normal, 1e-16));
        CHECK(near(f.beam, f.normal, 1e-16));
        CHECK(near(dot(f.polarization, f.beam), 0, 1e-16));
    }
}

TEST("detector placement: turned in any way, the derived points are what they are called") {
    for (const Convention convention : conventions)
        for (const Pivot pivot : {Pivot::beam, Pivot::sample}) {
            PlacementRequest q = request_of(convention);
            q.pivot = pivot;
            q.x_beam = 0.031;
            q.y_beam = 0.052;
            q.org_x = 200;
            q.org_y = 333;
            q.rotation = {0.1, -0.25, 0.3};
            q.twotheta = 0.4;
            const Placed p = place(q);
            const Detector& d = p.detector;
            const DetectorOrigins& o = d.origins;
            CHECK(d.pivot == (convention == Convention::custom ? pivot : pivots_at_beam(convention) ? Pivot::beam : Pivot::sample));
            // The axes stay at right angles, and have turned with the rotations in their order.
            CHECK(near(dot(d.fast_axis, d.slow_axis), 0, 1e-15) && near(dot(d.fast_axis, d.normal), 0, 1e-15));
            const Vec3 turned = physics::rotate_about(physics::rotate_xyz(p.frame.fast, q.rotation), p.frame.twotheta_axis, 0.4);
            CHECK(near(d.fast_axis, turned, 1e-15));
            // The nearest point of the plane: from the sample to it leads the normal.
            CHECK(near(at(d, o.close_fast, o.close_slow), d.close_distance * d.normal, 1e-15));
            CHECK(near(d.origin.x * d.normal.x + d.origin.y * d.normal.y + d.origin.z * d.normal.z, d.close_distance, 1e-16));
            CHECK(near(o.xds_org_x, o.close_fast / pixel + 0.5, 1e-12));
            CHECK(near(norm(o.dials_origin_mm), 1000 * norm(d.origin), 1e-10));
        }
}

TEST("detector placement: tilted before the swing, the beam meets it at the distance") {
    // A two-theta swing comes after the tilt is looked at, so that it is left out here.
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        q.x_beam = 0.031;
        q.y_beam = 0.052;
        q.rotation = {0.1, -0.25, 0.3};
        const Placed p = place(q);
        const Detector& d = p.detector;
        CHECK(near(at(d, d.origins.beam_fast, d.origins.beam_slow), d.distance * p.frame.beam, 1e-15));
        CHECK(near(d.distance, distance, 1e-15));
        CHECK(near(d.close_distance, distance * dot(p.frame.beam, d.normal), 1e-15));
    }
}

TEST("detector placement: the pivot is what stays") {
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        q.pivot = Pivot::beam;
        q.x_beam = 0.031;
        q.y_beam = 0.052;
        const Detector straight = place(q).detector;
        q.rotation = {0.05, 0.1, -0.2};
        const Detector tilted = place(q).detector;
        if (pivots_at_beam(convention) || convention == Convention::custom) {
            CHECK(near(tilted.origins.beam_fast, straight.origins.beam_fast, 1e-15));
            CHECK(near(tilted.origins.beam_slow, straight.origins.beam_slow, 1e-15));
        } else {
            CHECK(near(tilted.origins.close_fast, straight.origins.close_fast, 1e-15));
            CHECK(near(tilted.origins.close_slow, straight.origins.close_slow, 1e-15));
        }
    }
}

TEST("detector placement: a swing about the sample keeps every distance from it") {
    PlacementRequest q = request_of(Convention::xds);
    const Detector straight = place(q).detector;
    q.twotheta = 0.7;
    const Placed swung = place(q);
    const Detector& d = swung.detector;
    for (const double fast : {0.0, 0.03, 0.1})
        for (const double slow : {0.0, 0.06, 0.13}) {
            CHECK(near(norm(at(d, fast, slow)), norm(at(straight, fast, slow)), 1e-15));
            CHECK(near(at(d, fast, slow), physics::rotate_about(at(straight, fast, slow), swung.frame.twotheta_axis, 0.7), 1e-15));
        }
    CHECK(near(d.close_distance, distance, 1e-15));
    CHECK_EQ(d.twotheta, 0.7);
}

TEST("detector placement: a distance along the normal wins over one along the beam") {
    PlacementRequest q = request_of(Convention::custom);
    q.rotation = {0.0, 0.3, 0.0};
    q.close_distance = 0.15;
    for (const Pivot pivot : {Pivot::beam, Pivot::sample}) {
        q.pivot = pivot;
        const Detector d = place(q).detector;
        CHECK(near(d.close_distance, 0.15, 1e-15));
        CHECK(near(d.distance, 0.15 / std::cos(0.3), 1e-15));
    }
}

TEST("detector placement: which centre counts, where several are given") {
    // XDS and DIALS place by ORGX and ORGY; a custom detector by the beam, then by the nearest point, then by ORGX.
    PlacementRequest q = request_of(Convention::xds);
    q.org_x = 101;
    q.org_y = 202;
    const DetectorOrigins by_org = place(q).detector.origins;
    CHECK(near(by_org.close_fast, 100.5 * pixel, 1e-16));
    CHECK(near(by_org.close_slow, 201.5 * pixel, 1e-16));
    CHECK(near(by_org.xds_org_x, 101, 1e-11));
    q.convention = Convention::custom;
    q.pivot = Pivot::sample;
    CHECK(near(place(q).detector.origins.close_fast, 100.5 * pixel, 1e-16));
    q.x_close = 0.02;
    CHECK(near(place(q).detector.origins.close_fast, 0.02, 1e-16));
    q.x_beam = 0.03;
    CHECK(near(place(q).detector.origins.close_fast, 0.03, 1e-16));
    CHECK(near(place(q).detector.origins.close_slow, 201.5 * pixel, 1e-16));
}

TEST("detector placement: an origin that is kept") {
    PlacementRequest q = request_of(Convention::custom);
    q.origin = Vec3{0.3, 0.04, -0.05};
    q.rotation = {0.0, 0.1, 0.2};
    const Placed p = place(q);
    const Detector& d = p.detector;
    CHECK(near(d.origin, *q.origin, 0));
    CHECK(near(at(d, d.origins.close_fast, d.origins.close_slow), d.close_distance * d.normal, 1e-15));
    CHECK(near(at(d, d.origins.beam_fast, d.origins.beam_slow), d.distance * p.frame.beam, 1e-15));
}

TEST("detector placement: origins in XDS' and DIALS' terms") {
    // DIALS' x, y and z are the laboratory's z, y and -x, in millimetres.
    PlacementRequest q = request_of(Convention::mosflm);
    q.x_beam = 0.03;
    q.y_beam = 0.05;
    const Detector d = place(q).detector;
    CHECK(near(d.origins.dials_origin_mm, Vec3{1000 * d.origin.z, 1000 * d.origin.y, -1000 * d.origin.x}, 1e-13));
    CHECK(near(d.origins.dials_origin_mm.z, -200, 1e-11));
    CHECK(near(d.origins.xds_org_x, (0.05 + pixel / 2) / pixel + 0.5, 1e-10));
}

TEST("detector placement: custom vectors are normalised") {
    PlacementRequest q = request_of(Convention::custom);
    q.custom_frame.beam = {0, 0, 5};
    q.custom_frame.fast = {3, 0, 0};
    q.custom_frame.slow = {0, -0.1, 0};
    q.custom_frame.normal = {0, 0, 0};
    q.custom_frame.polarization = {7, 0, 0};
    q.custom_frame.spindle = {0, 2, 0};
    Warnings warnings;
    const LaboratoryFrame f = resolve_frame(q, warnings);
    CHECK(near(f.beam, Vec3{0, 0, 1}, 0) && near(f.fast, Vec3{1, 0, 0}, 0) && near(f.slow, Vec3{0, -1, 0}, 0));
    CHECK(near(f.normal, Vec3{0, 0, -1}, 0));
    CHECK(near(f.polarization, Vec3{1, 0, 0}, 0) && near(f.spindle, Vec3{0, 1, 0}, 0));
}

TEST("detector placement: what cannot be placed") {
    PlacementRequest q = request_of(Convention::custom);
    q.custom_frame.fast = {1, 0, 0};
    q.custom_frame.slow = {0, 0, 1};
    q.custom_frame.normal = {0, 1, 0};
    Warnings warnings;
    Detector d;
    CHECK_THROWS_WITH(place_detector(q, resolve_frame(q, warnings), d), ModelError, "parallel to the beam");
    q = request_of(Convention::mosflm);
    q.x_beam = 1e200;
    CHECK_THROWS_AS(place_detector(q, resolve_frame(q, warnings), d), ModelError);
    q = request_of(Convention::mosflm);
    q.rotation.x = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(place_detector(q, resolve_frame(q, warnings), d), ModelError);
    q = request_of(Convention::custom);
    q.custom_frame.spindle = {0, 0, 0};
    CHECK_THROWS_AS(resolve_frame(q, warnings), ModelError);
}

namespace {

const Semantics corrected = Semantics::parse("reference,beam-center,distance");

}  // namespace

TEST("detector placement: what is corrected leaves the bits of what was right") {
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        const Detector plain = place(q).detector;
        CHECK_EQ(norm(place(q, corrected).detector.origin - plain.origin), 0.0);
        if (pivots_at_beam(convention) || convention == Convention::custom) {
            q.x_beam = 0.031;
            q.y_beam = 0.052;
            q.rotation = {0.1, 0.2, 0.3};
        } else {
            q.org_x = 300;
            q.org_y = 400;
        }
        const Detector a = place(q).detector, b = place(q, corrected).detector;
        CHECK_EQ(norm(a.origin - b.origin), 0.0);
        CHECK_EQ(a.distance, b.distance);
        CHECK_EQ(a.close_distance, b.close_distance);
    }
}

TEST("detector placement: corrected centres and distances are those of the detector where it stands") {
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        q.rotation = {0.05, -0.1, 0.2};
        q.twotheta = 0.3;
        q.custom_frame.twotheta_axis = {0, 1, 0};
        q.x_beam = 0.031;
        q.y_beam = 0.052;
        const Placed by_beam = place(q, corrected);
        const Spot spot = spot_of(convention, q.x_beam, q.y_beam);
        CHECK(near(at(by_beam.detector, spot.fast, spot.slow), distance * by_beam.frame.beam, 1e-15));
        CHECK(near(by_beam.detector.distance, distance, 1e-15));
        q.x_beam = q.y_beam = not_given;
        q.distance = usual_distance;
        q.close_distance = 0.15;
        q.x_close = 0.031;
        q.org_y = 0.052 / pixel + 0.5;
        const Placed by_nearest = place(q, corrected);
        CHECK(near(at(by_nearest.detector, 0.031, 0.052), 0.15 * by_nearest.detector.normal, 1e-15));
        CHECK(near(by_nearest.detector.close_distance, 0.15, 1e-15));
        // A centre of either kind on each axis.
        q.x_close = not_given;
        set_beam_point({0.031, not_given}, q);
        const Placed mixed = place(q, corrected);
        CHECK(near(mixed.detector.origins.beam_fast, 0.031, 1e-15));
        CHECK(near(mixed.detector.origins.close_slow, 0.052, 1e-15));
    }
}

TEST("detector placement: a convention's beam centre and its place on the detector are one another's reverse") {
    for (const Convention convention : conventions) {
        PlacementRequest q = request_of(convention);
        set_beam_point({0.031, 0.052}, q);
        CHECK(near(beam_point(q).fast, 0.031, 1e-17));
        CHECK(near(beam_point(q).slow, 0.052, 1e-17));
    }
}

TEST("detector placement: contradictions are refused where they are corrected") {
    Warnings warnings;
    Detector d;
    PlacementRequest q = request_of(Convention::xds);
    q.x_beam = 0.03;
    q.org_x = 0.04 / pixel + 0.5;
    CHECK_THROWS_WITH(place_detector(q, resolve_frame(q, warnings), d, corrected), ModelError,
                      "-Xbeam and -ORGX contradict each other");
    place_detector(q, resolve_frame(q, warnings), d);
    q.org_x = not_given;
    q.close_distance = 0.19;
    CHECK_THROWS_WITH(place_detector(q, resolve_frame(q, warnings), d, corrected), ModelError,
                      "-distance 200 and -close_distance 190 contradict each other");
    q.close_distance = 0.200001;
    place_detector(q, resolve_frame(q, warnings), d, corrected);
}
