#include "nbhybrid/bindings/bindings.hpp"
#include "nbhybrid/core/errors.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

// The classes stand in nbhybrid.errors, where a user finds them; the core only raises them.
void raise(const char* name, const std::exception& error) {
    const py::object type = py::module_::import("nbhybrid.errors").attr(name);
    PyErr_SetObject(type.ptr(), to_str(error.what()).ptr());
}

void translate(std::exception_ptr pointer) {  // NOLINT(performance-unnecessary-value-param): as pybind11 calls it
    try {
        if (pointer) std::rethrow_exception(pointer);
    } catch (const OptionError& error) {
        raise("OptionError", error);
    } catch (const InputFileError& error) {
        raise("InputFileError", error);
    } catch (const OutputFileError& error) {
        raise("OutputFileError", error);
    } catch (const ModelError& error) {
        raise("ModelError", error);
    } catch (const SizeError& error) {
        raise("SizeError", error);
    } catch (const DeviceError& error) {
        raise("DeviceError", error);
    } catch (const Interrupted& error) {
        raise("Interrupted", error);
    } catch (const Error& error) {
        raise("NbhybridError", error);
    }
}

}  // namespace

void bind_errors(py::module_&) { py::register_exception_translator(translate); }

}  // namespace nbhybrid::bindings
