#include <pybind11/stl.h>

#include <array>
#include <memory>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/checks/blank.hpp"
#include "nbhybrid/model/sampling_error.hpp"
#include "nbhybrid/run/built_experiment.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using run::BuiltExperiment;

namespace {

py::dict geometry(const BuiltExperiment& b) {
    const Lattice& l = b.experiment().crystal.lattice;
    const Detector& d = b.experiment().detector;
    const Region& r = d.region;
    py::dict dict;
    const auto add = [&dict](const char* name, const Vec3& v) { dict[name] = to_tuple(v); };
    add("a", l.a), add("b", l.b), add("c", l.c);
    add("a_star", l.a_star), add("b_star", l.b_star), add("c_star", l.c_star);
    add("fast_axis", d.fast_axis), add("slow_axis", d.slow_axis), add("normal", d.normal);
    add("origin", d.origin);
    add("beam_direction", b.experiment().beam.direction);
    add("polarization_axis", b.experiment().beam.polarization_axis);
    add("spindle", b.experiment().scan.spindle);
    dict["volume"] = l.volume;
    dict["region"] = py::make_tuple(r.slow_first, r.slow_last + 1, r.fast_first, r.fast_last + 1);
    return dict;
}

}  // namespace

void bind_experiment(py::module_& module) {
    module.def(
        "cell_volume", [](const std::array<double, 6>& v) { return cell_volume({v[0], v[1], v[2], v[3], v[4], v[5]}); },
        py::arg("cell"));
    module.def("fluence_of_flux", &fluence_of_flux<double>, py::arg("flux"), py::arg("exposure"), py::arg("size"));
    module.def(
        "expected_sampling_error",
        [](double spots_per_pixel, int oversample) {
            const SamplingError error = expected_sampling_error(spots_per_pixel, oversample);
            return py::make_tuple(error.sum, error.pixel);
        },
        py::arg("spots_per_pixel"), py::arg("oversample"));
    module.def("sufficient_oversample", &sufficient_oversample, py::arg("spots_per_pixel"), py::arg("most"));
    py::class_<BuiltExperiment, std::shared_ptr<BuiltExperiment>>(module, "Experiment")
        .def(py::init([](const options::ReferenceOptions& options, int threads) {
                 const py::gil_scoped_release release;
                 return std::make_shared<BuiltExperiment>(options, threads);
             }),
             py::arg("options"), py::arg("threads"))
        .def_property_readonly("warnings", [](const BuiltExperiment& b) { return to_list(b.warnings); })
        .def_property_readonly("configuration",
                               [](const BuiltExperiment& b) { return to_dict(run::configuration_of(b.experiment())); })
        .def_property_readonly("geometry", &geometry)
        .def_property_readonly("shape",
                               [](const BuiltExperiment& b) {
                                   return py::make_tuple(b.experiment().detector.slow_pixels, b.experiment().detector.fast_pixels);
                               })
        .def_property_readonly("steps", [](const BuiltExperiment& b) { return steps_per_pixel(b.experiment()); })
        .def_property_readonly("semantics", [](const BuiltExperiment& b) { return b.experiment().semantics.text(); })
        .def_property_readonly("why_blank", [](const BuiltExperiment& b) { return checks::why_blank(b.experiment()); })
        .def("settle", &BuiltExperiment::settle)
        .def_property_readonly("options", [](const BuiltExperiment& b) { return b.options; })
        .def_property_readonly("pivot", [](const BuiltExperiment& b) { return name_of(b.experiment().detector.pivot); })
        .def_property_readonly("structure_factors", [](const BuiltExperiment& b) {
            return std::const_pointer_cast<StructureFactors>(b.experiment().structure_factors);
        });
}

}  // namespace nbhybrid::bindings
