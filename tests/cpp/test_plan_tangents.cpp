#include <algorithm>
#include <cmath>
#include <map>

#include "moving.hpp"
#include "nbhybrid/core/errors.hpp"

using namespace nbhybrid;
using namespace nbhybrid::test;
using derivatives::Parameter;
using derivatives::Subject;

namespace {

constexpr int experiments_tried = 300;

PlanNumbers plan_shifted(const ReferenceOptions& o, const Shift& shift, std::size_t component, double change) {
    ReferenceOptions shifted = o;
    shift.apply(shifted, component, change);
    return plan_numbers(shifted);
}

// All numbers of a plan, and for each how large the vector is that it belongs to.
struct Flat {
    std::vector<double> values, sizes;
};

Flat flattened(const PlanNumbers& n) {
    Flat flat;
    for_each_number([&flat](double x) { flat.values.push_back(x); }, n);
    // A component of a vector is as uncertain as the vector is long.
    PlanNumbers sizes = n;
    const auto all_of = [](Vec3& v) { v.x = v.y = v.z = norm(v); };
    for (Vec3* v : {&sizes.origin, &sizes.fast_axis, &sizes.slow_axis, &sizes.normal, &sizes.beam, &sizes.a_star, &sizes.b_star,
                    &sizes.c_star})
        all_of(*v);
    for (Axes& axes : sizes.orientations)
        for (Vec3* v : {&axes.a, &axes.b, &axes.c}) all_of(*v);
    for (RayNumbers& ray : sizes.sources) all_of(ray.direction);
    for_each_number([&flat](double x) { flat.sizes.push_back(std::fabs(x)); }, sizes);
    return flat;
}

// Central differences of fourth order: off by the fifth derivative times step^4 / 30, and by roundings over the step.
std::vector<double> differences(const ReferenceOptions& o, const Shift& shift, std::size_t component, double step) {
    const auto at = [&](double steps) { return flattened(plan_shifted(o, shift, component, steps * step)).values; };
    const std::vector<double> low2 = at(-2), low = at(-1), high = at(1), high2 = at(2);
    std::vector<double> slopes(low.size());
    for (std::size_t i = 0; i < slopes.size(); ++i) slopes[i] = (8 * (high[i] - low[i]) - (high2[i] - low2[i])) / (12 * step);
    return slopes;
}

std::string with_component(const Parameter& p, std::size_t i, int experiment) {
    return p.path + "[" + std::to_string(i) + "] of experiment " + std::to_string(experiment);
}

void compare_with_differences(const BuiltOptions& built, const Parameter& p, const Shift& shift, int experiment) {
    const Flat plan = flattened(plan_numbers(built.options));
    const double scale = shift.scale(built.options);
    for (std::size_t i = 0; i < static_cast<std::size_t>(p.size()); ++i) {
        const std::vector<double> slopes =
            flattened(derivatives::tangent(built.subject(), 0, p, static_cast<std::int64_t>(i))).values;
        const double its_scale = p.path == "crystal.cell" && i >= 3 ? 57.0 : scale;
        const std::vector<double> found = differences(built.options, shift, i, shift.step * its_scale);
        for (std::size_t k = 0; k < slopes.size(); ++k) {
            const double tolerance = shift.tolerance * (std::fabs(slopes[k]) + plan.sizes[k] / its_scale);
            if (std::fabs(slopes[k] - found[k]) <= tolerance) continue;
            report_failure(__FILE__, __LINE__,
                           with_component(p, i, experiment) + ": number " + std::to_string(k) + " has the slope " +
                               printed(slopes[k]) + ", by differences " + printed(found[k]) + ", tolerance " + printed(tolerance));
            break;
        }
    }
}

const Shift& shift_of(const std::string& path) {
    const std::vector<Shift>& all = shifts();
    return *std::find_if(all.begin(), all.end(), [&](const Shift& s) { return s.path == path; });
}

std::string refusal(const ReferenceOptions& o, const std::string& path) {
    const BuiltOptions built(o);
    const std::vector<Parameter> all = derivatives::parameters_of({built.subject()}, false);
    try {
        derivatives::find_parameter(all, path);
    } catch (const ModelError& error) {
        return error.what();
    }
    return "";
}

bool is_refused(const std::string& words, const std::string& path, const std::string& reason) {
    const std::string found = refusal(plain_options("-detpixels 8 -oversample 1 " + words), path);
    const std::string expected = path + " cannot be differentiated here: ";
    const bool as_expected = found.substr(0, expected.size()) == expected && found.find(reason) != std::string::npos;
    if (!as_expected) report_failure(__FILE__, __LINE__, path + " with " + words + ": found \"" + found + "\"");
    return as_expected;
}

}  // namespace

TEST("tangents: they are the differences of plans, for every parameter of all kinds of experiments") {
    std::map<std::string, int> times;
    for (int experiment = 0; experiment < experiments_tried; ++experiment) {
        Random random{std::mt19937_64(static_cast<unsigned>(experiment))};
        const BuiltOptions built(random_options(random));
        for (const Parameter& p : derivatives::parameters_of({built.subject()}, false)) {
            if (!p.refusal.empty() || p.is_of_grid()) continue;
            ++times[p.path];
            compare_with_differences(built, p, shift_of(p.path), experiment);
        }
    }
    for (const Shift& shift : shifts()) {
        if (times[shift.path] < 5) report_failure(__FILE__, __LINE__, shift.path + " was tried too rarely");
    }
    CHECK_EQ(times.size(), shifts().size());
}

namespace {

// Looks whether what moves stands where it does at rest, and in the same places of the lists.
class SamePlaces final : public derivatives::Receiver {
public:
    explicit SamePlaces(const PlanNumbers& plan) : plan_(plan) {}

    void stages(const StageNumbersT<numerics::Dual>& numbers) override {
        // Every one on its own scale; the origin, which may be near 0, on that of a detector.
        for_each_stage_number(
            [](const numerics::Dual& x, double y) { CHECK(std::fabs(x.value - y) <= 1e-12 * std::fabs(y) + 1e-15); }, numbers,
            plan_);
    }
    void orientation(std::size_t place, const AxesT<numerics::Dual>& axes) override {
        ++count;
        for_each_axis_number([](const numerics::Dual& x, double y) { CHECK(std::fabs(x.value - y) <= 1e-20); }, axes,
                             plan_.orientations[place]);
    }
    void ray(std::size_t source, const RayNumbersT<numerics::Dual>& ray) override {
        ++count;
        for_each_ray_number([](const numerics::Dual& x, double y) { CHECK(std::fabs(x.value - y) <= 1e-14); }, ray,
                            plan_.sources[source]);
    }

    std::size_t count = 0;

private:
    const PlanNumbers& plan_;
};

}  // namespace

TEST("tangents: what moves has the values of the plan, and of lists no more is told than moves") {
    for (int experiment = 0; experiment < experiments_tried; ++experiment) {
        Random random{std::mt19937_64(3000U + static_cast<unsigned>(experiment))};
        const BuiltOptions built(random_options(random));
        const PlanNumbers plan = plan_numbers(built.options);
        const Subject subject = built.subject();
        derivatives::MovingExperiment moving(subject);
        SamePlaces at_rest(plan);
        moving.run(at_rest);
        CHECK_EQ(at_rest.count, 0U);
        moving.phi.slope = 1;
        SamePlaces orientations(plan);
        moving.run(orientations);
        CHECK_EQ(orientations.count, plan.orientations.size());
        moving.phi.slope = 0;
        if (built.options.crystal.mosaic_spread > 0) {
            moving.mosaic_spread.slope = 1;
            SamePlaces drawn_again(plan);
            moving.run(drawn_again);
            CHECK_EQ(drawn_again.count, plan.orientations.size());
            moving.mosaic_spread.slope = 0;
        }
        if (built.options.beam.sources.empty()) continue;
        moving.moving_source(1).wavelength.slope = 1;
        SamePlaces one(plan);
        moving.run(one);
        CHECK_EQ(one.count, 1U);
        moving.moving_weight(2).slope = 1;
        SamePlaces all(plan);
        moving.run(all);
        CHECK_EQ(all.count, built.options.beam.sources.size());
        moving.rest();
        SamePlaces none(plan);
        moving.run(none);
        CHECK_EQ(none.count, 0U);
    }
}

TEST("tangents: those of all parameters together are their sum, and pulling back is their inner product") {
    for (int experiment = 0; experiment < experiments_tried; ++experiment) {
        Random random{std::mt19937_64(1000U + static_cast<unsigned>(experiment))};
        const BuiltOptions built(random_options(random));
        const Subject subject = built.subject();
        const std::vector<Parameter> all = derivatives::parameters_of({subject}, false);
        PlanNumbers cotangent = plan_numbers(built.options);
        for_each_number([&](double& x) { x = random.between(-1, 1); }, cotangent);

        std::vector<std::vector<double>> steps;
        std::vector<derivatives::Direction> directions;
        double sum = 0, magnitude = 0;
        for (const Parameter& p : all) {
            if (!p.refusal.empty() || p.is_of_grid()) continue;
            const std::vector<double> pulled = derivatives::pull_back(subject, 0, p, cotangent);
            std::vector<double>& step = steps.emplace_back();
            for (std::size_t i = 0; i < pulled.size(); ++i) {
                const PlanNumbers tangent = derivatives::tangent(subject, 0, p, static_cast<std::int64_t>(i));
                double its_magnitude = 0;
                for_each_number([&](double u, double v) { its_magnitude += std::fabs(u * v); }, tangent, cotangent);
                CHECK(std::fabs(pulled[i] - inner_product(tangent, cotangent)) <= 1e-14 * its_magnitude);
                step.push_back(random.between(-1, 1));
                sum += step[i] * pulled[i];
                magnitude += std::fabs(step[i]) * its_magnitude;
            }
        }
        std::size_t next = 0;
        for (const Parameter& p : all)
            if (p.refusal.empty() && !p.is_of_grid()) directions.push_back({p, steps[next++].data()});
        const PlanNumbers together = derivatives::push_forward(subject, 0, directions);
        CHECK(std::fabs(sum - inner_product(together, cotangent)) <= 1e-12 * magnitude);
    }
}

TEST("tangents: each image of a batch has a rotation of its own, on top of the crystal's") {
    for (int experiment = 0; experiment < 10; ++experiment) {
        Random random{std::mt19937_64(2000U + static_cast<unsigned>(experiment))};
        ReferenceOptions o = random_options(random);
        const Mat3 own = rotation_about(random.vector(1), 1.0), of_image = rotation_about(random.vector(1), 2.0);
        o.crystal.rotation = own;
        const BuiltOptions built(o);
        const Subject image{built.options, built.built, of_image};
        const std::vector<Parameter> all = derivatives::parameters_of({image}, false);
        const Parameter& p = derivatives::find_parameter(all, "rotation");
        const Parameter& p_own = derivatives::find_parameter(all, "crystal.rotation");
        // Together they are a crystal's rotation, the first of them on its left.
        const auto rotated = [&](const Vec3& first, const Vec3& then, double angle) {
            ReferenceOptions shifted = o;
            shifted.crystal.rotation =
                rotation_about(then, angle * norm(then)) * of_image * rotation_about(first, angle * norm(first)) * own;
            return flattened(plan_numbers(shifted)).values;
        };
        const Vec3 none{}, x{1, 0, 0}, z{0, 0, 1};
        const auto compare = [&](const PlanNumbers& tangent, const Vec3& first, const Vec3& then) {
            constexpr double step = 1e-3;
            const auto low2 = rotated(first, then, -2 * step), low = rotated(first, then, -step);
            const auto high = rotated(first, then, step), high2 = rotated(first, then, 2 * step);
            const std::vector<double> slopes = flattened(tangent).values;
            const std::vector<double> sizes = flattened(plan_numbers(o)).sizes;
            for (std::size_t i = 0; i < slopes.size(); ++i) {
                const double found = (8 * (high[i] - low[i]) - (high2[i] - low2[i])) / (12 * step) * (3.14159265358979 / 180);
                CHECK(std::fabs(slopes[i] - found) <= 1e-10 * sizes[i]);
            }
        };
        compare(derivatives::tangent(image, 0, p, 2), none, z);
        compare(derivatives::tangent(image, 0, p_own, 0), x, none);
    }
}

TEST("tangents: a panel's detector moves that panel alone, and all the rest moves every panel") {
    const BuiltOptions first(plain_options("-cell 70 80 90 -detpixels 8 -oversample 1 -N 5 -distance 100")),
        second(plain_options("-cell 70 80 90 -detpixels 9 -oversample 1 -N 5 -distance 120"));
    const std::vector<Parameter> all = derivatives::parameters_of({first.subject(), second.subject()}, true);
    const Parameter& distance = derivatives::find_parameter(all, "detector.panels[1].distance_mm");
    CHECK_EQ(derivatives::tangent(first.subject(), 0, distance, 0).distance, 0.0);
    CHECK(std::fabs(derivatives::tangent(second.subject(), 1, distance, 0).distance - 1e-3) < 1e-15);
    const PlanNumbers cotangent = numbers_of(Plan(first.built.experiment));
    CHECK_EQ(derivatives::pull_back(first.subject(), 0, distance, cotangent).front(), 0.0);
    const Parameter& cell = derivatives::find_parameter(all, "crystal.misset_deg");
    for (const BuiltOptions* panel : {&first, &second})
        CHECK(norm(derivatives::tangent(panel->subject(), panel == &second, cell, 0).orientations[0].b) > 1e-10);
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "detector.distance_mm"), ModelError, "detector.panels[i].distance_mm");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "detector.panels[2].distance_mm"), ModelError, "is no parameter");
}

TEST("tangents: a parameter that an experiment does not have is refused with the reason") {
    const std::string cell = "-cell 70 80 90 ", corrected = cell + "--semantics corrected -N 5 ";
    const TemporaryFolder folder;
    const std::string one_source = folder / "sources.txt", matrix = folder / "A.mat";
    write_bytes(one_source, "-10 0 0 1 1e-10\n");
    write_bytes(matrix, "0.01 0 0\n0 0.012 0\n0 0 0.013\n");
    CHECK(is_refused(corrected + "-misset random -misset_seed 3", "crystal.misset_deg", "drawn at random"));
    CHECK(is_refused(cell + "-N 5", "crystal.n_cells", "whole with the semantics reference"));
    CHECK(is_refused(corrected + "-xtal_y 0.0001", "crystal.n_cells", "along b follows from the crystal's size"));
    CHECK(is_refused(corrected + "-Nc 0", "crystal.n_cells", "one cell along c"));
    CHECK(is_refused(corrected, "crystal.fudge", "no effect on a square crystal"));
    CHECK(is_refused(corrected, "crystal.mosaic_spread_deg", "no mosaic spread"));
    CHECK(is_refused(corrected + "-mosaic 1 -mosaic_domains 1", "crystal.mosaic_spread_deg", "one domain alone"));
    CHECK(is_refused(corrected + "-mosaic 1", "crystal.domain_rotations", "crystal.mosaic_spread_deg"));
    CHECK(is_refused(corrected, "structure_factors.amplitudes", "no table"));
    CHECK(is_refused(corrected, "structure_factors.intensities", "no table"));
    CHECK(is_refused(corrected + "-energy 12000", "beam.wavelength_angstrom", "beam.energy_ev"));
    CHECK(is_refused(corrected, "beam.energy_ev", "beam.wavelength_angstrom"));
    CHECK(is_refused(corrected + "-flux 1e12", "beam.fluence", "beam.flux"));
    CHECK(is_refused(corrected, "beam.flux", "beam.fluence"));
    CHECK(is_refused(corrected + "-fluence 0", "beam.fluence", "the fluence is 0"));
    CHECK(is_refused(corrected + "-nopolar", "beam.polarization", "not corrected"));
    CHECK(is_refused(corrected, "beam.sources.wavelengths_angstrom", "no sources"));
    CHECK(is_refused(corrected, "beam.sources.weights", "no sources"));
    CHECK(is_refused(corrected + "-close_distance 100", "detector.distance_mm", "close_distance_mm"));
    CHECK(is_refused(corrected, "detector.close_distance_mm", "distance_mm"));
    CHECK(is_refused(corrected + "-pix0_vector 0.1 0 0", "detector.distance_mm", "origin_mm"));
    CHECK(is_refused(corrected + "-pix0_vector 0.1 0 0 -Xbeam 1 -Ybeam 1", "detector.beam_center_mm", "origin_mm"));
    CHECK(is_refused(corrected + "-Xbeam 1", "detector.beam_center_mm", "both its numbers"));
    CHECK(is_refused(cell + "-xds -Xbeam 1 -Ybeam 1", "detector.beam_center_mm", "--semantics reference,beam-center"));
    CHECK(is_refused(corrected, "detector.fast_axis", "fixed by the mosflm convention"));
    CHECK(is_refused(corrected + "-dials", "detector.slow_axis", "fixed by the dials convention"));
    CHECK(is_refused(corrected, "detector.origin_mm", "follows from the beam centre"));
    CHECK(is_refused(cell + "-pix0_vector 0.1 0 0", "detector.origin_mm", "--semantics reference,pix0-overwritten"));
    CHECK(is_refused(corrected, "detector.sensor.thickness_um", "no thickness"));
    CHECK(is_refused(corrected + "-detector_abs 100", "detector.sensor.attenuation_depth_um", "no thickness"));
    CHECK(is_refused(corrected + "-detector_thick 100", "detector.sensor.attenuation_depth_um", "it is the thickness"));
    CHECK(is_refused(corrected + "-detector_abs inf -detector_thick 100", "detector.sensor.attenuation_depth_um", "infinite"));
    CHECK(is_refused(corrected + "-sourcefile " + one_source, "beam.sources.weights", "no effect"));
    ReferenceOptions spectrum = plain_options("-detpixels 8 -oversample 1 " + corrected);
    spectrum.beam.sources = {{{std::nan(""), 0, 0}, 1e-10, 1}, {{std::nan(""), 0, 0}, 1.1e-10, 1}};
    CHECK(refusal(spectrum, "beam.sources.directions").find("the sources lie along the beam") != std::string::npos);
    CHECK(is_refused(corrected + "-sourcefile " + one_source, "beam.wavelength_angstrom", "wavelengths of their own"));
    CHECK(is_refused(cell + "-N 5 -sourcefile " + one_source, "beam.sources.weights", "--semantics reference,source-weights"));
    CHECK(is_refused("-mat " + matrix + " -N 5", "crystal.cell", "that of the matrix"));
    CHECK(is_refused(corrected, "scan.range_deg", "no range"));
    CHECK(is_refused(corrected + "-osc 1 -phistep 0.1", "scan.range_deg", "step of the scan was given"));
    CHECK(is_refused(corrected + "-osc 1 -phisteps 1", "scan.range_deg", "one step alone"));
}

TEST("tangents: where state is carried along nothing can be differentiated, and the defect to correct is named") {
    const std::string cell = "-cell 70 80 90 -N 5 ";
    CHECK(is_refused(cell + "-phi 0 -osc 1 -phisteps 3", "crystal.cell", "--semantics reference,phi-carryover"));
    CHECK(refusal(plain_options("-detpixels 8 -oversample 1 " + cell + "-phi 1 -osc 1 -phisteps 3"), "crystal.cell").empty());
    CHECK(refusal(plain_options("-detpixels 8 -oversample 1 " + cell + "-phi 0"), "scan.phi_deg").empty());
    CHECK(is_refused(cell + "-oversample 2 -oversample_polar", "beam.fluence", "--semantics reference,oversample-product"));
    const BuiltOptions built(plain_options("-detpixels 8 -oversample 1 " + cell));
    options::Built interpolating = built.built;
    interpolating.experiment.crystal.interpolate = true;
    const std::vector<Parameter> all = derivatives::parameters_of({Subject{built.options, interpolating}}, false);
    for (const Parameter& p : all) CHECK(!p.refusal.empty());
}

TEST("tangents: what was chosen automatically stays, and is listed") {
    const auto listed = [](const std::string& words) {
        const BuiltOptions built(plain_options("-cell 70 80 90 -detpixels 8 -N 5 " + words));
        std::string text;
        for (const derivatives::Frozen& f : derivatives::frozen_of(built.subject())) text += f.path + "=" + printed(f.value) + " ";
        return text;
    };
    CHECK_EQ(listed("-oversample 1 -nointerpolate"), "");
    CHECK_EQ(listed("-mosaic 1 -osc 1 -detector_thick 100 -nointerpolate -oversample 1"),
             "crystal.mosaic_domains=10 scan.steps=2 detector.sensor.layers=2 ");
    CHECK_EQ(listed("-mosaic 1 -mosaic_domains 3 -osc 1 -phisteps 4 -detector_thick 100 -detector_thicksteps 5 -pixel 0.5"),
             "sampling.oversample=7 structure_factors.interpolate=0 ");
}

TEST("tangents: a path that does not exist is an error that names those that may be meant") {
    const BuiltOptions built(plain_options("-cell 70 80 90 -detpixels 8 -oversample 1 -N 5"));
    const std::vector<Parameter> all = derivatives::parameters_of({built.subject()}, false);
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "crystal.cel"), ModelError, "did you mean crystal.cell?");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "crystal.misset"), ModelError, "crystal.misset_deg");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "crystal.colour"), ModelError, "is no parameter");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "crystal.shape"), ModelError,
                      "crystal.shape cannot be differentiated here: it is "
                      "discrete");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "sampling.oversample"), ModelError, "how finely");
    CHECK_THROWS_WITH(derivatives::find_parameter(all, "detector.org"), ModelError, "not offered");
}

TEST("tangents: where one value is treated apart from all others they are those of its neighbours") {
    // Angles of 0 are not turned about, cells with right angles have a formula of their own, equal weights are not used.
    const std::string words = "-cell 70 80 90 90 100 90 -misset 0 0 0 -phi 0 -detpixels 8 -oversample 1 -N 5 --semantics corrected";
    ReferenceOptions o = plain_options(words);
    o.beam.sources = {{{-1, 0, 0}, 1e-10, 2}, {{-1, 0.01, 0}, 1.01e-10, 2}};
    const BuiltOptions built(o);
    const std::vector<Parameter> all = derivatives::parameters_of({built.subject()}, false);
    for (const char* path : {"crystal.cell", "crystal.misset_deg", "scan.phi_deg", "beam.sources.weights", "detector.rotation_deg",
                             "detector.twotheta_deg"})
        compare_with_differences(built, derivatives::find_parameter(all, path), shift_of(path), -1);
}
