#include <cstring>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "scene.hpp"

using namespace nbhybrid;

namespace {

const std::string small_scene =
    "-cell 70 80 90 75 85 95 -misset 10 20 30 -N 5 -distance 100 -pixel 0.8 -detpixels 24 -oversample 1 ";

Experiment experiment_of(const std::string& words) {
    Warnings warnings;
    return options::build_experiment(options::parse_options(test::split_words(small_scene + words), warnings), warnings).experiment;
}

// Amplitudes on a cube of indices, different for each.
void give_table(Experiment& e, int largest) {
    StructureFactors f = *e.structure_factors;
    f.h = f.k = f.l = {-largest, largest};
    const auto edge = static_cast<std::size_t>(f.h.count() + 1);
    f.values.resize(edge * edge * edge);
    for (std::size_t i = 0; i < f.values.size(); ++i) f.values[i] = static_cast<double>(i * 7919 % 500);
    f.entries = f.h.count() * f.k.count() * f.l.count();
    e.structure_factors = std::make_shared<const StructureFactors>(std::move(f));
}

struct Rendered {
    std::vector<float> image;
    double solid_angles = 0;
};

void complete(Plan& plan, int threads) {
    kernel::StopSign stop;
    kernel::resolve_carry_over(plan, threads, stop, nullptr);
}

Rendered render(const Experiment& e, int threads, std::vector<kernel::PixelRecord> traced = {}) {
    Plan plan(e);
    complete(plan, threads);
    Rendered result;
    result.image.assign(static_cast<std::size_t>(e.detector.pixels()), 0.0F);
    kernel::StopSign stop;
    result.solid_angles = kernel::render_region(plan, result.image.data(), traced, true, threads, stop, nullptr, {}).solid_angles;
    return result;
}

// Every pixel in a block of its own, in loop order.
std::vector<float> render_one_by_one(const Experiment& e) {
    Plan plan(e);
    complete(plan, 1);
    std::vector<float> image(static_cast<std::size_t>(e.detector.pixels()), 0.0F);
    for (int slow = e.detector.region.slow_first; slow <= e.detector.region.slow_last; ++slow) {
        for (int fast = e.detector.region.fast_first; fast <= e.detector.region.fast_last; ++fast) {
            kernel::PixelRecord record;
            record.slow = slow;
            record.fast = fast;
            kernel::trace_pixel(plan, record, false);
            image[static_cast<std::size_t>(kernel::pixel_index(plan.view(), slow, fast))] = record.final_values.pixel;
        }
    }
    return image;
}

bool same_bits(const std::vector<float>& u, const std::vector<float>& v) {
    return u.size() == v.size() && std::memcmp(u.data(), v.data(), u.size() * sizeof(float)) == 0;
}

bool same(const Vec3& u, const Vec3& v) { return u.x == v.x && u.y == v.y && u.z == v.z; }

// Options that each bring in another part of the loops, or state that is carried along.
const char* const scenes[] = {
    "-default_F 100",
    "-default_F 100 -phi 0 -osc 2 -phisteps 3",
    "-default_F 100 -phi 0 -osc 2 -phisteps 3 -dmin 3 -oversample 2",
    "-default_F 100 -mosaic 1 -mosaic_domains 5 -phi -1 -osc 2 -phisteps 3",
    "-default_F 100 -hdivrange 9 -hdivsteps 3 -dispersion 3 -dispsteps 2 -polar 0.8 -polar_vector 0.123 0.456 0.789",
    "-default_F 100 -detector_abs 300 -detector_thick 450 -detector_thicksteps 3 -oversample_thick -oversample 2",
    "-default_F 100 -round_xtal -water 5 -curved_det 1",
    "-default_F 100 -gauss_xtal -fudge 0.01 -roi 3 17 5 20",
    "-default_F 100 -tophat_spots -point_pixel -nopolar",
};

}  // namespace

TEST("kernel: neither threads nor the width of a block change a bit") {
    for (const char* words : scenes) {
        const Experiment e = experiment_of(words);
        const Rendered one = render(e, 1);
        for (const int threads : {2, 3, 7}) {
            const Rendered more = render(e, threads);
            CHECK(same_bits(more.image, one.image));
            CHECK_EQ(more.solid_angles, one.solid_angles);
        }
        CHECK(same_bits(render_one_by_one(e), one.image));
    }
}

TEST("kernel: a traced pixel is the pixel of the image") {
    for (const char* words : scenes) {
        const Experiment e = experiment_of(words);
        CHECK(same_bits(render(e, 2, test::records_of({{9, 3}, {9, 4}, {9, 17}})).image, render(e, 1).image));
    }
}

TEST("kernel: steps sum up to the pixel") {
    const Experiment e = experiment_of("-default_F 100 -phi 0 -osc 2 -phisteps 3 -mosaic 1 -mosaic_domains 4 -oversample 2");
    Plan plan(e);
    complete(plan, 1);
    std::vector<kernel::PixelRecord> traced = test::records_of({{11, 13}});
    std::vector<float> image(static_cast<std::size_t>(e.detector.pixels()));
    kernel::StopSign stop;
    kernel::render_region(plan, image.data(), traced, true, 1, stop, nullptr, {});
    const kernel::PixelRecord& record = traced[0];
    CHECK_EQ(record.steps.size(), static_cast<std::size_t>(plan.view().scale.steps));
    double sum = 0;
    for (const kernel::StepRecord& s : record.steps) {
        sum += s.amplitude * s.amplitude * s.lattice_factor * s.lattice_factor;
        CHECK_EQ(s.intensity, sum);
    }
    CHECK_EQ(record.final_values.intensity, sum);
    CHECK_EQ(record.final_values.pixel, image[11 * 24 + 13]);
}

TEST("plan: a phi of exactly 0 takes over the last rotation, except in the first sweep") {
    const Experiment e = experiment_of("-default_F 100 -phi 0 -osc 2 -phisteps 2");
    const Plan plan(e);
    const OrientationStage& o = plan.view().orientation;
    CHECK(plan.sweeps_differ());
    CHECK(same(o.first_sweep[0].a, e.crystal.lattice.a));
    CHECK(same(o.later_sweep[0].a, o.later_sweep[1].a));
    CHECK(same(o.first_sweep[1].a, o.later_sweep[1].a));
    CHECK(!same(o.first_sweep[1].a, e.crystal.lattice.a));
    CHECK(!Plan(experiment_of("-default_F 100 -phi 1 -osc 2 -phisteps 2")).sweeps_differ());
    // In the middle of a sweep the step before is always the same.
    CHECK(!Plan(experiment_of("-default_F 100 -phi -1 -osc 3 -phisteps 3")).sweeps_differ());
}

TEST("carry-over: the first sweep is in the first pixel that a source reaches") {
    Plan whole(experiment_of("-default_F 100 -phi 0 -osc 2 -phisteps 2"));
    complete(whole, 1);
    CHECK_EQ(whole.view().carry_over.first_sweep, 0);
    const Experiment part = experiment_of("-default_F 100 -phi 0 -osc 2 -phisteps 2 -roi 5 9 7 8");
    Plan plan(part);
    complete(plan, 1);
    CHECK_EQ(plan.view().carry_over.first_sweep, 7 * 24 + 5);
    // The corners of this detector see nothing as coarse as 12 Angstrom.
    const Experiment coarse = experiment_of("-default_F 100 -phi 0 -osc 2 -phisteps 2 -dmin 20");
    Plan later(coarse);
    complete(later, 1);
    const PixelIndex found = later.view().carry_over.first_sweep;
    CHECK(found > 0);
    CHECK(found < coarse.detector.pixels());
    const std::vector<float> image = render(coarse, 2).image;
    for (PixelIndex i = 0; i < found; ++i) CHECK_EQ(image[static_cast<std::size_t>(i)], 0.0F);
    CHECK(image[static_cast<std::size_t>(found)] > 0.0F);
}

TEST("carry-over: interpolation ends at the first neighbourhood outside the table") {
    for (const int largest : {4, 6, 9}) {
        Experiment e = experiment_of("-default_F 100 -interpolate");
        give_table(e, largest);
        e.crystal.interpolate = true;
        for (const int threads : {1, 3}) {
            Plan plan(e);
            complete(plan, threads);
            const PixelIndex end = plan.view().carry_over.interpolation_ends;
            // The same by looking at every pixel's only step in turn.
            PixelIndex expected = no_pixel;
            for (int i = 0; i < 24 * 24 && expected == no_pixel; ++i) {
                kernel::PixelRecord record;
                record.slow = i / 24;
                record.fast = i % 24;
                kernel::trace_pixel(plan, record, false);
                if (terms::leaves_table(plan.view().crystal.amplitudes, record.last_step.index)) expected = i;
            }
            CHECK_EQ(end, expected);
        }
        CHECK(same_bits(render(e, 3).image, render_one_by_one(e)));
    }
}

TEST("carry-over: the polarization axis settles") {
    const Experiment e = experiment_of("-default_F 100 -polar 0.9 -polar_vector 0.123 0.456 0.789");
    Plan plan(e);
    complete(plan, 1);
    const BeamStage& beam = plan.view().beam;
    const Vec3 last = beam.axes[beam.n_axes - 1];
    CHECK(same(normalized(last), last));
    CHECK_EQ(plan.view().carry_over.n_axis_uses > 0, beam.n_axes > 1);
}

TEST("carry-over: a polarization axis that never settles") {
    // Normalising it again and again leads back and forth between two vectors.
    const Experiment e = experiment_of("-default_F 100 -polar 0.9 -beam_vector 1 0 0 -polar_vector 0.885 -0.666 0.21");
    Plan plan(e);
    complete(plan, 1);
    const BeamStage& beam = plan.view().beam;
    const int last = beam.n_axes - 1;
    CHECK(beam.axis_cycle < last);
    CHECK(same(normalized(beam.axes[last]), beam.axes[beam.axis_cycle]));
    const std::uint16_t* const entries = plan.view().carry_over.axis_entries;
    CHECK(entries != nullptr);
    if (entries == nullptr) return;
    CHECK_EQ(int{entries[0]}, 0);
    // Each pixel of this scene uses it once.
    CHECK_EQ(int{entries[1]}, 1);
    CHECK_EQ(int{entries[beam.n_axes]}, beam.axis_cycle);
}

TEST("kernel: work stops when the watch says so") {
    const Experiment e = experiment_of("-default_F 100 -detpixels 400 -mosaic 1 -mosaic_domains 3000 -phi 1 -osc 1 -phisteps 50");
    Plan plan(e);
    complete(plan, 2);
    std::vector<float> image(static_cast<std::size_t>(e.detector.pixels()));
    std::vector<kernel::PixelRecord> none;
    kernel::StopSign stop;
    int asked = 0;
    const kernel::Watch watch = [&](double done) {
        CHECK(done >= 0 && done < 1);
        return ++asked < 3;
    };
    CHECK_THROWS_AS(kernel::render_region(plan, image.data(), none, false, 2, stop, watch, {}), Interrupted);
    CHECK_EQ(asked, 3);
}

TEST("kernel: what a thread throws reaches the caller") {
    const kernel::RowParts parts(Region{0, 99, 0, 99});
    kernel::StopSign stop;
    CHECK_THROWS_WITH(kernel::for_each_part(parts, 3, stop, nullptr,
                                            [](const kernel::RowPart& part) {
                                                if (part.number == 17) throw ModelError("seventeen");
                                            }),
                      ModelError, "seventeen");
}

TEST("kernel: parts of rows cover a region once") {
    for (const Region& region : {Region{0, 0, 0, 0}, Region{3, 300, 5, 5}, Region{10, 4105, 0, 3}, Region{0, 63, 0, 2000}}) {
        const kernel::RowParts parts(region);
        std::int64_t pixels = 0;
        int slow = region.slow_first, fast = region.fast_first;
        for (std::int64_t i = 0; i < parts.count(); ++i) {
            const kernel::RowPart part = parts[i];
            CHECK_EQ(part.number, i);
            CHECK_EQ(part.slow, slow);
            CHECK_EQ(part.fast_first, fast);
            pixels += part.fast_last - part.fast_first + 1;
            const bool ends_row = part.fast_last == region.fast_last;
            slow += ends_row ? 1 : 0;
            fast = ends_row ? region.fast_first : part.fast_last + 1;
        }
        CHECK_EQ(pixels,
                 static_cast<std::int64_t>(region.fast_last - region.fast_first + 1) * (region.slow_last - region.slow_first + 1));
    }
}
