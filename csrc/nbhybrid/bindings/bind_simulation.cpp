#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/kernel/device.hpp"  // NOLINT(misc-include-cleaner): pybind11 wants the whole type
#include "nbhybrid/run/simulation.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using run::Simulation;

namespace {

py::dict counts_of(const Simulation& simulation) {
    const kernel::RenderCounts& c = simulation.counts();
    py::dict counts;
    counts["rendered"] = c.pixels;
    counts["scalar"] = c.scalar;
    counts["twice"] = c.twice;
    counts["undecided"] = c.undecided;
    counts["wrong"] = c.wrong;
    return counts;
}

py::dict seeds_of(const Simulation& simulation) {
    const options::Seeds& used = simulation.seeds();
    py::dict seeds;
    if (simulation.draws_noise()) seeds["noise"] = used.noise;
    if (used.misset) seeds["misset"] = *used.misset;
    if (used.mosaic) seeds["mosaic"] = *used.mosaic;
    return seeds;
}

}  // namespace

void bind_simulation(py::module_& module) {
    py::class_<Simulation>(module, "Simulation", py::buffer_protocol())
        .def(py::init([](const std::shared_ptr<run::BuiltExperiment>& experiment, int threads) {
                 const py::gil_scoped_release release;
                 return std::make_unique<Simulation>(experiment, threads);
             }),
             py::arg("experiment"), py::arg("threads"))
        // The pixels rendered, read-only. The view keeps the simulation alive.
        .def_buffer([](Simulation& simulation) {
            if (simulation.pixels() == nullptr) throw py::buffer_error("nothing has been rendered");
            const py::ssize_t slow = simulation.slow_pixels(), fast = simulation.fast_pixels();
            constexpr py::ssize_t bytes = sizeof(float);
            return py::buffer_info(const_cast<float*>(simulation.pixels()), bytes, py::format_descriptor<float>::format(), 2,
                                   {slow, fast}, {fast * bytes, bytes}, true);
        })
        .def_property_readonly("pixels", [](const py::object& simulation) { return py::memoryview(simulation); })
        .def_property_readonly("threads", &Simulation::threads)
        .def_property_readonly("semantics", &Simulation::semantics)
        .def_property_readonly("committed", &Simulation::committed)
        .def_property_readonly("warnings", [](const Simulation& simulation) { return to_list(simulation.warnings()); })
        .def_property_readonly("configuration", [](const Simulation& simulation) { return to_dict(simulation.configuration()); })
        .def_property_readonly("counts", &counts_of)
        .def_property_readonly("device", &Simulation::device)
        .def("use_device", &Simulation::use_device, py::arg("device"))
        .def_property_readonly("engine", &Simulation::engine)
        .def_property_readonly("unsupported_option", &Simulation::unsupported_option)
        .def_property_readonly("first_row", &Simulation::first_row)
        .def_property_readonly("last_row", &Simulation::last_row)
        .def("foresee", &Simulation::foresee)
        .def_property_readonly("draws_noise", &Simulation::draws_noise)
        .def_property_readonly("seeds", &seeds_of)
        .def("description", &Simulation::description)
        .def("statistics_text", &Simulation::statistics_text)
        .def("trace_text", &Simulation::trace_text)
        .def("printout_text", &Simulation::printout_text, py::arg("slow"))
        .def("noise_text", &Simulation::noise_text)
        .def(
            "render",
            [](Simulation& simulation, const py::object& watch) {
                const kernel::Watch native = watch_of(watch);
                const py::gil_scoped_release release;
                simulation.render(native);
            },
            py::arg("watch") = py::none())
        .def("measure", &Simulation::measure, py::call_guard<py::gil_scoped_release>())
        .def(
            "write",
            [](Simulation& simulation, const py::object& watch) {
                const kernel::Watch native = watch_of(watch);
                std::vector<std::string> paths;
                {
                    const py::gil_scoped_release release;
                    paths = simulation.write(native);
                }
                return to_list(paths);
            },
            py::arg("watch") = py::none());
}

}  // namespace nbhybrid::bindings
