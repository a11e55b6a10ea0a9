#include "nbhybrid/bindings/bindings.hpp"

#ifndef NBHYBRID_VERSION
#define NBHYBRID_VERSION "unknown"
#endif
#ifndef NBHYBRID_COMMIT
#define NBHYBRID_COMMIT "unknown"
#endif

namespace nbhybrid::bindings {

pybind11::str to_str(const std::string& text) {
    PyObject* decoded = PyUnicode_DecodeFSDefaultAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    if (decoded == nullptr) throw pybind11::error_already_set();
    return pybind11::reinterpret_steal<pybind11::str>(decoded);
}

pybind11::list to_list(const std::vector<std::string>& lines) {
    pybind11::list list;
    for (const std::string& line : lines) list.append(to_str(line));
    return list;
}

pybind11::list to_list(const Warnings& warnings) {
    pybind11::list list;
    for (const Warning& warning : warnings.all()) list.append(pybind11::make_tuple(warning.name, to_str(warning.text)));
    return list;
}

}  // namespace nbhybrid::bindings

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled core of nbhybrid.";
    module.attr("__version__") = NBHYBRID_VERSION;
    module.attr("commit") = NBHYBRID_COMMIT;
    module.attr("interface") = NBHYBRID_INTERFACE PYBIND11_INTERNALS_ID;
    nbhybrid::bindings::bind_errors(module);
    nbhybrid::bindings::bind_dlpack(module);
    nbhybrid::bindings::bind_files(module);
    nbhybrid::bindings::bind_structure_factors(module);
    nbhybrid::bindings::bind_kernel(module);
    nbhybrid::bindings::bind_noise(module);
    nbhybrid::bindings::bind_options(module);
    nbhybrid::bindings::bind_experiment(module);
    nbhybrid::bindings::bind_simulator(module);
    nbhybrid::bindings::bind_derivatives(module);
    nbhybrid::bindings::bind_simulation(module);
    nbhybrid::bindings::bind_trace(module);
}
