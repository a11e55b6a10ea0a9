#pragma once
// A CUDA device as the renderer of a plan.

#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/kernel/device.hpp"

namespace nbhybrid::cuda {

// The names of the devices that are here. Throws DeviceError, which says why there are none.
std::vector<std::string> device_names();

// Throws DeviceError if there is no such device.
std::unique_ptr<kernel::Device> make_device(int index);

}  // namespace nbhybrid::cuda
