// The extension nbhybrid._cuda: its devices are handed to the core, which knows nothing of CUDA.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "callers_memory.hpp"
#include "cuda_device.hpp"
#include "launch.hpp"
#include "memory.hpp"

namespace py = pybind11;
using namespace nbhybrid::cuda;

namespace {

// The addresses are of checked arrays in the device's memory.
void counter_noise(int device, std::uintptr_t means, bool is_double, std::uintptr_t counts, std::uint64_t seed,
                   std::uint32_t first_image, std::uint32_t panel, std::int64_t images, std::int64_t pixels,
                   std::uintptr_t stream) {
    const CurrentDevice current(device);
    check(launch_noise({seed, first_image, panel, images, pixels}, reinterpret_cast<const void*>(means), is_double,
                       reinterpret_cast<float*>(counts), reinterpret_cast<cudaStream_t>(stream)),
          "starting the noise kernel");
}

// The buffer is as large as what is copied into it.
void copy_into(int device, std::uintptr_t address, const py::buffer& target, std::uintptr_t stream) {
    const py::buffer_info info = target.request(true);
    const auto bytes = static_cast<std::size_t>(info.size * info.itemsize);
    const py::gil_scoped_release release;
    copy_to_host(device, address, info.ptr, bytes, stream);
}

}  // namespace

PYBIND11_MODULE(_cuda, module) {
    module.doc() = "The CUDA devices of nbhybrid.";
    module.attr("interface") = NBHYBRID_INTERFACE PYBIND11_INTERNALS_ID;
    // Its errors and its class Device.
    py::module_::import("nbhybrid._core");
    module.def("device_names", &device_names);
    module.def("device", [](int index) { return std::shared_ptr<nbhybrid::kernel::Device>(make_device(index)); }, py::arg("index"));
    module.def("device_of", &device_of, py::arg("address"));
    module.def("free_bytes", &free_bytes, py::arg("device"));
    module.def("copy_to_host", &copy_into, py::arg("device"), py::arg("address"), py::arg("target"), py::arg("stream"));
    module.def("order_after", &order_after, py::arg("device"), py::arg("stream"), py::arg("other"));
    module.def("wait_for", &wait_for, py::arg("device"), py::arg("stream"), py::call_guard<py::gil_scoped_release>());
    module.def("wait_for_all", &wait_for_all, py::arg("device"), py::call_guard<py::gil_scoped_release>());
    module.def("counter_noise", &counter_noise, py::arg("device"), py::arg("means"), py::arg("is_double"), py::arg("counts"),
               py::arg("seed"), py::arg("first_image"), py::arg("panel"), py::arg("images"), py::arg("pixels"), py::arg("stream"));
}
