#pragma once
// Small experiments for tests of what comes after the options.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::test {

// The dump is named, so that one in the working folder is not read.
inline options::Built build(const std::string& words, Warnings& warnings) {
    const std::string all = "-dump /nonexistent/amplitudes -default_F 100 -seed 1 " + words;
    return options::build_experiment(options::parse_options(split_words(all), warnings), warnings);
}

inline Experiment experiment_of(const std::string& words) {
    Warnings warnings;
    return build(words, warnings).experiment;
}

// A triclinic crystal in front of 24 x 20 coarse pixels.
inline Experiment small_experiment(const std::string& words) {
    return experiment_of(
        "-cell 70 80 90 75 85 95 -misset 10 20 30 -N 5 -distance 100 -pixel 0.8 -detpixels_f 24 -detpixels_s 20 -oversample 1 " +
        words);
}

// Amplitudes for the indices -largest ... largest; one in `zero_every` is 0 (0: none).
inline void give_table(Experiment& e, int largest, std::size_t zero_every) {
    StructureFactors f = *e.structure_factors;
    f.h = f.k = f.l = {-largest, largest};
    const auto edge = static_cast<std::size_t>(f.h.count() + 1);
    f.values.resize(edge * edge * edge);
    for (std::size_t i = 0; i < f.values.size(); ++i)
        f.values[i] = zero_every != 0 && i % zero_every == 0 ? 0.0 : 1.0 + static_cast<double>(i * 7919 % 500);
    f.entries = f.h.count() * f.k.count() * f.l.count();
    e.structure_factors = std::make_shared<const StructureFactors>(std::move(f));
}

inline void complete(Plan& plan, int threads) {
    kernel::StopSign stop;
    kernel::resolve_carry_over(plan, threads, stop, nullptr);
}

// Records to be filled in.
inline std::vector<kernel::PixelRecord> records_of(const std::vector<kernel::PixelAddress>& pixels) {
    std::vector<kernel::PixelRecord> records(pixels.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        records[i].slow = pixels[i].slow;
        records[i].fast = pixels[i].fast;
    }
    return records;
}

// Plans that are complete, for a request.
class PlansOf : public kernel::PlanSource {
public:
    explicit PlansOf(std::vector<const Plan*> plans) : plans_(std::move(plans)) {}

    std::int64_t count() const override { return static_cast<std::int64_t>(plans_.size()); }
    std::int64_t pixels(std::int64_t i) const override {
        const DetectorStage& d = plans_[static_cast<std::size_t>(i)]->view().detector;
        return std::int64_t{d.fast_pixels} * d.slow_pixels;
    }
    double steps() const override { return 1e9; }  // enough for all threads
    std::shared_ptr<const Plan> plan(std::int64_t i, int) const override {
        return {std::shared_ptr<const Plan>(), plans_[static_cast<std::size_t>(i)]};
    }

private:
    std::vector<const Plan*> plans_;
};

inline std::size_t pixel_count(const Experiment& e) { return static_cast<std::size_t>(e.detector.pixels()); }

}  // namespace nbhybrid::test
