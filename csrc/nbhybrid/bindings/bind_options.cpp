#include <pybind11/stl.h>

#include <cmath>
#include <variant>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/option_values.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/options/option_table.hpp"
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
    return py::make_tuple(parsed, to_list(warnings));
}

py::list split(const std::vector<std::string>& words) {
    py::list list;
    for (const options::SplitOption& option : options::split_options(words))
        list.append(py::make_tuple(to_str(option.name), option.usual_name, option.is_file, option.is_own, to_list(option.values)));
    return list;
}

// Of a row's number, in the option's unit; None where that is open or no number.
py::object usual_of(const options::OptionRow& row) {
    if (!row.usual_text.empty()) return to_str(std::string(row.usual_text));
    if (row.usual.is_open()) return py::none();
    if (row.is_whole) return py::int_(static_cast<std::int64_t>(row.usual.number));
    return py::float_(row.usual.number);
}

py::object limit(double value) { return std::isfinite(value) ? py::object(py::float_(value)) : py::none(); }

py::dict to_dict(const options::OptionTopic& topic, const options::OptionRow& row) {
    py::dict dict;
    dict["topic"] = topic.title;
    dict["names"] = row.names;
    dict["values"] = row.values;
    dict["help"] = row.help();
    dict["parameter"] = row.parameter;
    dict["field"] = row.field;
    dict["has_own_field"] = row.has_own_field;
    dict["is_word"] = std::holds_alternative<options::Switch>(row.target);
    dict["is_whole"] = row.is_whole;
    dict["divisor"] = row.unit.divisor;
    dict["factor"] = row.unit.factor;
    dict["least"] = limit(row.range.least);
    dict["most"] = limit(row.range.most);
    dict["excludes_least"] = row.range.excludes_least;
    dict["usual"] = usual_of(row);
    dict["is_own"] = options::is_own(row);
    dict["since"] = row.since;
    dict["convention"] = row.convention;
    dict["defects"] = row.defects;
    dict["header_keys"] = row.header_keys;
    dict["shapes_experiment"] = row.shapes_experiment;
    dict["instead_in_series"] = row.instead_in_series;
    dict["instead_in_python"] = row.instead_in_python;
    return dict;
}

py::list option_rows() {
    py::list rows;
    for (const options::OptionTopic& topic : options::option_table())
        for (const options::OptionRow& row : topic.rows) rows.append(to_dict(topic, row));
    return rows;
}

py::dict to_dict(ReferenceOptions o) {
    ToDict fields;
    visit_fields(fields, o);
    return fields.take();
}

ReferenceOptions from_dict(const py::dict& dict, const std::shared_ptr<StructureFactors>& structure_factors) {
    ReferenceOptions o;
    const FromDict fields(dict);
    visit_fields(fields, o);
    o.crystal.structure_factors = structure_factors;
    return o;
}

}  // namespace

void bind_options(py::module_& module) {
    py::class_<ReferenceOptions>(module, "Options")
        .def(py::init(&from_dict), py::arg("fields"), py::arg("structure_factors") = std::shared_ptr<StructureFactors>())
        .def("to_dict", [](const ReferenceOptions& o) { return to_dict(o); })
        .def_property_readonly("threads", [](const ReferenceOptions& o) { return o.own.threads; })
        .def_property_readonly("json_file", [](const ReferenceOptions& o) { return to_str(o.own.json_file); })
        .def_property_readonly("adc_offset", [](const ReferenceOptions& o) { return o.output.adc_offset; })
        .def_property_readonly("more_files", [](const ReferenceOptions& o) { return to_list(o.output.more_files); })
        .def_property_readonly("engine", [](const ReferenceOptions& o) { return o.own.engine == Engine::fast ? "fast" : "exact"; })
        .def_property_readonly("device", [](const ReferenceOptions& o) { return o.own.device; })
        .def_property_readonly("quiet", [](const ReferenceOptions& o) { return o.own.quiet; })
        .def_property_readonly("progress", [](const ReferenceOptions& o) { return o.output.progress; })
        .def_property_readonly("strict", [](const ReferenceOptions& o) { return o.own.strict; })
        .def_property_readonly("ignored_warnings", [](const ReferenceOptions& o) { return o.own.ignored_warnings; })
        .def_property_readonly("printout", [](const ReferenceOptions& o) { return o.output.printout; });
    module.def("corrects", [](const std::string& semantics, const std::string& id) {
        for (const DefectRow& row : defect_table())
            if (row.id == id) return Semantics::parse(semantics).corrects(row.defect);
        throw ModelError("there is no defect " + id);
    });
    module.def("parse_options", &parse, py::arg("words"));
    module.def("split_options", &split, py::arg("words"));
    module.def("defect_ids", [] {
        std::vector<std::string> ids;
        for (const DefectRow& row : defect_table()) ids.emplace_back(row.id);
        return ids;
    });
    module.def("corrected_ids", [](const std::string& semantics) { return Semantics::parse(semantics).corrected_ids(); });
    module.def("warning_names", [] {
        std::vector<std::pair<std::string, std::string>> names;
        for (const WarningRow& row : warning_table()) names.emplace_back(row.name, row.meaning);
        for (const DefectRow& row : defect_table()) names.emplace_back(row.id, row.reference);
        return names;
    });
    module.def(
        "similar_names",
        [](std::string_view word, const std::vector<std::string>& names) {
            std::vector<std::vector<std::string>> things;
            for (const std::string& name : names) things.push_back({name});
            return similar_names(word, things);
        },
        py::arg("word"), py::arg("names"));
    module.attr("shape_names") = std::vector<std::string>(std::begin(physics::shape_names), std::end(physics::shape_names));
    module.def("duration_text", &duration_text, py::arg("seconds"), "A time in words of two digits or so, such as 2.5 h.");
    module.def("did_you_mean", py::overload_cast<std::string_view, const std::vector<std::string>&>(&did_you_mean), py::arg("word"),
               py::arg("names"));
    module.def("options_help", &options::options_help);
    module.def("option_rows", &option_rows);
    module.attr("ev_angstrom") = ev_angstrom;
    module.attr("usual_mosaic_domains") = usual_mosaic_domains;
}

}  // namespace nbhybrid::bindings
