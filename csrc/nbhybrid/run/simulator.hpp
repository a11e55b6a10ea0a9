#pragma once
// An experiment made ready to be rendered, any number of times and from any number of threads at once.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/trace/quantities.hpp"

namespace nbhybrid::run {

class Simulator {
public:
    // Resolves, on this many threads, what the reference carries along from pixel to pixel.
    Simulator(Experiment experiment, int threads, const kernel::Way& way = {});
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;

    const Experiment& experiment() const { return experiment_; }
    const Plan& plan() const { return *plan_; }
    // Where the state that the reference carries along changes the image.
    const Warnings& warnings() const { return warnings_; }

    const kernel::Way& way() const { return way_; }

    // Lets a device decide the pixels from now on. Throws DeviceError if it cannot take the run.
    void use_device(std::shared_ptr<kernel::Device> device);
    // Its name; "cpu" without one.
    std::string device() const { return device_ ? device_->name() : "cpu"; }

    // Fills the image, slow x fast pixels, and the records; what lies outside the region or is masked becomes 0. Throws
    // Interrupted if the watch said so.
    kernel::RenderTotals run(float* image, kernel::TraceRequest& traces, int threads, const kernel::Watch& watch) const;

    // The same for an image in the memory of the device that use_device() was given.
    kernel::RenderTotals run(const kernel::DeviceImages& image, kernel::TraceRequest& traces, int threads,
                             const kernel::Watch& watch) const;

    // Fills values[i] with the image's value at pixels[i], without rendering anything else. Throws ModelError for a pixel outside
    // the image, Interrupted.
    void run_pixels(const std::vector<kernel::PixelAddress>& pixels, float* values, int threads, const kernel::Watch& watch) const;

    void run_pixels(const std::vector<kernel::PixelAddress>& pixels, const kernel::DeviceImages& values, int threads,
                    const kernel::Watch& watch) const;

    // The records of these pixels (slow, fast), which are rendered for it and nothing else. Throws ModelError for a pixel outside
    // the image, SizeError if the steps would not fit into memory.
    std::vector<kernel::PixelRecord> trace(const std::vector<kernel::PixelAddress>& pixels, bool steps) const;

private:
    void check_inside(const kernel::PixelAddress& pixel) const;
    // Threads that a run of so many pixels is worth.
    int useful_threads(int threads, double pixels) const;

    Experiment experiment_;
    kernel::Way way_;
    std::unique_ptr<Plan> plan_;
    std::shared_ptr<kernel::Device> device_;
    Warnings warnings_;
};

// Throws SizeError if the steps of so many traced pixels would not fit into memory.
void check_trace_size(const Plan& plan, std::size_t pixels, bool steps);

}  // namespace nbhybrid::run
