// Renders the experiments of command lines, one a line of its input, in each way that there is, and prints a digest of each result
// with its counts, for `make initialised`:
//
//     nbhybrid_ways < FILE
//
// With NBHYBRID_ISA=device or device_float the emulated device renders them too; device_split, which takes a pixel 32 times,
// renders less.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/run/batch.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/noise.hpp"
#include "nbhybrid/run/simulator.hpp"
#include "nbhybrid/trace/text.hpp"

namespace {

using namespace nbhybrid;
using Image = std::vector<float>;

// FNV-1a.
std::uint64_t digest_of(const void* data, std::size_t bytes) {
    std::uint64_t digest = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i < bytes; ++i)
        digest = (digest ^ static_cast<const unsigned char*>(data)[i]) * std::uint64_t{0x100000001b3U};
    return digest;
}

void say(const std::string& way, const void* data, std::size_t bytes) {
    std::printf("%s: %016llx\n", way.c_str(), static_cast<unsigned long long>(digest_of(data, bytes)));
}
void say(const std::string& way, const Image& image) { say(way, image.data(), image.size() * sizeof(float)); }

class Ways {
public:
    Ways(std::shared_ptr<const run::BuiltExperiment> built, Engine engine, std::string name)
        : built_(std::move(built)),
          name_(std::move(name)),
          pixels_(static_cast<std::size_t>(built_->experiment().detector.pixels())) {
        way_.engine = engine;
        kernel::Way verified = way_;
        verified.verify = engine == Engine::exact;
        simulator_ = std::make_unique<run::Simulator>(built_->experiment(), 1, verified);
    }

    void use_device(const std::shared_ptr<kernel::Device>& device) {
        name_ += " on the device";
        device_ = device;
        simulator_->use_device(device);
    }

    void go(bool does_all) {
        image();
        list();
        if (!does_all) return;
        trace();
        panels();
        batch();
    }

private:
    static Experiment next_to_it(const Experiment& experiment) {
        Experiment other = experiment;
        Detector& d = other.detector;
        d.origin = d.origin + d.size_fast * d.fast_axis;
        return other;
    }

    // Of a target in a row.
    static kernel::RenderResult render(kernel::RenderRequest request, Image& images) {
        request.wanted.solid_angles = true;
        request.target.images = {images.data()};
        if (!request.pixels) request.target = request.target.spread(*request.plans);
        return kernel::render(request);
    }

    void image() {
        Image image(pixels_);
        const kernel::RenderTotals totals = render(simulator_->request(), image).images.front();
        say(name_ + ", image", image);
        std::printf("  solid angles %a, pixels %lld, twice %lld, undecided %lld, scalar %lld, wrong %lld\n", totals.solid_angles,
                    static_cast<long long>(totals.counts.pixels), static_cast<long long>(totals.counts.twice),
                    static_cast<long long>(totals.counts.undecided), static_cast<long long>(totals.counts.scalar),
                    static_cast<long long>(totals.counts.wrong));
        const run::NoisyImages noise{1, 0, 0, 1, static_cast<std::int64_t>(pixels_)};
        Image counts(pixels_);
        run::add_counter_noise(noise, image.data(), counts.data(), 1, nullptr);
        say(name_ + ", noise", counts);
    }

    // Every third pixel, from the last to the first; masked ones and those outside the region are among them.
    void list() {
        const int fast_pixels = built_->experiment().detector.fast_pixels;
        std::vector<kernel::PixelAddress> pixels;
        for (int i = static_cast<int>(pixels_) - 1; i >= 0; i -= 3) pixels.push_back({i / fast_pixels, i % fast_pixels});
        Image values(pixels.size());
        kernel::RenderRequest request = simulator_->request();
        request.pixels = pixels;
        render(request, values);
        say(name_ + ", list", values);
    }

    void trace() {
        const Detector& d = built_->experiment().detector;
        std::vector<kernel::PixelAddress> pixels;
        for (int slow = 1; slow < d.slow_pixels; slow += 4) pixels.push_back({slow, (7 * slow) % d.fast_pixels});
        kernel::RenderRequest request = simulator_->request();
        request.trace = {pixels, true};
        const std::vector<kernel::PixelRecord> records = kernel::render(request).records;
        std::string text = trace::summary_text(simulator_->plan(), records);
        for (const kernel::PixelRecord& record : records)
            for (const kernel::StepRecord& step : record.steps) text += trace::step_line(step);
        say(name_ + ", trace", text.data(), text.size());
    }

    void panels() {
        Image images(2 * pixels_);
        const Experiment& first = built_->experiment();
        run::Simulator both({std::make_shared<const Experiment>(first), std::make_shared<const Experiment>(next_to_it(first))}, 1,
                            way_);
        if (device_) both.use_device(device_);
        render(both.request(), images);
        say(name_ + ", panels", images);
    }

    void batch() {
        const std::vector<Mat3> rotations{{{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}, {{0, 0, 1}, {0.6, 0.8, 0}, {-0.8, 0.6, 0}}};
        std::vector<std::shared_ptr<kernel::Device>> devices;
        if (device_) devices.push_back(device_);
        const run::Batch batch(built_, rotations, way_, devices);
        Image images(rotations.size() * pixels_);
        render(batch.request(), images);
        say(name_ + ", batch", images);
    }

    std::shared_ptr<const run::BuiltExperiment> built_;
    std::string name_;
    std::size_t pixels_;
    kernel::Way way_;
    std::unique_ptr<run::Simulator> simulator_;
    std::shared_ptr<kernel::Device> device_;
};

void run_all(const std::string& line) {
    std::istringstream in(line);
    Warnings warnings;
    const auto built = std::make_shared<const run::BuiltExperiment>(
        options::parse_options({std::istream_iterator<std::string>(in), {}}, warnings), 1);
    const std::string level = kernel::vector_kernel().isa;
    for (const bool is_fast : {false, true}) {
        const Engine engine = is_fast ? Engine::fast : Engine::exact;
        const std::string name = is_fast ? "fast" : "exact";
        Ways(built, engine, name).go(level != "device_split");
        if (level != "device" && level != "device_float") continue;
        Ways on_device(built, engine, name);
        try {
            on_device.use_device(kernel::emulated_device(level == "device_float"));
        } catch (const DeviceError& error) {
            std::printf("%s\n", error.what());
            continue;
        }
        on_device.go(true);
    }
}

}  // namespace

int main() {
    try {
        for (std::string line; std::getline(std::cin, line);) {
            std::printf("%s\n", line.c_str());
            run_all(line);
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
