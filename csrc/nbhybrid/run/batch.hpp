#pragma once
// One image for each rotation of the lattice.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/kernel/render_request.hpp"
#include "nbhybrid/run/built_experiment.hpp"

namespace nbhybrid::run {

// What the images of a batch have to say, from any thread: each kind once, for the first image.
class Remarks {
public:
    void add(std::int64_t image, const Warnings& warnings);
    // `images` is the number of all.
    Warnings of(std::int64_t images) const;

private:
    struct Kind {
        std::set<std::int64_t> images;
        std::string text;  // of the first
    };
    mutable std::mutex mutex_;
    std::map<std::string, Kind> kinds_;
};

// The plans are what a Simulator has for the experiment with that rotation on top of the crystal's own. What a rotation does not
// change is planned once.
class Batch : public kernel::PlanSource {
public:
    Batch(std::shared_ptr<const BuiltExperiment> experiment, std::vector<Mat3> rotations, const kernel::Way& way,
          std::vector<std::shared_ptr<kernel::Device>> devices);

    std::int64_t count() const override { return static_cast<std::int64_t>(rotations_.size()); }
    std::int64_t pixels(std::int64_t) const override { return experiment_->experiment().detector.pixels(); }
    double steps() const override;
    std::shared_ptr<const Plan> plan(std::int64_t number, int threads) const override;

    // After the images have been rendered: what there is to say beyond the experiment's own warnings.
    Warnings warnings() const { return remarks_.of(count()); }

    // For all images.
    kernel::RenderRequest request() const { return kernel::request_of(*this, way_, devices_); }

private:
    std::shared_ptr<const BuiltExperiment> experiment_;
    std::vector<Mat3> rotations_;
    kernel::Way way_;
    std::vector<kernel::DeviceUse> devices_;
    Plan unrotated_;
    mutable Remarks remarks_;
};

}  // namespace nbhybrid::run
