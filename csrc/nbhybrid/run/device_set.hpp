#pragma once
// Several simulators whose images one launch on a device computes: the panels of a detector, or some images of a batch.

#include <memory>
#include <vector>

#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

class DeviceSet {
public:
    // The simulators, one at least, must outlive the set. `same_table`: the device has the amplitudes already. Throws DeviceError
    // if the device cannot take one of them.
    DeviceSet(const std::vector<Simulator*>& simulators, std::shared_ptr<kernel::Device> device, bool same_table = false);

    // Fills an image for each simulator.
    void run(const kernel::DeviceImages& images, int threads, const kernel::Watch& watch) const;

private:
    std::shared_ptr<kernel::Device> device_;
    std::vector<const Plan*> plans_;
};

}  // namespace nbhybrid::run
