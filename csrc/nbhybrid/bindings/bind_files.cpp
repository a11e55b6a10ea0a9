#include <pybind11/stl.h>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/io/smv.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

void bind_files(py::module_& module) {
    module.def(
        "read_smv",
        [](const std::string& path) {
            io::SmvImage image;
            {
                const py::gil_scoped_release release;
                image = io::read_smv(path, io::HeaderKeys::whole);
            }
            const py::bytes pixels(reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size() * sizeof(std::uint16_t));
            return py::make_tuple(image.slow_pixels, image.fast_pixels, pixels);
        },
        py::arg("path"));
}

}  // namespace nbhybrid::bindings
