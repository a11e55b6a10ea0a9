#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/run/derivatives.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using run::Batch;
using run::BuiltExperiment;
using run::Derivatives;
using run::Simulator;

namespace {

// Arrays of doubles that Python has checked, and their addresses.
class Doubles {
public:
    explicit Doubles(const std::vector<py::buffer>& arrays, bool writes = false) {
        for (const py::buffer& array : arrays) buffers_.push_back(array.request(writes));
    }
    std::vector<double*> addresses() const {
        std::vector<double*> all;
        for (const py::buffer_info& each : buffers_) all.push_back(static_cast<double*>(each.ptr));
        return all;
    }

private:
    std::vector<py::buffer_info> buffers_;
};

std::unique_ptr<Derivatives> of_simulator(const Simulator& simulator, const std::vector<std::shared_ptr<BuiltExperiment>>& panels,
                                          bool are_listed) {
    return std::make_unique<Derivatives>(
        simulator, std::vector<std::shared_ptr<const BuiltExperiment>>(panels.begin(), panels.end()), are_listed);
}

std::unique_ptr<Derivatives> of_batch(const Batch& batch, std::shared_ptr<BuiltExperiment> experiment,
                                      const py::buffer& rotations) {
    const py::buffer_info info = rotations.request();
    const auto* const first = static_cast<const Mat3*>(info.ptr);
    return std::make_unique<Derivatives>(batch, std::move(experiment), std::vector<Mat3>(first, first + info.shape[0]));
}

py::list parameters(const Derivatives& d) {
    py::list list;
    for (const derivatives::Parameter& p : d.parameters()) list.append(py::make_tuple(p.path, p.shape, p.unit, p.refusal));
    return list;
}

py::array_t<double> to_array(const std::vector<double>& values) {
    return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::list vjp(const Derivatives& d, const std::vector<py::buffer>& upstream, const std::vector<std::string>& paths, int threads,
             const py::object& watch) {
    const Doubles weights(upstream);
    const std::vector<double*> addresses = weights.addresses();
    const kernel::SlopeWay way{threads, watch_of(watch)};
    std::vector<std::vector<double>> sums;
    {
        const py::gil_scoped_release release;
        sums = d.vjp({addresses.begin(), addresses.end()}, paths, way);
    }
    py::list arrays;
    for (const std::vector<double>& each : sums) arrays.append(to_array(each));
    return arrays;
}

void jvp(const Derivatives& d, const std::vector<std::pair<std::string, std::vector<double>>>& given,
         const std::vector<py::buffer>& values, const std::vector<py::buffer>& slopes, int threads, const py::object& watch) {
    std::vector<run::Step> steps;
    for (const auto& [path, numbers] : given) steps.push_back({path, numbers});
    const Doubles its_values(values, true), its_slopes(slopes, true);
    const kernel::SlopeWay way{threads, watch_of(watch)};
    const py::gil_scoped_release release;
    d.jvp(steps, its_values.addresses(), its_slopes.addresses(), way);
}

// Of `pixels` it has been checked that they are n x 2 32-bit integers.
void jacobian(const Derivatives& d, std::int64_t image, const std::optional<py::buffer>& pixels,
              const std::vector<std::string>& paths, const py::buffer& values, const py::buffer& slopes, int threads,
              const py::object& watch) {
    std::vector<kernel::PixelPlace> list;
    if (pixels) {
        const py::buffer_info info = pixels->request();
        const auto* const first = static_cast<const kernel::PixelPlace*>(info.ptr);
        list.assign(first, first + info.shape[0]);
    }
    const Doubles its({values, slopes}, true);
    const std::vector<double*> to = its.addresses();
    const kernel::SlopeWay way{threads, watch_of(watch)};
    const py::gil_scoped_release release;
    d.jacobian(image, pixels ? &list : nullptr, paths, to[0], to[1], way);
}

}  // namespace

void bind_derivatives(py::module_& module) {
    py::class_<Derivatives>(module, "Derivatives")
        .def(py::init(&of_simulator), py::arg("simulator"), py::arg("panels"), py::arg("are_listed"), py::keep_alive<1, 2>())
        .def(py::init(&of_batch), py::arg("batch"), py::arg("experiment"), py::arg("rotations"), py::keep_alive<1, 2>())
        .def_property_readonly("parameters", &parameters)
        .def(
            "check", [](const Derivatives& d, const std::string& path) { d.parameter(path); }, py::arg("path"))
        .def("vjp", &vjp, py::arg("upstream"), py::arg("paths"), py::arg("threads"), py::arg("watch") = py::none())
        .def("jvp", &jvp, py::arg("steps"), py::arg("values"), py::arg("slopes"), py::arg("threads"), py::arg("watch") = py::none())
        .def("jacobian", &jacobian, py::arg("image"), py::arg("pixels"), py::arg("paths"), py::arg("values"), py::arg("slopes"),
             py::arg("threads"), py::arg("watch") = py::none());
}

}  // namespace nbhybrid::bindings
