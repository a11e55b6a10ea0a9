#pragma once
// Simulators whose images a device computes together: the panels of a detector, or some images of a batch.

#include <memory>
#include <vector>

#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

class DeviceSet {
public:
    // The simulators must outlive the set. Those whose runs the device cannot take are rendered by the host, and say so.
    // `same_table`: the device has the amplitudes already.
    DeviceSet(const std::vector<Simulator*>& simulators, std::shared_ptr<kernel::Device> device, bool same_table = false);

    // Whether the device takes any of them.
    bool uses_device() const { return !plans_.empty(); }

    // Fills an image for each simulator.
    void run(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const;

private:
    void run_on_host(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const;

    std::shared_ptr<kernel::Device> device_;
    std::vector<const Plan*> plans_;
    std::vector<std::size_t> on_device_;  // the plans' places among the simulators
    std::vector<std::pair<std::size_t, const Simulator*>> on_host_;
};

}  // namespace nbhybrid::run
