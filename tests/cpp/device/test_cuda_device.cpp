// The host's side of a CUDA device, on a runtime of tests: it is the code that a GPU gets, up to the launch of a kernel.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../check.hpp"
#include "../scene.hpp"
#include "callers_memory.hpp"
#include "cuda_device.hpp"
#include "fake_runtime.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/device.hpp"

namespace nbhybrid::test {

namespace {

constexpr int threads = 2;

struct Scene {
    Experiment experiment;
    std::unique_ptr<Plan> plan;

    explicit Scene(const std::string& words, int table = 0) : experiment(small_experiment(words)) {
        if (table > 0) give_table(experiment, table, 5);
        plan = std::make_unique<Plan>(experiment);
        complete(*plan, 1);
    }
    std::size_t pixels() const { return pixel_count(experiment); }
    std::vector<float> image() const {
        std::vector<float> image(pixels());
        std::vector<kernel::PixelRecord> none;
        kernel::StopSign stop;
        kernel::render_region(*plan, image.data(), none, false, threads, stop, nullptr, {});
        return image;
    }
};

std::vector<const Plan*> plans_of(const std::vector<Scene>& scenes) {
    std::vector<const Plan*> plans;
    for (const Scene& scene : scenes) plans.push_back(scene.plan.get());
    return plans;
}

bool same(const std::vector<float>& u, const std::vector<float>& v) {
    return u.size() == v.size() && std::memcmp(u.data(), v.data(), u.size() * sizeof(float)) == 0;
}

// A device, and what it does with a caller's memory. At the end nothing may be left over.
class Trial {
public:
    explicit Trial(const char* room = "") {
        fake::computes = true;
        fake::one_in = fake::fails_at = 0;
        ::setenv("NBHYBRID_UNDECIDED_ROOM", room, 1);
        device_ = cuda::make_device(0);
    }
    ~Trial() {
        device_ = nullptr;
        fake::settle();
        for (float* each : given_) CHECK_EQ(cudaFree(each), cudaSuccess);
        fake::end();
        ::unsetenv("NBHYBRID_UNDECIDED_ROOM");
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    kernel::Device& device() { return *device_; }
    void forget_device() { device_ = nullptr; }
    float* memory(std::size_t count) {
        given_.push_back(fake::device_floats(count));
        return given_.back();
    }
    void load(const std::vector<const Plan*>& plans, Engine engine = Engine::exact, bool same_table = false) {
        device_->load(plans, engine, same_table);
        CHECK_EQ(fake::pending_with_callers_memory(), 0);
    }
    // Of plans that have been loaded.
    kernel::RenderTotals run(const std::vector<const Plan*>& plans, const kernel::Target& target,
                             const kernel::Watch& watch = nullptr,
                             const std::optional<std::vector<kernel::PixelAddress>>& pixels = std::nullopt) {
        const PlansOf source(plans);
        kernel::RenderRequest request;
        request.plans = &source;
        request.pixels = pixels;
        request.devices = {{device_, kernel::DeviceUse::Holds::plans}};
        request.threads = threads;
        request.watch = watch;
        request.wanted.solid_angles = !target.on_device;
        request.target = target;
        const kernel::RenderTotals totals = kernel::render(request).images.front();
        CHECK_EQ(fake::pending_with_callers_memory(), 0);
        return totals;
    }
    kernel::RenderTotals run(const Scene& scene, const kernel::Target& target, const kernel::Watch& watch = nullptr) {
        return run(std::vector<const Plan*>{scene.plan.get()}, target, watch);
    }
    std::vector<float> run(const Scene& scene) {
        std::vector<float> image(scene.pixels(), -1.0F);
        run(scene, {{image.data()}});
        return image;
    }

private:
    std::shared_ptr<kernel::Device> device_;
    std::vector<float*> given_;
};

const char* const some_words = "-mosaic 1 -mosaic_domains 3 -hdivrange 1 -hdivsteps 2";

}  // namespace

TEST("cuda: images in the host's memory are the processor's, with the solid angles") {
    for (const char* words : {"", "-round_xtal", "-gauss_xtal -mosaic 1 -mosaic_domains 3", "-tophat_spots", "-curved_det",
                              "-roi 3 17 2 13", "-phi 0 -osc 1 -phisteps 3"}) {
        const Scene scene(words, 3);
        Trial trial;
        trial.load({scene.plan.get()});
        std::vector<float> image(scene.pixels(), -1.0F);
        const kernel::RenderTotals totals = trial.run(scene, {{image.data()}});
        CHECK(same(image, scene.image()));
        CHECK(totals.solid_angles > 0);
        CHECK(same(trial.run(scene), image));
    }
}

TEST("cuda: where nothing is left undecided, a call copies nothing and waits once, for one event") {
    const Scene scene(some_words);
    Trial trial;
    trial.load({scene.plan.get()});
    float* const image = trial.memory(scene.pixels());
    const std::uintptr_t stream = fake::new_stream();
    for (int i = 0; i < 3; ++i) {
        fake::begin_count();
        trial.run(scene, {{image}, true, stream});
        CHECK_EQ(fake::count("cudaMemcpyAsync"), 0);
        CHECK_EQ(fake::count("cudaEventRecord"), 1);
        CHECK_EQ(fake::count("cudaEventSynchronize"), 1);
        CHECK_EQ(fake::count("cudaStreamSynchronize"), 0);
        CHECK_EQ(fake::count("cudaDeviceSynchronize"), 0);
        CHECK_EQ(fake::count("launch"), 2);  // the second tells the count
    }
    fake::settle();
    CHECK(same(fake::floats_of(image, scene.pixels()), scene.image()));
}

TEST("cuda: undecided pixels come back without a copy, and so do their values") {
    const Scene scene(some_words);
    Trial trial;
    fake::one_in = 7;
    trial.load({scene.plan.get()});
    float* const image = trial.memory(scene.pixels());
    const std::uintptr_t stream = fake::new_stream();
    for (int i = 0; i < 3; ++i) {
        fake::begin_count();
        const kernel::RenderTotals totals = trial.run(scene, {{image}, true, stream});
        CHECK_EQ(totals.counts.undecided, std::int64_t{69});
        CHECK_EQ(fake::count("cudaMemcpyAsync"), 0);
        CHECK_EQ(fake::count("launch"), 3);
        CHECK(fake::pending() > 0);  // nobody waits for the values
    }
    fake::settle();
    CHECK(same(fake::floats_of(image, scene.pixels()), scene.image()));
}

TEST("cuda: more undecided pixels than the list has room for are found by the second way") {
    const std::vector<Scene> scenes = [] {
        std::vector<Scene> made;
        for (const char* words : {"", "-misset 11 20 30", "-misset 12 20 30"}) made.emplace_back(words);
        return made;
    }();
    for (const char* room : {"0", "1", "68", "69", "70", ""}) {
        Trial trial(room);
        fake::one_in = 7;
        trial.load({scenes[0].plan.get()});
        CHECK(same(trial.run(scenes[0]), scenes[0].image()));
        float* const image = trial.memory(scenes[0].pixels());
        fake::begin_count();
        CHECK_EQ(trial.run(scenes[0], {{image}, true, fake::new_stream()}).counts.undecided, std::int64_t{69});
        CHECK_EQ(fake::count("cudaMemcpyAsync") > 0, *room != 0 && std::atoi(room) < 69);
        std::vector<float> listed(4, -1.0F);
        fake::one_in = 1;
        trial.run({scenes[0].plan.get()}, {{listed.data()}}, nullptr, {{{3, 4}, {0, 0}, {19, 23}, {3, 4}}});
        const std::vector<float> whole = scenes[0].image();
        CHECK(same(listed, {whole[3 * 24 + 4], whole[0], whole[19 * 24 + 23], whole[3 * 24 + 4]}));
        trial.load(plans_of(scenes));
        const std::size_t pixels = scenes[0].pixels();
        float* const images = trial.memory(3 * pixels);
        trial.run(plans_of(scenes), {{images, images + pixels, images + 2 * pixels}, true, fake::new_stream()});
        fake::settle();
        CHECK(same(fake::floats_of(image, pixels), whole));
        for (std::size_t i = 0; i < scenes.size(); ++i)
            CHECK(same(fake::floats_of(images + i * pixels, pixels), scenes[i].image()));
    }
    CHECK_THROWS_WITH(Trial("many"), DeviceError, "NBHYBRID_UNDECIDED_ROOM: found many, expected a number of pixels");
}

TEST("cuda: what a plan is made of may go as soon as it is loaded") {
    Trial trial;
    std::unique_ptr<Scene> scene;
    std::vector<float> expected;
    for (int largest : {3, 30}) {  // a table that is copied to pinned memory, and one that is too large for that
        scene = std::make_unique<Scene>("-mosaic 1 -mosaic_domains 3", largest);
        expected = scene->image();
        trial.load({scene->plan.get()});
        float* const image = trial.memory(scene->pixels());
        trial.run(*scene, {{image}, true, fake::new_stream()});
        fake::settle();
        CHECK(same(fake::floats_of(image, scene->pixels()), expected));
    }
    // The next one is loaded while a run of this one is under way, and takes more memory.
    float* const image = trial.memory(scene->pixels());
    fake::one_in = 7;
    trial.run(*scene, {{image}, true, fake::new_stream()});
    CHECK(fake::pending() > 0);
    const Scene next("-mosaic 1 -mosaic_domains 300", 31);
    trial.load({next.plan.get()});
    CHECK(same(trial.run(next), next.image()));
    CHECK(same(fake::floats_of(image, scene->pixels()), expected));
}

TEST("cuda: memory that grows is not taken from under a run") {
    Trial trial;
    const Scene scene("-mosaic 1 -mosaic_domains 3", 3), larger("-mosaic 1 -mosaic_domains 300", 31);
    trial.load({scene.plan.get()}, Engine::fast);
    float* const image = trial.memory(scene.pixels());
    trial.run(scene, {{image}, true, fake::new_stream()});
    CHECK(fake::pending() > 0);
    trial.load({larger.plan.get()});
    CHECK(same(trial.run(larger), larger.image()));
    const std::vector<float> found = fake::floats_of(image, scene.pixels()), expected = scene.image();
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) <= 1e-4F * expected[i]);
}

TEST("cuda: values of the scalar path wait for their kernel in memory of their own") {
    // Its first sweep is one pixel's, which no device decides; nobody waits for a `fast` call.
    const Scene scene("-phi 0 -osc 1 -phisteps 3 -mosaic 1 -mosaic_domains 3");
    Trial trial;
    trial.load({scene.plan.get()}, Engine::fast);
    std::vector<float*> images;
    for (int i = 0; i < 3; ++i) {
        images.push_back(trial.memory(scene.pixels()));
        trial.run(scene, {{images.back()}, true, fake::new_stream()});
        CHECK(fake::pending() > 0);
    }
    fake::settle();
    const std::vector<float> expected = scene.image();
    for (const float* image : images) CHECK_EQ(image[0], expected[0]);
}

TEST("cuda: sets keep the table where it is the same") {
    Trial trial;
    std::vector<Scene> scenes;
    for (const char* words : {"", "-misset 11 20 30", "-misset 12 20 30"}) scenes.emplace_back(words, 3);
    float* const images = trial.memory(3 * scenes[0].pixels());
    for (const bool is_later : {false, true, true}) {
        trial.load(plans_of(scenes), Engine::exact, is_later);
        std::vector<float*> places;
        for (std::size_t i = 0; i < 3; ++i) places.push_back(images + i * scenes[0].pixels());
        trial.run(plans_of(scenes), {places, true, fake::new_stream()});
    }
    fake::settle();
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(same(fake::floats_of(images + i * scenes[0].pixels(), scenes[0].pixels()), scenes[i].image()));
}

TEST("cuda: lists and values of the caller may go when the call returns") {
    const Scene scene("");
    const std::vector<float> whole = scene.image();
    for (const Engine engine : {Engine::exact, Engine::fast}) {
        Trial trial;
        fake::one_in = 2;
        trial.load({scene.plan.get()}, engine);
        float* const values = trial.memory(200000);
        for (const std::size_t count : {std::size_t{5}, std::size_t{200000}, std::size_t{0}, std::size_t{7}}) {
            std::vector<kernel::PixelAddress> pixels(count);
            for (std::size_t i = 0; i < count; ++i) pixels[i] = {static_cast<int>(i % 20), static_cast<int>(i * 7 % 24)};
            trial.run({scene.plan.get()}, {{values}, true, fake::new_stream()}, nullptr, pixels);
            fake::settle();
            bool all_same = true;
            for (std::size_t i = 0; i < count; ++i) {
                const float expected = whole[static_cast<std::size_t>(pixels[i].slow * 24 + pixels[i].fast)];
                all_same &= engine == Engine::exact ? values[i] == expected : std::abs(values[i] - expected) <= 1e-4F * expected;
            }
            CHECK(all_same);
        }
    }
}

TEST("cuda: one device serves several streams, one call after the other") {
    const Scene scene(some_words), other("-misset 11 20 30");
    for (const Engine engine : {Engine::exact, Engine::fast}) {
        Trial trial;
        fake::one_in = 7;
        std::vector<float*> images;
        for (int i = 0; i < 6; ++i) {
            const Scene& its = i % 2 == 0 ? scene : other;
            trial.load({its.plan.get()}, engine);
            images.push_back(trial.memory(its.pixels()));
            trial.run(its, {{images.back()}, true, i == 3 ? 1 : fake::new_stream()});
            if (i == 4) trial.run(its);
        }
        fake::settle();
        if (engine == Engine::exact)
            for (std::size_t i = 0; i < images.size(); ++i)
                CHECK(same(fake::floats_of(images[i], scene.pixels()), (i % 2 == 0 ? scene : other).image()));
    }
}

TEST("cuda: a device may go while its last call is under way") {
    const Scene scene(some_words);
    for (const Engine engine : {Engine::exact, Engine::fast}) {
        Trial trial;
        fake::one_in = 7;
        trial.load({scene.plan.get()}, engine);
        float* const image = trial.memory(scene.pixels());
        trial.run(scene, {{image}, true, fake::new_stream()});
        CHECK(fake::pending() > 0);
        trial.forget_device();
    }
}

TEST("cuda: traces are the emulated device's") {
    const Scene scene("-hdivrange 1 -hdivsteps 2");
    Trial trial;
    trial.load({scene.plan.get()});
    const std::unique_ptr<kernel::Device> emulated = kernel::emulated_device();
    emulated->load({scene.plan.get()}, Engine::exact, false);
    const std::vector<kernel::PixelRecord> found = trial.device().trace({5, 100, 479}, true),
                                           expected = emulated->trace({5, 100, 479}, true);
    CHECK_EQ(fake::pending_with_callers_memory(), 0);
    CHECK_EQ(found.size(), std::size_t{3});
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK_EQ(found[i].slow, expected[i].slow);
        CHECK_EQ(found[i].steps.size(), expected[i].steps.size());
    }
}

namespace {

// Each of 64 launches of it is more than the watch is asked once for.
const char* const long_words = "-detpixels_f 512 -detpixels_s 512 -oversample 1000 -phi 1 -osc 1 -phisteps 10";

}  // namespace

TEST("cuda: a long call is never far ahead of what the watch knows, and does not outlive it") {
    const Scene scene(long_words);
    for (const Engine engine : {Engine::exact, Engine::fast}) {
        Trial trial;
        trial.load({scene.plan.get()}, engine);
        fake::computes = false;
        float* const image = trial.memory(scene.pixels());
        double last = 0;
        int asked = 0, behind = 0;
        fake::begin_count();
        const kernel::Watch watch = [&](double done) {
            CHECK(done > last);
            last = done;
            ++asked;
            behind = std::max(behind, fake::pending());
            return true;
        };
        trial.run(scene, {{image}, true, fake::new_stream()}, watch);
        CHECK(fake::count("launch") >= 64);
        CHECK(asked >= 60);
        CHECK(behind <= 12);
        const int all = fake::count("launch");
        // Without a watch all is given to the stream at once.
        fake::begin_count();
        trial.run(scene, {{image}, true, fake::new_stream()});
        CHECK_EQ(fake::count("launch"), all);
        CHECK_EQ(fake::count("cudaEventRecord"), 1);
        // The watch says to stop: nothing more is given, and the caller's memory is his again.
        fake::begin_count();
        fake::settle();
        asked = 0;
        CHECK_THROWS_AS(trial.run(scene, {{image}, true, fake::new_stream()}, [&](double) { return ++asked < 5; }), Interrupted);
        CHECK(fake::count("launch") <= 8);
        CHECK_EQ(fake::pending(), 0);
    }
}

TEST("cuda: after an error nothing is under way, and the next call is right") {
    const Scene scene(some_words);
    for (int fails_at = 1; fails_at <= 4; ++fails_at) {
        Trial trial;
        fake::one_in = 7;
        trial.load({scene.plan.get()});
        float* const image = trial.memory(scene.pixels());
        fake::fails_at = fails_at;
        if (fails_at <= 3) {
            CHECK_THROWS_WITH(trial.run(scene, {{image}, true, fake::new_stream()}), DeviceError, "a launch failed");
            CHECK_EQ(fake::pending(), 0);
        }
        fake::fails_at = 0;
        trial.run(scene, {{image}, true, fake::new_stream()});
        fake::settle();
        CHECK(same(fake::floats_of(image, scene.pixels()), scene.image()));
    }
}

TEST("cuda: a caller's array is copied to the host after what its stream has to do, and streams are put in order") {
    fake::computes = true;
    const std::uintptr_t stream = fake::new_stream(), other = fake::new_stream();
    float* const from = fake::device_floats(4);
    const auto write = [&](std::uintptr_t its, float value) {
        fake::give(reinterpret_cast<cudaStream_t>(its), {{from, true}}, [=] { std::fill_n(from, 4, value); });
    };
    std::vector<float> to(4);
    write(stream, 2);
    cuda::copy_to_host(0, reinterpret_cast<std::uintptr_t>(from), to.data(), 16, stream);
    CHECK(same(to, {2, 2, 2, 2}));
    cuda::order_after(0, other, stream);
    write(other, 3);
    cuda::wait_for(0, other);
    CHECK(same(fake::floats_of(from, 4), {3, 3, 3, 3}));
    cudaFree(from);
    fake::end();
}

}  // namespace nbhybrid::test
