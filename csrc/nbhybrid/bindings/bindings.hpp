#pragma once
// One function a topic; module.cpp calls them.

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "nbhybrid/core/warnings.hpp"

namespace nbhybrid::bindings {

// Text that may contain file names, which need not be UTF-8: as os.fsdecode gives it.
pybind11::str to_str(const std::string& text);
pybind11::list to_list(const std::vector<std::string>& lines);
// Pairs of name and text.
pybind11::list to_list(const Warnings& warnings);

void bind_dlpack(pybind11::module_& module);
void bind_errors(pybind11::module_& module);
void bind_experiment(pybind11::module_& module);
void bind_files(pybind11::module_& module);
void bind_kernel(pybind11::module_& module);
void bind_noise(pybind11::module_& module);
void bind_options(pybind11::module_& module);
void bind_simulation(pybind11::module_& module);
void bind_derivatives(pybind11::module_& module);
void bind_simulator(pybind11::module_& module);
void bind_structure_factors(pybind11::module_& module);
void bind_trace(pybind11::module_& module);

}  // namespace nbhybrid::bindings
