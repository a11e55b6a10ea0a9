#pragma once
// What of an experiment can be differentiated: continuous parameters by the dotted paths of the Python objects' fields, such as
// crystal.cell or detector.panels[3].origin_mm, in the units of these fields.

#include <cstdint>
#include <string>
#include <vector>

#include "nbhybrid/derivatives/moving_experiment.hpp"

namespace nbhybrid::derivatives {

struct ParameterRow;

struct Parameter {
    std::string path;
    std::vector<std::int64_t> shape;  // of its value; none: one number
    std::string unit;
    // Why this experiment does not have it, for people; empty if it does.
    std::string refusal;

    // The panel whose detector it is of; below zero: it moves the plans of all.
    int panel = -1;
    // How it moves the experiment; null only where it is refused.
    const ParameterRow* row = nullptr;

    std::int64_t size() const;
    // Whether it is one of the grid's amplitudes, which are no numbers of the plan: its tangents are the kernel's affair.
    bool is_of_grid() const;
};

// All fields there are, with the reason for each that cannot be had. The panels of a detector, one at least, differ in their
// detectors alone; `are_listed`: they are those of detector.panels[...], also if there is only one. Images of a batch also have
// `rotation`.
std::vector<Parameter> parameters_of(const std::vector<Subject>& panels, bool are_listed);

// The parameter of this path. Throws ModelError: there is none (with those that may be meant), or not of this experiment (and why).
const Parameter& find_parameter(const std::vector<Parameter>& parameters, const std::string& path);

// What was chosen for the experiment, by nobody, and stays as it is however the parameters move.
struct Frozen {
    std::string path;
    std::int64_t value;  // of a switch: 0 or 1
};

std::vector<Frozen> frozen_of(const Subject& subject);

// A step in a parameter's values, as many as it has, in its unit.
struct Direction {
    const Parameter& parameter;
    const double* values;
};

// How the numbers of the panel's plan change for a step along all of these directions together.
PlanNumbers push_forward(const Subject& subject, int panel, const std::vector<Direction>& directions);

// The same for one component of one parameter and a step of 1.
PlanNumbers tangent(const Subject& subject, int panel, const Parameter& parameter, std::int64_t component);

// What the components of the parameter do to a sum over the panel's pixels that changes with the plan's numbers as the cotangent
// says: the inner products of their tangents with it, without room for the tangents.
std::vector<double> pull_back(const Subject& subject, int panel, const Parameter& parameter, const PlanNumbers& cotangent);

}  // namespace nbhybrid::derivatives
