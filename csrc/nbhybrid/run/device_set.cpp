#include "nbhybrid/run/device_set.hpp"

#include <utility>

namespace nbhybrid::run {

DeviceSet::DeviceSet(const std::vector<Simulator*>& simulators, std::shared_ptr<kernel::Device> device, bool same_table)
    : device_(std::move(device)) {
    for (std::size_t i = 0; i < simulators.size(); ++i) {
        if (simulators[i]->fits_device()) {
            plans_.push_back(&simulators[i]->plan());
            on_device_.push_back(i);
        } else {
            on_host_.emplace_back(i, simulators[i]);
        }
    }
    if (uses_device()) device_->load(plans_, simulators.front()->way().engine, same_table);
}

void DeviceSet::run(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const {
    if (uses_device()) {
        kernel::DeviceImages taken = images;
        taken.values.clear();
        for (const std::size_t i : on_device_) taken.values.push_back(images.values[i]);
        kernel::StopSign stop;
        kernel::render_set_on(*device_, plans_, taken, threads, stop, watch);
    }
    if (!on_host_.empty()) run_on_host(images, threads, watch);
}

void DeviceSet::run_on_host(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const {
    kernel::TraceRequest none;
    for (const auto& [i, simulator] : on_host_) {
        float* const image = images.values[i];
        if (!images.on_device) {
            simulator->run(image, none, threads, watch);
            continue;
        }
        std::vector<float> values(static_cast<std::size_t>(simulator->experiment().detector.pixels()));
        simulator->run(values.data(), none, threads, watch);
        kernel::put_values(*device_, {{image}, true, images.stream}, values);
    }
}

}  // namespace nbhybrid::run
