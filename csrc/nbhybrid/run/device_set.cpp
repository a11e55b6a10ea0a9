#include "nbhybrid/run/device_set.hpp"

#include <utility>

namespace nbhybrid::run {

DeviceSet::DeviceSet(const std::vector<Simulator*>& simulators, std::shared_ptr<kernel::Device> device, bool same_table)
    : device_(std::move(device)) {
    for (const Simulator* simulator : simulators) {
        kernel::check_fits(simulator->plan(), *device_);
        plans_.push_back(&simulator->plan());
    }
    device_->load(plans_, simulators.front()->way().engine, same_table);
}

void DeviceSet::run(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const {
    kernel::StopSign stop;
    kernel::render_set_on(*device_, plans_, images, threads, stop, watch);
}

}  // namespace nbhybrid::run
