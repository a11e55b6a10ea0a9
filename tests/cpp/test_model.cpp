#include <cmath>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/detector_placement.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/model/lattice.hpp"
#include "nbhybrid/model/step_counts.hpp"
#include "nbhybrid/random/random_rotation.hpp"

using namespace nbhybrid;

namespace {

bool near(double found, double expected, double tolerance) { return std::fabs(found - expected) <= tolerance; }
bool near(const Vec3& u, const Vec3& v, double tolerance) { return norm(u - v) <= tolerance; }
bool is(const Sampling& s, double count, double range, double step) {
    return s.count == count && s.range == range && s.step == step;
}

constexpr double right_angle = pi / 2;
const UnitCell triclinic{70, 80, 90, 1.3, 1.5, 1.7};
const UnitCell monoclinic{70, 80, 90, right_angle, 1.8, right_angle};

double angle_between(const Vec3& u, const Vec3& v) { return std::acos(dot(u, v) / norm(u) / norm(v)); }

}  // namespace

TEST("step counts: a spread from what is given of it") {
    CHECK(is(resolve_spread({-1, -1, -1}), 1, 0, 0));
    CHECK(is(resolve_spread({-1, -1, 0.3}), 2, 0.3, 0.3));
    CHECK(is(resolve_spread({-1, 0.5, -1}), 2, 0.5, 0.5));
    CHECK(is(resolve_spread({-1, 0.5, 0.2}), 3, 0.5, 0.2));
    CHECK(is(resolve_spread({4, -1, -1}), 4, 1.0, 0.25));
    CHECK(is(resolve_spread({4, -1, 0.3}), 2, 0.3, 0.3));
    CHECK(is(resolve_spread({5, 1.0, -1}), 5, 1.0, 0.25));
    CHECK(is(resolve_spread({1, 1.0, -1}), 2, 1.0, 1.0));
    CHECK(is(resolve_spread({7, 1.0, 0.3}), 7, 1.0, 0.3));
    CHECK(is(resolve_spread({7, 0.0, -1}), 1, 0, 0));
    CHECK(is(resolve_spread({0, 0.0, -1}), 1, 0, 0));
}

TEST("step counts: a rotation from what is given of it") {
    CHECK(is(resolve_rotation({-1, -1, -1}), 1, 0, 0));
    CHECK(is(resolve_rotation({-1, -1, 0.3}), 2, 0.3, 0.3));
    CHECK(is(resolve_rotation({-1, 0.5, -1}), 2, 0.5, 0.25));
    CHECK(is(resolve_rotation({-1, 0.5, 0.2}), 3, 0.5, 0.2));
    CHECK(is(resolve_rotation({-1, 0.0, 0.2}), 0, 0.0, 0.2));
    CHECK(is(resolve_rotation({2, -1, -1}), 2, 1 / degrees_per_radian, 1 / degrees_per_radian / 2));
    CHECK(is(resolve_rotation({5, -1, 0.3}), 2, 0.3, 0.3));
    CHECK(is(resolve_rotation({5, 1.0, -1}), 5, 1.0, 0.2));
    CHECK(is(resolve_rotation({5, 1.0, 0.0}), 5, 1.0, 0.0));
    CHECK(is(resolve_rotation({0, 1.0, -1}), 1, 1.0, 1.0));
}

TEST("step counts: layers of a sensor") {
    CHECK(is(resolve_layers(-1, 0.0), 1, 0, 0));
    CHECK(is(resolve_layers(5, 0.0), 1, 0, 0));
    CHECK(is(resolve_layers(-1, 4e-4), 2, 4e-4, 2e-4));
    CHECK(is(resolve_layers(1, 4e-4), 2, 4e-4, 4e-4));
    CHECK(is(resolve_layers(5, 4e-4), 5, 4e-4, 1e-4));
    CHECK(is(resolve_layers(-1, -3e-6), 1, 0, 0));
    CHECK(is(resolve_layers(2, -3e-6), 2, 0.5e-6, 0.25e-6));
}

TEST("lattice: the cell comes back from its vectors, whatever the orientation") {
    Orientation orientation;
    orientation.misset = Vec3{0.3, -1.1, 2.0};
    for (const Lattice& l : {make_lattice(monoclinic, Orientation{}), make_lattice(monoclinic, orientation)}) {
        CHECK(near(norm(l.a), 70e-10, 1e-20));
        CHECK(near(norm(l.b), 80e-10, 1e-20));
        CHECK(near(norm(l.c), 90e-10, 1e-20));
        CHECK(near(angle_between(l.b, l.c), monoclinic.alpha, 1e-12));
        CHECK(near(angle_between(l.a, l.c), monoclinic.beta, 1e-12));
        CHECK(near(angle_between(l.a, l.b), monoclinic.gamma, 1e-12));
        CHECK(near(dot(1e10 * l.a, l.a_star), 1, 1e-14));
        CHECK(near(dot(1e10 * l.a, l.b_star), 0, 1e-14));
        CHECK(near(l.volume, cell_volume(monoclinic), 1e-6));
    }
}

TEST("lattice: with several oblique angles the angles come out a little off, as in the reference") {
    const Lattice l = make_lattice(triclinic, Orientation{});
    CHECK(near(norm(l.c), 90e-10, 1e-20));
    CHECK(!near(angle_between(l.b, l.c), triclinic.alpha, 1e-4));
    CHECK(near(angle_between(l.b, l.c), triclinic.alpha, 0.05));
}

TEST("lattice: a matrix in units of the wavelength") {
    Orientation orientation;
    orientation.wavelength = 2e-10;
    orientation.matrix = {2.0 / 50, 0, 0, 0, 2.0 / 60, 0, 0, 0, 2.0 / 70};
    const Lattice l = make_lattice(std::nullopt, orientation);
    CHECK(near(l.a, Vec3{50e-10, 0, 0}, 1e-20));
    CHECK(near(l.b, Vec3{0, 60e-10, 0}, 1e-20));
    CHECK(near(l.c, Vec3{0, 0, 70e-10}, 1e-20));
    // With a cell the edges are the cell's.
    const Lattice both = make_lattice(UnitCell{55, 60, 70, right_angle, right_angle, right_angle}, orientation);
    CHECK(near(norm(both.a), 55e-10, 1e-20));
    orientation.matrix = {1, 2, 3, 2, 4, 6, 0, 0, 1};
    CHECK_THROWS_WITH(make_lattice(std::nullopt, orientation), ModelError, "singular");
}

TEST("lattice: cells that cannot be") {
    const double r = right_angle;
    CHECK_THROWS_AS(cell_volume({0, 60, 70, r, r, r}), ModelError);
    CHECK_THROWS_AS(cell_volume({50, -60, 70, r, r, r}), ModelError);
    CHECK_THROWS_AS(cell_volume({50, 60, 70, r, r, pi}), ModelError);
    CHECK_THROWS_WITH(cell_volume({50, 60, 70, 2 * pi / 3, 2 * pi / 3, 2 * pi / 3}), ModelError, "120 120 120");
    CHECK_THROWS_AS(cell_volume({50, 60, 70, 0.2, 1.4, 2.8}), ModelError);
    CHECK(near(cell_volume({50, 60, 70, r, r, r}), 210000, 1e-6));
}

TEST("lattice: missetting angles give the rotation back") {
    SharedDeviates deviates;
    StreamState state = -9;
    for (int i = 0; i < 100; ++i) {
        const Mat3 m = random_rotation(3.0F, deviates, state);
        Orientation turned;
        turned.misset = misset_angles(m);
        const Lattice straight = make_lattice(triclinic, Orientation{});
        CHECK(near(make_lattice(triclinic, turned).a, m * straight.a, 1e-15));
    }
}

TEST("detector: in every convention the beam meets the detector where it should") {
    for (const Convention convention :
         {Convention::mosflm, Convention::denzo, Convention::adxv, Convention::xds, Convention::dials, Convention::custom}) {
        PlacementRequest q;
        q.convention = convention;
        q.pixel_size = 1e-4;
        q.size_fast = 0.1;
        q.size_slow = 0.12;
        q.distance = 0.2;
        q.x_beam = 0.03;
        q.y_beam = 0.05;
        Warnings warnings;
        Detector d;
        const LaboratoryFrame frame = resolve_frame(q, warnings);
        place_detector(q, frame, d);
        const Vec3 spot = d.origins.beam_fast * d.fast_axis + d.origins.beam_slow * d.slow_axis + d.origin;
        CHECK(near(spot, d.distance * frame.beam, 1e-16));
        const bool sample = convention == Convention::xds || convention == Convention::dials;
        CHECK(d.pivot == (sample ? Pivot::sample : Pivot::beam));
        CHECK(near(d.distance, 0.2, 1e-15));
        CHECK(warnings.all().empty());
    }
}

TEST("detector: rotations keep the beam centre with one pivot and the nearest point with the other") {
    PlacementRequest q;
    q.convention = Convention::custom;
    q.pixel_size = 1e-4;
    q.size_fast = q.size_slow = 0.1;
    q.distance = 0.2;
    q.x_beam = 0.03;
    q.y_beam = 0.05;
    q.rotation = {0.0, 0.1, 0.2};
    Warnings warnings;
    const LaboratoryFrame frame = resolve_frame(q, warnings);
    Detector by_beam, by_sample;
    q.pivot = Pivot::beam;
    place_detector(q, frame, by_beam);
    CHECK(near(by_beam.origins.beam_fast, 0.03, 1e-15));
    CHECK(near(by_beam.origins.beam_slow, 0.05, 1e-15));
    CHECK(near(by_beam.distance, 0.2, 1e-15));
    q.pivot = Pivot::sample;
    place_detector(q, frame, by_sample);
    CHECK(near(by_sample.origins.close_fast, 0.03, 1e-15));
    CHECK(near(by_sample.origins.close_slow, 0.05, 1e-15));
}

TEST("detector: vectors without use") {
    PlacementRequest q;
    q.convention = Convention::custom;
    Warnings warnings;
    q.custom_frame.normal = {0, 0, 0};
    CHECK(near(resolve_frame(q, warnings).normal, Vec3{1, 0, 0}, 1e-16));
    CHECK_EQ(warnings.all().size(), 1U);
    q.custom_frame.slow = q.custom_frame.fast;
    CHECK_THROWS_AS(resolve_frame(q, warnings), ModelError);
    q.custom_frame.beam = {0, 0, 0};
    CHECK_THROWS_WITH(resolve_frame(q, warnings), ModelError, "-beam_vector");
}

TEST("beam: a grid of sources") {
    SourceGrid grid;
    grid.direction = {1, 0, 0};
    grid.polarization_axis = {0, 0, 1};
    grid.wavelength = 1e-10;
    grid.horizontal = {3, 0.02, 0.01};
    grid.vertical = {3, 0.02, 0.01};
    grid.dispersion = {2, 0.1, 0.1};
    CHECK_EQ(make_source_grid(grid).size(), 10U);  // without the corners
    grid.round = false;
    const std::vector<Source> sources = make_source_grid(grid);
    CHECK_EQ(sources.size(), 18U);
    CHECK(near(sources[8].position, Vec3{-1, 0, 0}, 1e-15));
    CHECK(near(sources[0].wavelength, 0.95e-10, 1e-24));
    CHECK(near(sources[1].wavelength, 1.05e-10, 1e-24));
    grid.dispersion = {2, 3.0, 3.0};
    CHECK_THROWS_WITH(make_source_grid(grid), ModelError, "wavelength");
    CHECK_THROWS_AS(make_source(Vec3{}, 1e-10, 1), ModelError);
}

TEST("crystal: cells from counts and sizes") {
    const Lattice l = make_lattice(UnitCell{50, 60, 70, right_angle, right_angle, right_angle}, Orientation{});
    CHECK(near(resolve_cells({3, 4, 0}, {0, 601e-10, 0}, l), Vec3{3, 11, 1}, 0));
    CHECK(near(longest_edge({3, 11, 1}, l), 660e-10, 1e-18));
}

TEST("crystal: mosaic domains") {
    Warnings warnings;
    CHECK_EQ(resolve_mosaicity(-1, -1, warnings).domains, 1);
    CHECK_EQ(resolve_mosaicity(0, 1, warnings).domains, 1);
    CHECK(warnings.all().empty());
    CHECK_EQ(resolve_mosaicity(0.1, -1, warnings).domains, 10);
    CHECK_EQ(resolve_mosaicity(0, 7, warnings).domains, 1);
    CHECK_EQ(warnings.all().size(), 2U);
    CHECK_EQ(resolve_mosaicity(0.1, 7, warnings).domains, 7);
    SharedDeviates deviates;
    const std::vector<Mat3> domains = make_domains({0.1, 7}, deviates, -12345678);
    CHECK(near(domains[0] * Vec3{1, 2, 3}, Vec3{1, 2, 3}, 0));
    CHECK(!near(domains[1] * Vec3{1, 2, 3}, Vec3{1, 2, 3}, 1e-9));
}

TEST("experiment: images and steps beyond any machine") {
    CHECK_THROWS_WITH(check_image_size(2e6, 2e6), SizeError, "GiB");
    check_image_size(4096, 4096);
    CHECK_EQ(recommended_oversample(5e-8, 1e-10, 0.1, 1e-4), 2.0);
    CHECK_EQ(recommended_oversample(1e-12, 1e-10, 0.1, 1e-4), 1.0);
}
