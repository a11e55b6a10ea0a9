#pragma once
// One function a topic; module.cpp calls them.

#include <pybind11/pybind11.h>

namespace nbhybrid::bindings {

void bind_errors(pybind11::module_& module);
void bind_options(pybind11::module_& module);
void bind_simulation(pybind11::module_& module);

}  // namespace nbhybrid::bindings
