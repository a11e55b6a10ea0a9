#include <cstddef>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/kernel/trace_records.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using kernel::StepRecord;

namespace {

// Name, type and offset of each field of a step, and the size of a step.
py::tuple step_layout() {
    py::list fields;
    const auto add = [&](const char* name, const char* type, std::size_t offset) {
        fields.append(py::make_tuple(name, type, offset));
    };
    add("layer", "<i4", offsetof(StepRecord, layer));
    add("sub_slow", "<i4", offsetof(StepRecord, sub_slow));
    add("sub_fast", "<i4", offsetof(StepRecord, sub_fast));
    add("source", "<i4", offsetof(StepRecord, source));
    add("phi", "<i4", offsetof(StepRecord, phi));
    add("domain", "<i4", offsetof(StepRecord, domain));
    add("h", "<f8", offsetof(StepRecord, index) + offsetof(Vec3, x));
    add("k", "<f8", offsetof(StepRecord, index) + offsetof(Vec3, y));
    add("l", "<f8", offsetof(StepRecord, index) + offsetof(Vec3, z));
    add("h0", "<i4", offsetof(StepRecord, nearest) + offsetof(kernel::Indices, h));
    add("k0", "<i4", offsetof(StepRecord, nearest) + offsetof(kernel::Indices, k));
    add("l0", "<i4", offsetof(StepRecord, nearest) + offsetof(kernel::Indices, l));
    add("lattice_factor", "<f8", offsetof(StepRecord, lattice_factor));
    add("amplitude", "<f8", offsetof(StepRecord, amplitude));
    add("polarization", "<f8", offsetof(StepRecord, polarization));
    add("solid_angle", "<f8", offsetof(StepRecord, solid_angle));
    add("capture", "<f8", offsetof(StepRecord, capture));
    add("intensity", "<f8", offsetof(StepRecord, intensity));
    return py::make_tuple(fields, sizeof(StepRecord));
}

}  // namespace

void bind_trace(py::module_& module) { module.def("step_layout", &step_layout); }

}  // namespace nbhybrid::bindings
