#pragma once
// An experiment made ready to be rendered, any number of times and from any number of threads at once: the panels of its detector,
// or the only one.

#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/kernel/render_request.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::run {

class Simulator : public kernel::PlanSource {
public:
    using Panels = std::vector<std::shared_ptr<const Experiment>>;

    // Resolves, on this many threads, what the reference carries along from pixel to pixel. The panels, one at least, differ in
    // their detectors alone.
    Simulator(Panels panels, int threads, const kernel::Way& way = {});
    Simulator(Experiment experiment, int threads, const kernel::Way& way = {});

    std::int64_t count() const override { return static_cast<std::int64_t>(plans_.size()); }
    std::int64_t pixels(std::int64_t panel) const override { return experiment(panel).detector.pixels(); }
    double steps() const override;
    std::shared_ptr<const Plan> plan(std::int64_t panel, int threads) const override;

    const Experiment& experiment(std::int64_t panel = 0) const { return *panels_[static_cast<std::size_t>(panel)]; }
    const Plan& plan(std::int64_t panel = 0) const { return *plans_[static_cast<std::size_t>(panel)]; }
    // Where the state that the reference carries along changes the image.
    const Warnings& warnings() const { return warnings_; }

    // Why no device can take the run; empty if one can.
    std::string device_refusal() const;
    // Lets a device decide the pixels from now on. Throws DeviceError if it cannot take the run.
    void use_device(std::shared_ptr<kernel::Device> device);
    // Its name; "cpu" without one.
    std::string device() const;

    // For all panels, the way they are made ready for.
    kernel::RenderRequest request() const { return kernel::request_of(*this, way_, device_); }

private:
    Panels panels_;
    kernel::Way way_;
    std::vector<std::unique_ptr<Plan>> plans_;
    std::vector<kernel::DeviceUse> device_;  // or none
    Warnings warnings_;
};

}  // namespace nbhybrid::run
