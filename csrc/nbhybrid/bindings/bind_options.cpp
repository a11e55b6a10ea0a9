#include <pybind11/stl.h>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/options/parse.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using options::ReferenceOptions;

namespace {

py::tuple parse(const std::vector<std::string>& words) {
    Warnings warnings;
    ReferenceOptions parsed;
    {
        const py::gil_scoped_release release;
        parsed = options::parse_options(words, warnings);
    }
    return py::make_tuple(parsed, to_list(warnings.lines()));
}

py::list split(const std::vector<std::string>& words) {
    py::list list;
    for (const options::SplitOption& option : options::split_options(words))
        list.append(py::make_tuple(to_str(option.name), option.usual_name, option.is_file, option.is_own, to_list(option.values)));
    return list;
}

}  // namespace

void bind_options(py::module_& module) {
    py::class_<ReferenceOptions>(module, "Options")
        .def_property_readonly("threads", [](const ReferenceOptions& o) { return o.own.threads; })
        .def_property_readonly("json_file", [](const ReferenceOptions& o) { return to_str(o.own.json_file); })
        .def_property_readonly("quiet", [](const ReferenceOptions& o) { return o.own.quiet; })
        .def_property_readonly("progress", [](const ReferenceOptions& o) { return o.output.progress; })
        .def_property_readonly("printout", [](const ReferenceOptions& o) { return o.output.printout; });
    module.def("parse_options", &parse, py::arg("words"));
    module.def("split_options", &split, py::arg("words"));
    module.def("defect_ids", [] {
        std::vector<std::string> ids;
        for (const DefectRow& row : defect_table()) ids.emplace_back(row.id);
        return ids;
    });
    module.def("options_help", &options::options_help);
}

}  // namespace nbhybrid::bindings
