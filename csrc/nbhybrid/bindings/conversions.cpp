#include "nbhybrid/bindings/conversions.hpp"

#include <pybind11/stl.h>

#include "nbhybrid/trace/quantities.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

py::object to_python(const run::ConfigurationValue& value) {
    if (const auto* vector = std::get_if<Vec3>(&value)) return to_tuple(*vector);
    return std::visit(
        [](const auto& v) -> py::object {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, Vec3>) return py::none();
            else return py::cast(v);
        },
        value);
}

py::tuple values_of(const trace::Quantity& quantity) {
    py::tuple values(static_cast<std::size_t>(quantity.count));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = quantity.integer ? py::object(py::int_(static_cast<std::int64_t>(quantity.values[i])))
                                     : py::object(py::float_(quantity.values[i]));
    return values;
}

}  // namespace

py::tuple to_tuple(const Vec3& v) { return py::make_tuple(v.x, v.y, v.z); }

py::dict to_dict(const run::Configuration& configuration) {
    py::dict sections;
    for (const run::ConfigurationSection& section : configuration) {
        py::dict values;
        for (const auto& [name, value] : section.values) values[py::str(name)] = to_python(value);
        sections[py::str(section.name)] = values;
    }
    return sections;
}

py::dict to_dict(const Plan& plan, const kernel::PixelRecord& record) {
    py::list quantities;
    if (record.rendered)
        for (const trace::Quantity& quantity : trace::quantities_of(plan, record))
            quantities.append(py::make_tuple(quantity.name, values_of(quantity)));
    py::dict dict;
    dict["slow"] = record.slow;
    dict["fast"] = record.fast;
    dict["rendered"] = record.rendered;
    dict["traced_by"] = record.by == kernel::TracedBy::device ? "device" : "scalar path";
    dict["origin"] = trace::origin_of(record);
    const bool was_tested = record.rounding != kernel::RoundingTest::none;
    dict["decided"] = was_tested ? py::object(py::bool_(record.rounding == kernel::RoundingTest::decided)) : py::none();
    dict["error_bound"] = was_tested ? py::object(py::float_(record.error_bound)) : py::none();
    dict["quantities"] = quantities;
    dict["steps"] = py::bytes(reinterpret_cast<const char*>(record.steps.data()), record.steps.size() * sizeof(kernel::StepRecord));
    return dict;
}

// The watch runs with the interpreter's lock.
kernel::Watch watch_of(const py::object& callback) {
    return [&callback](double done) {
        const py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        return callback.is_none() || callback(done).cast<bool>();
    };
}

}  // namespace nbhybrid::bindings
