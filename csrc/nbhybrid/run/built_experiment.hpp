#pragma once
// A valid experiment, with what it was made from.

#include <utility>

#include "nbhybrid/options/build.hpp"

namespace nbhybrid::run {

struct BuiltExperiment {
    options::ReferenceOptions options;
    Warnings warnings;
    options::Built built;

    explicit BuiltExperiment(options::ReferenceOptions o)
        : options(std::move(o)), built(options::build_experiment(options, warnings)) {}
    const Experiment& experiment() const { return built.experiment; }
};

}  // namespace nbhybrid::run
