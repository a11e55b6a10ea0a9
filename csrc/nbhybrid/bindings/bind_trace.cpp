#include <cstddef>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/run/simulation.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using kernel::StepRecord;
using run::Simulation;

namespace {

py::tuple values_of(const trace::Quantity& quantity) {
    py::tuple values(static_cast<std::size_t>(quantity.count));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = quantity.integer ? py::object(py::int_(static_cast<std::int64_t>(quantity.values[i])))
                                     : py::object(py::float_(quantity.values[i]));
    return values;
}

py::dict to_dict(const Simulation& simulation, const kernel::PixelRecord& record) {
    py::list quantities;
    if (record.rendered)
        for (const trace::Quantity& quantity : simulation.quantities_of(record))
            quantities.append(py::make_tuple(quantity.name, values_of(quantity)));
    py::dict dict;
    dict["slow"] = record.slow;
    dict["fast"] = record.fast;
    dict["rendered"] = record.rendered;
    dict["quantities"] = quantities;
    dict["steps"] = py::bytes(reinterpret_cast<const char*>(record.steps.data()), record.steps.size() * sizeof(StepRecord));
    return dict;
}

py::list traces(const Simulation& simulation) {
    py::list list;
    for (const kernel::PixelRecord& record : simulation.traces()) list.append(to_dict(simulation, record));
    return list;
}

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

void bind_trace(py::module_& module) {
    module.def("traces", &traces, py::arg("simulation"));
    module.def("step_layout", &step_layout);
}

}  // namespace nbhybrid::bindings
