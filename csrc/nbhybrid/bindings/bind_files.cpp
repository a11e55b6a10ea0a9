#include <pybind11/stl.h>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/smv.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/image_rows.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

using run::BuiltExperiment;

const io::ImageFormat& format_named(const std::string& name) {
    const io::ImageFormat* const format = io::image_format_named(name);
    if (format == nullptr) throw ModelError("there is no format " + name);
    return *format;
}

py::dict to_dict(const io::ImageFormat& format) {
    py::dict dict;
    dict["name"] = format.name;
    dict["title"] = format.title;
    dict["suffixes"] = format.suffixes;
    dict["pixels"] = io::name_of(format.pixels);
    dict["needs_geometry"] = format.needs_geometry;
    dict["holds_panels"] = format.holds_panels;
    return dict;
}

// The buffer has been checked: float32 without gaps, the fast axis last; panels are more rows.
void write_image(const std::string& name, const std::string& path, const py::buffer& pixels, const BuiltExperiment* experiment,
                 double adc_offset) {
    const io::ImageFormat& format = format_named(name);
    const py::buffer_info in = pixels.request();
    const auto fast = static_cast<int>(in.shape.back()), slow = static_cast<int>(in.size / in.shape.back());
    const image::ImageView view{static_cast<const float*>(in.ptr), fast, slow, {0, fast - 1, 0, slow - 1}, nullptr};
    const py::gil_scoped_release release;
    run::write_image(format, path, view, experiment == nullptr ? nullptr : &experiment->experiment(), adc_offset, nullptr);
}

}  // namespace

void bind_files(py::module_& module) {
    module.def("image_formats", [] {
        py::list formats;
        for (const io::ImageFormat* format : io::image_formats()) formats.append(to_dict(*format));
        return formats;
    });
    module.def("has_image_format", [](const std::string& path) { return io::image_format_of(path) != nullptr; }, py::arg("path"));
    module.def("write_image", &write_image, py::arg("format"), py::arg("path"), py::arg("pixels"), py::arg("experiment"),
               py::arg("adc_offset"));
    module.def(
        "format_warnings",
        [](const std::string& name, const BuiltExperiment& b) {
            Warnings warnings;
            const io::ImageFormat& format = format_named(name);
            if (format.warn != nullptr) format.warn(b.experiment(), warnings);
            return to_list(warnings);
        },
        py::arg("format"), py::arg("experiment"));
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
