#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/batch.hpp"
#include "nbhybrid/run/blank_image.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/duration.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;
using kernel::PlanSource;
using kernel::RenderRequest;
using kernel::Target;
using run::Batch;
using run::BuiltExperiment;
using run::Simulator;

namespace {

kernel::Way way_of(bool is_fast) {
    kernel::Way way;
    way.engine = is_fast ? Engine::fast : Engine::exact;
    return way;
}

// A buffer of Python's, which has been checked, as rows of these; it must live as long as they are looked at.
template <class Row>
std::vector<Row> rows_of(const py::buffer& buffer) {
    const py::buffer_info info = buffer.request();
    const auto* const first = static_cast<const Row*>(info.ptr);
    return {first, first + info.shape[0]};
}

std::unique_ptr<Simulator> simulator_of(const std::vector<std::shared_ptr<BuiltExperiment>>& experiments, int threads,
                                        bool is_fast) {
    Simulator::Panels panels;
    for (const std::shared_ptr<BuiltExperiment>& each : experiments) panels.emplace_back(each, &each->experiment());
    const py::gil_scoped_release release;
    return std::make_unique<Simulator>(std::move(panels), threads, way_of(is_fast));
}

// The buffer has been checked: n x 3 x 3 doubles.
std::unique_ptr<Batch> batch_of(std::shared_ptr<const BuiltExperiment> experiment, const py::buffer& rotations, bool is_fast,
                                std::vector<std::shared_ptr<kernel::Device>> devices) {
    std::vector<Mat3> list = rows_of<Mat3>(rotations);
    const py::gil_scoped_release release;
    return std::make_unique<Batch>(std::move(experiment), std::move(list), way_of(is_fast), std::move(devices));
}

py::list long_run(const Simulator& simulator, const BuiltExperiment& experiment, int threads) {
    Warnings warnings;
    const auto panels = static_cast<int>(simulator.count());
    run::warn_about_duration(experiment, run::expected_duration(simulator, threads), panels, warnings);
    return to_list(warnings);
}

py::list blank_images(const Simulator& simulator, const std::vector<py::buffer>& images) {
    Warnings warnings;
    std::vector<py::buffer_info> buffers;
    std::vector<const float*> addresses;
    for (const py::buffer& image : images) {
        buffers.push_back(image.request());
        addresses.push_back(static_cast<const float*>(buffers.back().ptr));
    }
    {
        const py::gil_scoped_release release;
        run::warn_if_all_blank(addresses, simulator, warnings);
    }
    return to_list(warnings);
}

// What Python has checked: an array of the host for each image, or one for all of them; or addresses in a device's memory.
struct Memory {
    Target target;
    std::vector<py::buffer_info> buffers;

    std::vector<std::uintptr_t> addresses() const {
        std::vector<std::uintptr_t> all;
        for (const float* image : target.images) all.push_back(reinterpret_cast<std::uintptr_t>(image));
        return all;
    }
};

std::unique_ptr<Memory> host_memory(const std::vector<py::buffer>& arrays) {
    auto memory = std::make_unique<Memory>();
    for (const py::buffer& array : arrays) {
        memory->buffers.push_back(array.request(true));
        memory->target.images.push_back(static_cast<float*>(memory->buffers.back().ptr));
    }
    return memory;
}

std::unique_ptr<Memory> device_memory(const std::vector<std::uintptr_t>& addresses, std::uintptr_t stream) {
    auto memory = std::make_unique<Memory>();
    memory->target.on_device = true;
    memory->target.stream = stream;
    for (const std::uintptr_t address : addresses)
        memory->target.images.push_back(reinterpret_cast<float*>(address));  // NOLINT(performance-no-int-to-ptr): a device's
    return memory;
}

// What there is to tell beside the pixels.
struct Rendered {
    bool is_finite;
    py::list traces;
};

// Plans are a Simulator or a Batch. Of `pixels` it has been checked that they are n x 2 32-bit integers.
template <class Plans>
Rendered render(const Plans& plans, const Memory& memory, const std::optional<py::buffer>& pixels,
                const std::vector<std::pair<int, int>>& trace, bool with_steps, int threads, const py::object& watch) {
    RenderRequest request = plans.request();
    request.target = pixels ? memory.target : memory.target.spread(plans);
    if (pixels) request.pixels = rows_of<kernel::PixelAddress>(*pixels);
    for (const auto& [slow, fast] : trace) request.trace.pixels.push_back({slow, fast});
    request.trace.steps = with_steps;
    request.wanted.finite = !memory.target.on_device;
    request.threads = threads;
    request.watch = watch_of(watch);
    kernel::RenderResult result;
    {
        const py::gil_scoped_release release;
        result = kernel::render(request);
    }
    Rendered rendered{result.is_finite(), py::list()};
    for (const kernel::PixelRecord& record : result.records) rendered.traces.append(to_dict(*plans.plan(0, threads), record));
    return rendered;
}

template <class Plans>
void bind_render(py::module_& module) {
    module.def("render", &render<Plans>, py::arg("plans"), py::arg("memory"), py::kw_only(), py::arg("pixels") = py::none(),
               py::arg("trace") = py::list(), py::arg("steps") = false, py::arg("threads"), py::arg("watch") = py::none());
}

}  // namespace

void bind_simulator(py::module_& module) {
    py::class_<Simulator>(module, "Simulator")
        .def(py::init(&simulator_of), py::arg("panels"), py::arg("threads"), py::arg("is_fast"))
        .def_property_readonly("panels", &Simulator::count)
        .def_property_readonly("device", &Simulator::device)
        .def_property_readonly("device_refusal", &Simulator::device_refusal)
        .def("use_device", &Simulator::use_device, py::arg("device"))
        .def_property_readonly("warnings", [](const Simulator& s) { return to_list(s.warnings()); })
        .def("long_run", &long_run, py::arg("experiment"), py::arg("threads"))
        .def("blank_images", &blank_images, py::arg("images"));
    py::class_<Batch>(module, "Batch")
        .def(py::init(&batch_of), py::arg("experiment"), py::arg("rotations"), py::arg("is_fast"), py::arg("devices"))
        .def_property_readonly("warnings", [](const Batch& b) { return to_list(b.warnings()); });
    py::class_<Memory>(module, "Memory")
        .def(py::init(&host_memory), py::arg("arrays"))
        .def_static("on_device", &device_memory, py::arg("addresses"), py::arg("stream"))
        .def_property_readonly("addresses", &Memory::addresses)
        // 0 for the host's.
        .def_property_readonly("stream", [](const Memory& memory) { return memory.target.stream; });
    py::class_<Rendered>(module, "Rendered")
        .def_readonly("is_finite", &Rendered::is_finite)
        .def_readonly("traces", &Rendered::traces);
    bind_render<Simulator>(module);
    bind_render<Batch>(module);
}

}  // namespace nbhybrid::bindings
