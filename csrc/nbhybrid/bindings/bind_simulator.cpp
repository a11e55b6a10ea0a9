#include <pybind11/stl.h>

#include <memory>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/run/batch.hpp"
#include "nbhybrid/run/blank_image.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/device_set.hpp"
#include "nbhybrid/run/duration.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using run::BuiltExperiment;
using run::Simulator;

namespace {

kernel::Way way_of(bool is_fast) {
    kernel::Way way;
    way.engine = is_fast ? Engine::fast : Engine::exact;
    return way;
}

// The buffer has been checked: slow x fast floats, contiguous and writeable.
void run_into(const Simulator& simulator, const py::buffer& out, int threads, const py::object& watch) {
    const py::buffer_info image = out.request(true);
    const kernel::Watch native = watch_of(watch);
    kernel::TraceRequest none;
    const py::gil_scoped_release release;
    simulator.run(static_cast<float*>(image.ptr), none, threads, native);
}

py::list long_run(const Simulator& simulator, const BuiltExperiment& experiment, int threads, int images) {
    Warnings warnings;
    run::warn_about_duration(experiment, run::expected_duration(simulator, threads), images, warnings);
    return to_list(warnings);
}

py::list blank_image(const Simulator& simulator, const py::buffer& image) {
    Warnings warnings;
    const py::buffer_info info = image.request();
    {
        const py::gil_scoped_release release;
        run::warn_if_blank(static_cast<const float*>(info.ptr), simulator.experiment(), warnings);
    }
    return to_list(warnings);
}

// The buffer has been checked: n x 2 32-bit integers.
std::vector<kernel::PixelAddress> addresses_of(const py::buffer& pixels) {
    const py::buffer_info info = pixels.request();
    const auto* const first = static_cast<const kernel::PixelAddress*>(info.ptr);
    return {first, first + info.shape[0]};
}

// The buffers have been checked: n x 2 32-bit integers, n floats.
void run_pixels_into(const Simulator& simulator, const py::buffer& pixels, const py::buffer& out, int threads,
                     const py::object& watch) {
    const py::buffer_info values = out.request(true);
    const std::vector<kernel::PixelAddress> addresses = addresses_of(pixels);
    const kernel::Watch native = watch_of(watch);
    const py::gil_scoped_release release;
    simulator.run_pixels(addresses, static_cast<float*>(values.ptr), threads, native);
}

// The address is one in the device's memory, where a checked array of floats lies.
kernel::DeviceImages device_image(std::uintptr_t address, std::uintptr_t stream) {
    return {{reinterpret_cast<float*>(address)}, true, stream};
}

void run_on_device(const Simulator& simulator, std::uintptr_t address, std::uintptr_t stream, int threads,
                   const py::object& watch) {
    const kernel::Watch native = watch_of(watch);
    kernel::TraceRequest none;
    const py::gil_scoped_release release;
    simulator.run(device_image(address, stream), none, threads, native);
}

void run_pixels_on_device(const Simulator& simulator, const py::buffer& pixels, std::uintptr_t address, std::uintptr_t stream,
                          int threads, const py::object& watch) {
    const std::vector<kernel::PixelAddress> addresses = addresses_of(pixels);
    const kernel::Watch native = watch_of(watch);
    const py::gil_scoped_release release;
    simulator.run_pixels(addresses, device_image(address, stream), threads, native);
}

py::list trace(const Simulator& simulator, const std::vector<std::pair<int, int>>& pixels, bool steps) {
    std::vector<kernel::PixelAddress> addresses;
    for (const auto& [slow, fast] : pixels) addresses.push_back({slow, fast});
    std::vector<kernel::PixelRecord> records;
    {
        const py::gil_scoped_release release;
        records = simulator.trace(addresses, steps);
    }
    py::list list;
    for (const kernel::PixelRecord& record : records) list.append(to_dict(simulator.plan(), record));
    return list;
}

// The buffer has been checked: n x 3 x 3 doubles.
std::vector<Mat3> rotations_of(const py::buffer& rotations) {
    const py::buffer_info matrices = rotations.request();
    const auto* const first = static_cast<const Mat3*>(matrices.ptr);
    return {first, first + matrices.shape[0]};
}

std::int64_t pixels_of(const BuiltExperiment& experiment) { return experiment.experiment().detector.pixels(); }

std::vector<float*> images_at(float* first, std::size_t count, std::int64_t pixels) {
    std::vector<float*> images;
    for (std::size_t i = 0; i < count; ++i) images.push_back(first + static_cast<std::int64_t>(i) * pixels);
    return images;
}

using Devices = std::vector<std::shared_ptr<kernel::Device>>;

// The buffer has been checked: n x slow x fast floats.
py::list batch_into(const BuiltExperiment& experiment, const py::buffer& rotations, const py::buffer& out, int threads,
                    bool is_fast, const Devices& devices, const py::object& watch) {
    const std::vector<Mat3> list = rotations_of(rotations);
    const py::buffer_info info = out.request(true);
    auto* const first = static_cast<float*>(info.ptr);
    const run::Batch batch{experiment.options, experiment.experiment().structure_factors, list, pixels_of(experiment),
                           way_of(is_fast)};
    const kernel::Watch native = watch_of(watch);
    const auto render = [&] {
        const py::gil_scoped_release release;
        return devices.empty() ? run::run_batch(batch, first, threads, native)
                               : run::run_batch(batch, {images_at(first, list.size(), batch.pixels)}, threads, native, devices);
    };
    return to_list(render());
}

// The address is that of a checked array of n x slow x fast floats in the device's memory.
py::list batch_on_device(const BuiltExperiment& experiment, const py::buffer& rotations, std::uintptr_t address,
                         std::uintptr_t stream, int threads, bool is_fast, const std::shared_ptr<kernel::Device>& device,
                         const py::object& watch) {
    const std::vector<Mat3> list = rotations_of(rotations);
    const run::Batch batch{experiment.options, experiment.experiment().structure_factors, list, pixels_of(experiment),
                           way_of(is_fast)};
    const kernel::DeviceImages images{images_at(reinterpret_cast<float*>(address), list.size(), batch.pixels), true, stream};
    const kernel::Watch native = watch_of(watch);
    const auto render = [&] {
        const py::gil_scoped_release release;
        return run::run_batch(batch, images, threads, native, {device});
    };
    return to_list(render());
}

// The buffers have been checked: slow x fast floats each.
void run_set_into(const run::DeviceSet& set, const std::vector<py::buffer>& outs, int threads, const py::object& watch) {
    kernel::DeviceImages images;
    std::vector<py::buffer_info> infos;
    for (const py::buffer& out : outs) {
        infos.push_back(out.request(true));
        images.values.push_back(static_cast<float*>(infos.back().ptr));
    }
    const kernel::Watch native = watch_of(watch);
    const py::gil_scoped_release release;
    set.run(images, threads, native);
}

void run_set_on_device(const run::DeviceSet& set, const std::vector<std::uintptr_t>& addresses, std::uintptr_t stream, int threads,
                       const py::object& watch) {
    kernel::DeviceImages images{{}, true, stream};
    for (const std::uintptr_t address : addresses) images.values.push_back(reinterpret_cast<float*>(address));
    const kernel::Watch native = watch_of(watch);
    const py::gil_scoped_release release;
    set.run(images, threads, native);
}

}  // namespace

void bind_simulator(py::module_& module) {
    module.def("run_batch", &batch_into, py::arg("experiment"), py::arg("rotations"), py::arg("out"), py::arg("threads"),
               py::arg("is_fast"), py::arg("devices"), py::arg("watch") = py::none());
    module.def("run_batch_on_device", &batch_on_device, py::arg("experiment"), py::arg("rotations"), py::arg("address"),
               py::arg("stream"), py::arg("threads"), py::arg("is_fast"), py::arg("device").none(false),
               py::arg("watch") = py::none());
    py::class_<Simulator>(module, "Simulator")
        .def(py::init([](const BuiltExperiment& experiment, int threads, bool is_fast) {
                 const py::gil_scoped_release release;
                 return std::make_unique<Simulator>(experiment.experiment(), threads, way_of(is_fast));
             }),
             py::arg("experiment"), py::arg("threads"), py::arg("is_fast"))
        .def_property_readonly("device", &Simulator::device)
        .def_property_readonly("device_refusal", [](const Simulator& s) { return kernel::device_refusal(s.plan()); })
        .def(
            "use_device", [](Simulator& s, std::shared_ptr<kernel::Device> device) { s.use_device(std::move(device)); },
            py::arg("device"))
        .def("run_on_device", &run_on_device, py::arg("address"), py::arg("stream"), py::arg("threads"),
             py::arg("watch") = py::none())
        .def("run_pixels_on_device", &run_pixels_on_device, py::arg("pixels"), py::arg("address"), py::arg("stream"),
             py::arg("threads"), py::arg("watch") = py::none())
        .def_property_readonly("warnings", [](const Simulator& s) { return to_list(s.warnings()); })
        .def("long_run", &long_run, py::arg("experiment"), py::arg("threads"), py::arg("images"))
        .def("blank_image", &blank_image, py::arg("image"))
        .def("run", &run_into, py::arg("out"), py::arg("threads"), py::arg("watch") = py::none())
        .def("run_pixels", &run_pixels_into, py::arg("pixels"), py::arg("out"), py::arg("threads"), py::arg("watch") = py::none())
        .def("trace", &trace, py::arg("pixels"), py::arg("steps"));
    py::class_<run::DeviceSet>(module, "DeviceSet")
        .def(py::init<const std::vector<Simulator*>&, std::shared_ptr<kernel::Device>>(), py::arg("simulators"), py::arg("device"),
             py::keep_alive<1, 2>())
        .def("run", &run_set_into, py::arg("outs"), py::arg("threads"), py::arg("watch") = py::none())
        .def("run_on_device", &run_set_on_device, py::arg("addresses"), py::arg("stream"), py::arg("threads"),
             py::arg("watch") = py::none());
}

}  // namespace nbhybrid::bindings
