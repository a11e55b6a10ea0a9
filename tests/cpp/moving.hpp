#pragma once
// Experiments of all kinds, and how each of their parameters is changed by hand: what derivatives are compared with.

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "nbhybrid/derivatives/parameters.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/plan/plan_numbers.hpp"

namespace nbhybrid::test {

using options::ReferenceOptions;

// Options as Python's objects give them, which no header has had a say in.
ReferenceOptions plain_options(const std::string& words);

struct Random {
    std::mt19937_64 engine;
    double between(double low, double high) {
        return low + (high - low) * (static_cast<double>(engine() >> 11U) / 9007199254740992.0);
    }
    int below(int count) { return static_cast<int>(engine() % static_cast<unsigned>(count)); }
    bool one_in(int count) { return below(count) == 0; }
    Vec3 vector(double size) { return {between(-size, size), between(-size, size), between(-size, size)}; }
};

Mat3 rotation_about(const Vec3& axis, double radians);

// An experiment that nobody chose.
ReferenceOptions random_options(Random& random);

// How a parameter's value is changed in the options.
struct Shift {
    std::string path;
    // By what it must change to change the plan by about as much as the plan's numbers are, in its unit.
    std::function<double(const ReferenceOptions&)> scale;
    std::function<void(ReferenceOptions&, std::size_t component, double change)> apply;
    // Steps, in scales, and what a difference of two plans may be off by, in the plan's numbers for each scale.
    double step = 1e-3;
    double tolerance = 1e-9;
};

const std::vector<Shift>& shifts();

struct BuiltOptions {
    ReferenceOptions options;
    options::Built built;

    explicit BuiltOptions(const ReferenceOptions& o) : options(o) {
        Warnings warnings;
        built = options::build_experiment(options, warnings);
    }
    derivatives::Subject subject() const { return {options, built}; }
};

PlanNumbers plan_numbers(const ReferenceOptions& options);

}  // namespace nbhybrid::test
