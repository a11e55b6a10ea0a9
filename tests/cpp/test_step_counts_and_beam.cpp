#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/model/step_counts.hpp"

using namespace nbhybrid;

namespace {

bool near(double found, double expected, double tolerance) { return std::fabs(found - expected) <= tolerance; }
bool near(const Vec3& u, const Vec3& v, double tolerance) { return norm(u - v) <= tolerance; }

// Each of the three numbers given or not.
const double counts[] = {-1, 0, 1, 2, 7}, ranges[] = {-1, 0, 0.5, 2.0}, steps[] = {-1, 0, 0.2, 3.0};

template <class Check>
void for_each_request(Check check) {
    for (const double count : counts)
        for (const double range : ranges)
            for (const double step : steps) check(SamplingRequest{count, range, step});
}

SourceGrid grid_of(const Sampling& horizontal, const Sampling& vertical, const Sampling& dispersion, bool round) {
    SourceGrid grid;
    grid.direction = {1, 0, 0};
    grid.polarization_axis = {0, 0, 1};
    grid.wavelength = 1e-10;
    grid.horizontal = horizontal;
    grid.vertical = vertical;
    grid.dispersion = dispersion;
    grid.round = round;
    return grid;
}

constexpr Sampling single{1, 0, 0};

// The angles of a source from the axis of a beam along x with its E-vector along z: the vertical one turns about the E-vector.
double horizontal_of(const Source& s) { return std::atan2(-s.position.z, -s.position.x); }
double vertical_of(const Source& s) { return -std::asin(s.position.y); }

}  // namespace

TEST("step counts: whatever is given, a spread is a single sample or has all three numbers") {
    for_each_request([](const SamplingRequest& r) {
        const Sampling s = resolve_spread(r);
        CHECK_EQ(s.count, std::floor(s.count));
        const bool is_single = s.count == 1 && s.range == 0 && s.step == 0;
        CHECK(is_single || (s.count >= 1 && s.range > 0 && s.step > 0));
        // What is given in full stays.
        if (r.count > 0 && r.range > 0 && r.step > 0) CHECK(s.count == r.count && s.range == r.range && s.step == r.step);
        if (r.range == 0) CHECK(is_single);
        // A count of zero or less is none, and so is a step.
        if (r.count <= 0) CHECK_EQ(s.count, resolve_spread({-5, r.range, r.step}).count);
        if (r.step <= 0) CHECK_EQ(s.step, resolve_spread({r.count, r.range, -5}).step);
    });
}

TEST("step counts: samples with a count alone or with a range end where the range ends") {
    // Not so where a range of 1 is made up: there the last sample is a step short of it.
    for (const double count : {2.0, 3.0, 10.0}) {
        const Sampling s = resolve_spread({count, 0.3, -1});
        CHECK(near(s.step * (s.count - 1), s.range, 1e-15));
        const Sampling open = resolve_spread({count, -1, -1});
        CHECK_EQ(open.range, 1.0);
        CHECK(near(open.step * open.count, 1.0, 1e-15));
    }
}

TEST("step counts: a rotation covers its range, from the start of the first step to the end of the last") {
    for (const double count : {1.0, 2.0, 7.0}) {
        const Sampling s = resolve_rotation({count, 0.3, -1});
        CHECK_EQ(s.count, count);
        CHECK(near(s.step * s.count, 0.3, 1e-15));
    }
    const Sampling alone = resolve_rotation({-1, 0.3, -1});
    CHECK_EQ(alone.count, 2.0);
    CHECK_EQ(alone.step, 0.15);
    const Sampling degree = resolve_rotation({4, -1, -1});
    CHECK(near(degree.range * 180 / pi, 1, 1e-14));
    // Only a negative count is none; 0 counts as one step.
    for (const double range : {0.0, 0.3}) CHECK_EQ(resolve_rotation({0, range, -1}).count, 1.0);
    CHECK_EQ(resolve_rotation({-1, 0.31, 0.1}).count, 4.0);
    CHECK_EQ(resolve_rotation({-1, 0.29, 0.1}).count, 3.0);
}

TEST("step counts: layers that are counted touch at both faces of the sensor") {
    for (const double count : {2.0, 5.0, 20.0}) {
        const Sampling s = resolve_layers(count, 3e-4);
        CHECK_EQ(s.count, count);
        CHECK(near(s.step * (s.count - 1), 3e-4, 1e-18));
    }
    const Sampling open = resolve_layers(-1, 3e-4);
    CHECK_EQ(open.count, 2.0);
    CHECK_EQ(open.step, 1.5e-4);
    for (const double count : {-1.0, 0.0, 1.0, 9.0}) CHECK_EQ(resolve_layers(count, 0.0).count, 1.0);
}

TEST("beam: divergence turns the source by the angles of the grid") {
    const Sampling five{5, 0.04, 0.01};
    const std::vector<Source> sources = make_source_grid(grid_of(five, {3, 0.02, 0.01}, single, false));
    CHECK_EQ(sources.size(), 15U);
    std::size_t n = 0;
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 3; ++j, ++n) {
            CHECK(near(horizontal_of(sources[n]), 0.01 * i - 0.02, 1e-15));
            CHECK(near(vertical_of(sources[n]), 0.01 * j - 0.01, 1e-15));
            CHECK(near(norm(sources[n].position), 1, 1e-15));
            CHECK(near(sources[n].weight, 1.0 / 15, 1e-17));
        }
    Vec3 mean{};
    for (const Source& s : sources) mean = mean + s.position;
    CHECK(near(normalized(mean), Vec3{-1, 0, 0}, 1e-14));
}

TEST("beam: a round beam keeps what lies in the ellipse, a tenth more than half its range wide") {
    const Sampling h{21, 0.02, 0.001}, v{11, 0.01, 0.001};
    const std::vector<Source> all = make_source_grid(grid_of(h, v, single, false));
    const std::vector<Source> round = make_source_grid(grid_of(h, v, single, true));
    std::size_t inside = 0;
    for (int i = 0; i < 21; ++i)
        for (int j = 0; j < 11; ++j) {
            const double x = (i - 10) / 20.0, y = (j - 5) / 10.0;
            inside += 4 * (x * x + y * y) <= 1.1 ? 1 : 0;
        }
    CHECK_EQ(all.size(), 231U);
    CHECK_EQ(round.size(), inside);
    // The ends of both axes stay, the corners go.
    int ends = 0;
    for (const Source& s : round) {
        const bool far_aside = near(std::fabs(horizontal_of(s)), 0.01, 1e-9), far_up = near(std::fabs(vertical_of(s)), 0.005, 1e-9);
        CHECK(!(far_aside && far_up));
        ends += near(horizontal_of(s), 0, 1e-9) && far_up ? 1 : 0;
        ends += near(vertical_of(s), 0, 1e-9) && far_aside ? 1 : 0;
    }
    CHECK_EQ(ends, 4);
}

TEST("beam: an even number of samples loses half a step before it is held against the ellipse") {
    // Two by two at the corners of the range: without the correction all four would be left out.
    const Sampling two{2, 0.01, 0.01};
    CHECK_EQ(make_source_grid(grid_of(two, two, single, true)).size(), 4U);
    const Sampling three{3, 0.01, 0.005};
    CHECK_EQ(make_source_grid(grid_of(three, three, single, true)).size(), 5U);
    // Along one axis alone nothing is cut: the other has no range.
    CHECK_EQ(make_source_grid(grid_of(three, single, single, true)).size(), 3U);
    CHECK_EQ(make_source_grid(grid_of(single, {40, 0.3, 0.3 / 39}, single, true)).size(), 40U);
}

TEST("beam: wavelengths run innermost, around the nominal one") {
    const std::vector<Source> sources = make_source_grid(grid_of({2, 0.01, 0.01}, single, {3, 0.1, 0.05}, true));
    CHECK_EQ(sources.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(near(sources[i].wavelength, (0.95 + 0.05 * static_cast<double>(i % 3)) * 1e-10, 1e-24));
    for (std::size_t i : {1U, 2U, 4U, 5U}) CHECK(near(sources[i].position, sources[i - i % 3].position, 0));
}

TEST("beam: sources beyond reason, and none") {
    const Sampling many{100000, 1, 1e-5};
    CHECK_THROWS_AS(make_source_grid(grid_of(many, many, single, true)), SizeError);
    CHECK_THROWS_AS(make_source_grid(grid_of({0, 1, 1}, single, single, true)), ModelError);
    const double infinite = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(make_source(Vec3{infinite, 0, 0}, 1e-10, 1), ModelError);
    CHECK_THROWS_AS(make_source(Vec3{1, 0, 0}, 0, 1), ModelError);
    CHECK_THROWS_AS(make_source(Vec3{1, 0, 0}, -1e-10, 1), ModelError);
    CHECK_THROWS_AS(make_source(Vec3{1, 0, 0}, std::nan(""), 1), ModelError);
    const Source s = make_source(Vec3{-3, 0, 4}, 2e-10, 0.25);
    CHECK(near(s.position, Vec3{-0.6, 0, 0.8}, 1e-16));
    CHECK_EQ(s.weight, 0.25);
}

TEST("experiment: steps multiply, and too many are refused") {
    Experiment e;
    e.beam.wavelength = 1e-10;
    e.beam.sources.resize(3, make_source(Vec3{-1, 0, 0}, 1e-10, 1));
    e.crystal.domains.resize(5);
    e.crystal.lattice.edges = {5e-9, 6e-9, 7e-9};
    e.scan.rotation = {7, 1, 0.1};
    e.sampling.oversample = 2;
    e.detector.fast_pixels = e.detector.slow_pixels = 100;
    CHECK_EQ(steps_per_pixel(e), 3 * 5 * 7 * 4);
    check_size(e);
    e.sampling.oversample = 46340;
    CHECK_THROWS_WITH(check_size(e), SizeError, "steps");
    e.sampling.oversample = 1;
    e.crystal.lattice.edges.y = 1;
    CHECK_THROWS_WITH(check_size(e), SizeError, "Miller indices");
}
