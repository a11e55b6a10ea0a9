#include <pybind11/stl.h>

#include <array>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/bindings/conversions.hpp"
#include "nbhybrid/run/noise.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

// The buffers have been checked: images x pixels means (float or double) and as many floats.
void counter_noise(const py::buffer& means, const py::buffer& counts, const run::NoisyImages& noise, int threads,
                   const py::object& watch) {
    const py::buffer_info in = means.request(), out = counts.request(true);
    const kernel::Watch native = watch_of(watch);
    auto* const target = static_cast<float*>(out.ptr);
    const py::gil_scoped_release release;
    if (in.itemsize == sizeof(float)) run::add_counter_noise(noise, static_cast<const float*>(in.ptr), target, threads, native);
    else run::add_counter_noise(noise, static_cast<const double*>(in.ptr), target, threads, native);
}

// The buffers have been checked: slow x fast means (float or double) and as many floats; the region lies inside.
void reference_noise(const py::buffer& means, const py::buffer& counts, std::int64_t seed, const std::array<int, 4>& bounds) {
    const py::buffer_info in = means.request(), out = counts.request(true);
    const int slow = static_cast<int>(in.shape[0]), fast = static_cast<int>(in.shape[1]);
    const Region region{bounds[2], bounds[3], bounds[0], bounds[1]};
    auto* const target = static_cast<float*>(out.ptr);
    const py::gil_scoped_release release;
    if (in.itemsize == sizeof(float)) run::add_reference_noise(seed, region, slow, fast, static_cast<const float*>(in.ptr), target);
    else run::add_reference_noise(seed, region, slow, fast, static_cast<const double*>(in.ptr), target);
}

}  // namespace

void bind_noise(py::module_& module) {
    module.def(
        "counter_noise",
        [](const py::buffer& means, const py::buffer& counts, std::uint64_t seed, std::uint32_t first_image, std::uint32_t panel,
           std::int64_t images, std::int64_t pixels, int threads,
           const py::object& watch) { counter_noise(means, counts, {seed, first_image, panel, images, pixels}, threads, watch); },
        py::arg("means"), py::arg("counts"), py::arg("seed"), py::arg("first_image"), py::arg("panel"), py::arg("images"),
        py::arg("pixels"), py::arg("threads"), py::arg("watch") = py::none());
    module.def("reference_noise", &reference_noise, py::arg("means"), py::arg("counts"), py::arg("seed"), py::arg("bounds"));
}

}  // namespace nbhybrid::bindings
