#pragma once
// A valid experiment, with what it was made from.

#include <utility>

#include "nbhybrid/options/build.hpp"

namespace nbhybrid::run {

struct BuiltExperiment {
    options::ReferenceOptions options;
    Warnings warnings;
    options::Built built;

    BuiltExperiment(options::ReferenceOptions o, int threads)
        : options(std::move(o)), built(options::build_experiment(options, warnings, threads)) {}
    // From then on the options need no files and no clock to make the same experiment.
    void settle() { options::settle(options, built); }
    const Experiment& experiment() const { return built.experiment; }
};

}  // namespace nbhybrid::run
