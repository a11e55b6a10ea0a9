#include <pybind11/stl.h>

#include <cstring>
#include <memory>

#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/io/fdump.hpp"
#include "nbhybrid/io/hkl.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

using Shared = std::shared_ptr<StructureFactors>;

io::HklLimits limits_of(double max_table_gib, bool skip_comments) {
    constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;
    io::HklLimits limits;
    limits.max_table_bytes = static_cast<std::size_t>(std::min(max_table_gib * bytes_per_gib, 9e18));
    if (skip_comments) limits.comments = io::CommentLines::skipped;
    return limits;
}

// A table, made while other Python threads run, and the warnings about it.
template <class Make>
py::tuple with_warnings(Make make) {
    Warnings warnings;
    Shared table;
    {
        const py::gil_scoped_release release;
        table = std::make_shared<StructureFactors>(make(warnings));
    }
    return py::make_tuple(table, to_list(warnings));
}

py::tuple read(const std::string& path, bool is_dump, double default_amplitude, double max_table_gib, bool skip_comments,
               int threads) {
    io::HklLimits limits = limits_of(max_table_gib, skip_comments);
    limits.threads = threads;
    return with_warnings([&](Warnings& warnings) {
        return is_dump ? io::read_fdump(path, default_amplitude, limits, warnings)
                       : io::read_hkl(path, default_amplitude, limits, warnings);
    });
}

// The buffers have been checked: n x 3 indices, n amplitudes.
py::tuple from_rows(const py::buffer& indices, const py::buffer& amplitudes, double default_amplitude, double max_table_gib) {
    const py::buffer_info hkl = indices.request(), f = amplitudes.request();
    return with_warnings([&](Warnings& warnings) {
        return io::table_of_rows(static_cast<const std::int32_t*>(hkl.ptr), static_cast<const double*>(f.ptr),
                                 static_cast<std::size_t>(f.size), default_amplitude, limits_of(max_table_gib, false), warnings);
    });
}

// The buffer has been checked: h x k x l amplitudes, the first at `origin`.
py::tuple from_grid(const py::buffer& grid, const std::array<std::int64_t, 3>& origin, double default_amplitude,
                    double max_table_gib) {
    const py::buffer_info info = grid.request();
    return with_warnings([&](Warnings& warnings) {
        return io::table_of_grid(static_cast<const double*>(info.ptr), origin, {info.shape[0], info.shape[1], info.shape[2]},
                                 default_amplitude, limits_of(max_table_gib, false), warnings);
    });
}

py::buffer_info view(StructureFactors& f) {
    const auto size = static_cast<py::ssize_t>(sizeof(double));
    return py::buffer_info(
        f.values.data(), size, py::format_descriptor<double>::format(), 3, {f.h.count(), f.k.count(), f.l.count()},
        {static_cast<py::ssize_t>(f.stride_h()) * size, static_cast<py::ssize_t>(f.stride_k()) * size, size}, true);
}

}  // namespace

void bind_structure_factors(py::module_& module) {
    py::class_<StructureFactors, Shared>(module, "StructureFactors", py::buffer_protocol())
        .def(py::init([](double default_amplitude) {
                 auto none = std::make_shared<StructureFactors>();
                 none->default_amplitude = default_amplitude;
                 return none;
             }),
             py::arg("default_amplitude"))
        .def_static("read", &read, py::arg("path"), py::arg("is_dump"), py::arg("default_amplitude"), py::arg("max_table_gib"),
                    py::arg("skip_comments"), py::arg("threads"))
        .def_static("from_rows", &from_rows, py::arg("indices"), py::arg("amplitudes"), py::arg("default_amplitude"),
                    py::arg("max_table_gib"))
        .def_static("from_grid", &from_grid, py::arg("grid"), py::arg("origin"), py::arg("default_amplitude"),
                    py::arg("max_table_gib"))
        .def_property_readonly("default_amplitude", [](const StructureFactors& f) { return f.default_amplitude; })
        .def_property_readonly("entries", [](const StructureFactors& f) { return f.entries; })
        .def_property_readonly("origin", [](const StructureFactors& f) { return py::make_tuple(f.h.min, f.k.min, f.l.min); })
        .def_property_readonly("has_table", &StructureFactors::has_table)
        .def_buffer(&view);
}

}  // namespace nbhybrid::bindings
