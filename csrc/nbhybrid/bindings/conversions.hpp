#pragma once
// What more than one topic hands to Python.

#include <pybind11/pybind11.h>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/run/configuration.hpp"

namespace nbhybrid::bindings {

pybind11::tuple to_tuple(const Vec3& v);
pybind11::dict to_dict(const run::Configuration& configuration);
pybind11::dict to_dict(const Plan& plan, const kernel::PixelRecord& record);

// Calls a Python function, or nothing for None, and gives signals their turn. The function must live as long as the watch.
kernel::Watch watch_of(const pybind11::object& callback);

}  // namespace nbhybrid::bindings
