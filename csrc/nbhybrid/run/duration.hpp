#pragma once
// How long a run will take, before it is done: an estimate from what a step takes on the machines that bench/ was run on.

#include <string>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

struct Duration {
    double steps = 0;    // of all pixels
    double seconds = 0;  // about
    int threads = 1;
    std::string device;
};

// Of an image, on these threads or on the simulator's device.
Duration expected_duration(const Simulator& simulator, int threads);

// A line for a terminal.
std::string duration_line(const Duration& duration);

// Says so if `images` such images take longer than an hour, and which option makes it so.
void warn_about_duration(const BuiltExperiment& built, const Duration& duration, int images, Warnings& warnings);

}  // namespace nbhybrid::run
