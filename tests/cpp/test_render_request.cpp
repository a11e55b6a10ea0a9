// The one way to render: what does not depend on the arithmetic of the kernel.

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/batch.hpp"
#include "nbhybrid/run/simulator.hpp"
#include "scene.hpp"

using namespace nbhybrid;
using namespace nbhybrid::test;

namespace {

using Image = std::vector<float>;

constexpr float untouched = -7;
const std::vector<Mat3> some_rotations{
    identity_matrix, {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}, {{0, 0, 1}, {0.6, 0.8, 0}, {-0.8, 0.6, 0}}};

std::vector<Experiment> two_panels() {
    return {small_experiment("-roi 2 20 1 15"), small_experiment("-detpixels_f 11 -detpixels_s 7")};
}

run::Simulator::Panels shared(const std::vector<Experiment>& experiments) {
    run::Simulator::Panels panels;
    for (const Experiment& e : experiments) panels.push_back(std::make_shared<const Experiment>(e));
    return panels;
}

std::shared_ptr<const run::BuiltExperiment> built(const std::string& words) {
    Warnings warnings;
    const std::string all =
        "-dump /nonexistent/amplitudes -default_F 100 -seed 1 -cell 70 80 90 75 85 95 -N 5 -distance 100 "
        "-pixel 0.8 -detpixels 12 -oversample 1 " +
        words;
    return std::make_shared<const run::BuiltExperiment>(options::parse_options(split_words(all), warnings), 1);
}

bool same(const float* u, const Image& v) { return std::memcmp(u, v.data(), v.size() * sizeof(float)) == 0; }

Image image_of(const Experiment& e) {
    const run::Simulator simulator(e, 1);
    Image image(pixel_count(e), untouched);
    kernel::RenderRequest request = simulator.request();
    request.target.images = {image.data()};
    kernel::render(request);
    return image;
}

}  // namespace

TEST("request: panels in a row, with zeros where nothing is rendered, on the processor and a device") {
    const std::vector<Experiment> panels = two_panels();
    const std::size_t first = pixel_count(panels[0]), second = pixel_count(panels[1]);
    for (const int threads : {1, 2, 5}) {
        for (const bool on_device : {false, true}) {
            run::Simulator simulator(shared(panels), 1);
            if (on_device) simulator.use_device(kernel::emulated_device());
            Image images(first + second, untouched);
            kernel::RenderRequest request = simulator.request();
            request.threads = threads;
            request.target.images = {images.data()};
            request.target = request.target.spread(simulator);
            CHECK_EQ(request.target.images.size(), 2U);
            const kernel::RenderResult result = kernel::render(request);
            CHECK(same(images.data(), image_of(panels[0])) && same(images.data() + first, image_of(panels[1])));
            CHECK_EQ(images[0], 0.0F);
            CHECK_EQ(result.images[0].counts.pixels, std::int64_t{19 * 15});
            CHECK_EQ(result.images[1].counts.pixels, static_cast<std::int64_t>(second));
        }
    }
}

TEST("request: traces alone are those beside an image") {
    const run::Simulator simulator(small_experiment("-mosaic 1 -mosaic_domains 3"), 1);
    Image image(pixel_count(simulator.experiment()), untouched);
    kernel::RenderRequest request = simulator.request();
    request.trace = {{{3, 4}, {19, 23}, {3, 4}}, true};
    const std::vector<kernel::PixelRecord> alone = kernel::render(request).records;
    CHECK(kernel::render(request).images.empty());
    request.target.images = {image.data()};
    const std::vector<kernel::PixelRecord> beside = kernel::render(request).records;
    CHECK_EQ(alone.size(), 3U);
    for (std::size_t i = 0; i < alone.size(); ++i) {
        CHECK_EQ(alone[i].steps.size(), 3U);
        CHECK_EQ(alone[i].final_values.pixel, beside[i].final_values.pixel);
        CHECK_EQ(alone[i].final_values.pixel, image[static_cast<std::size_t>(alone[i].slow * 24 + alone[i].fast)]);
    }
    // And beside a list of pixels.
    Image values(1);
    request.pixels = {{19, 23}};
    request.target.images = {values.data()};
    CHECK_EQ(kernel::render(request).records[1].final_values.pixel, values[0]);
}

TEST("request: what it cannot hold is refused before anything is written") {
    run::Simulator one(small_experiment(""), 1), two(shared(two_panels()), 1);
    Image image(2 * pixel_count(one.experiment()), untouched);
    kernel::RenderRequest request = one.request();
    request.target.images = {image.data()};
    request.trace.pixels = {{20, 0}};
    CHECK_THROWS_WITH(kernel::render(request), ModelError, "pixel (20, 0): the image has 20 x 24");
    request.trace.pixels.clear();
    request.pixels = {{3, 3}, {0, -1}};
    CHECK_THROWS_WITH(kernel::render(request), ModelError, "pixel (0, -1)");
    request = two.request();
    request.target.images = {image.data()};
    request.pixels = {{3, 3}};
    CHECK_THROWS_WITH(kernel::render(request), ModelError, "expected one panel");
    request.pixels.reset();
    request.trace.pixels = {{3, 3}};
    CHECK_THROWS_WITH(kernel::render(request), ModelError, "expected one panel");
    for (const float pixel : image) CHECK_EQ(pixel, untouched);
}

TEST("request: the watch hears the share of all images, and may stop in any of them") {
    std::vector<double> heard;
    const kernel::Watch watch = [&](double done) {
        heard.push_back(done);
        return false;
    };
    CHECK(!kernel::part_of(watch, 0, 4)(0.5) && !kernel::part_of(watch, 3, 4)(1.0));
    CHECK(heard == std::vector<double>({0.125, 1.0}));
    CHECK(!kernel::part_of(nullptr, 0, 4));
    const Experiment e = small_experiment("-detpixels 400 -mosaic 1 -mosaic_domains 3000 -phi 1 -osc 1 -phisteps 50");
    for (const std::size_t panels : {std::size_t{1}, std::size_t{3}, std::size_t{4}}) {  // after one another, or side by side
        const run::Simulator simulator(shared(std::vector<Experiment>(panels, e)), 2);
        Image images(panels * pixel_count(e));
        kernel::RenderRequest request = simulator.request();
        request.threads = 2;
        request.watch = watch;
        request.target.images = {images.data()};
        request.target = request.target.spread(simulator);
        heard.clear();
        CHECK_THROWS_AS(kernel::render(request), Interrupted);
        CHECK_EQ(heard.size(), 1U);
    }
}

TEST("request: pixels that are no finite numbers are told of if somebody wants to know") {
    for (const bool overflows : {false, true}) {
        const run::Batch batch(built(overflows ? "-fluence 1e80" : "-fluence 1e20"), some_rotations, {}, {});
        Image images(some_rotations.size() * 144);
        kernel::RenderRequest request = batch.request();
        request.target.images = {images.data()};
        request.target = request.target.spread(batch);
        CHECK(kernel::render(request).is_finite());
        request.wanted.finite = true;
        CHECK_EQ(kernel::render(request).is_finite(), !overflows);
        CHECK_EQ(std::isinf(images[0]), overflows);
    }
}

TEST("plan: with another lattice it is a new one, and shares what does not depend on that") {
    for (const char* words :
         {"-phi 0 -osc 1 -phisteps 3", "-gauss_xtal -mosaic 1 -mosaic_domains 5", "-tophat_spots", "-round_xtal"}) {
        const Experiment e = small_experiment(words), other = small_experiment(std::string(words) + " -misset 30 5 80");
        const Plan fresh(other), plan(Plan(e), other.crystal.lattice);
        const PlanView &u = fresh.view(), &v = plan.view();
        const std::size_t steps = static_cast<std::size_t>(u.orientation.n_phi);
        CHECK_EQ(std::memcmp(u.orientation.first_sweep, v.orientation.first_sweep, steps * sizeof(Axes)), 0);
        CHECK_EQ(std::memcmp(u.orientation.later_sweep, v.orientation.later_sweep, steps * sizeof(Axes)), 0);
        CHECK_EQ(u.orientation.components == nullptr, v.orientation.components == nullptr);
        CHECK_EQ(u.crystal.largest_index, v.crystal.largest_index);
        CHECK_EQ(u.crystal.bright_square, v.crystal.bright_square);
        CHECK_EQ(fresh.bounds().relative, plan.bounds().relative);
        CHECK_EQ(fresh.bounds().half_shift, plan.bounds().half_shift);
        CHECK_EQ(fresh.bounds().support.along_axes.x, plan.bounds().support.along_axes.x);
        const Plan third(plan, e.crystal.lattice);
        CHECK(third.view().beam.sources == v.beam.sources && third.view().beam.axes == v.beam.axes);
        CHECK(third.view().orientation.later_sweep != v.orientation.later_sweep);
    }
}
