#include <memory>
#include <string>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/numerics/bounded_exponential.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

// The buffers are of doubles, of one length.
void bounded_function(const std::string& name, const py::buffer& x, const py::buffer& y, const py::buffer& result) {
    const py::buffer_info in_x = x.request(), in_y = y.request(), out = result.request(true);
    for (const kernel::BoundedFunction& function : kernel::vector_kernel().functions)
        if (name == function.name) {
            function.run(static_cast<const double*>(in_x.ptr), static_cast<const double*>(in_y.ptr), static_cast<double*>(out.ptr),
                         out.size);
            return;
        }
    throw py::key_error(name);
}

}  // namespace

void bind_kernel(py::module_& module) {
    py::class_<kernel::Device, std::shared_ptr<kernel::Device>>(module, "Device")
        .def_property_readonly("name", &kernel::Device::name);
    module.def(
        "emulated_device",
        [](bool double_is_slow) { return std::shared_ptr<kernel::Device>(kernel::emulated_device(double_is_slow)); },
        py::arg("double_is_slow") = false);
    module.def("isa", [] { return kernel::vector_kernel().isa; });
    module.def("bounded_function", &bounded_function, py::arg("name"), py::arg("x"), py::arg("y"), py::arg("result"));
    module.def("bounded_errors", [] {
        py::dict errors;
        errors["sine"] = numerics::sine_error;
        errors["accurate_sine"] = numerics::accurate_sine_error;
        errors["scaled_sine"] = numerics::scaled_sine_error;
        errors["cosine"] = numerics::cosine_error;
        errors["exponential"] = numerics::exponential_error;
        errors["reduction_per_radian"] = numerics::reduction_error_per_radian;
        errors["smallest_reduced"] = numerics::smallest_reduced;
        errors["largest_phase"] = numerics::largest_phase;
        return errors;
    });
}

}  // namespace nbhybrid::bindings
