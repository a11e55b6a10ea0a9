#pragma once
// One image for each rotation of the lattice.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/model/structure_factors.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::run {

struct Batch {
    const options::ReferenceOptions& options;
    std::shared_ptr<const StructureFactors> structure_factors;
    const std::vector<Mat3>& rotations;
    std::int64_t pixels;  // of an image, above 0
    kernel::Way way;
};

// Renders the images one after the other in `images`: what a Simulator gives for the options with that rotation. Small images are
// rendered side by side, large ones with all threads each. Returns what the simulators have to say beyond the experiment's own
// warnings. Throws as build_experiment() does, and Interrupted.
Warnings run_batch(const Batch& batch, float* images, int threads, const kernel::Watch& watch);

// The same on devices, which share the images among themselves: many small ones go through a device together. If the images lie in
// a device's memory, there must be that one device only. Throws DeviceError if they cannot take the run.
Warnings run_batch(const Batch& batch, const kernel::DeviceImages& images, int threads, const kernel::Watch& watch,
                   const std::vector<std::shared_ptr<kernel::Device>>& devices);

}  // namespace nbhybrid::run
