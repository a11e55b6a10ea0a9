#include "nbhybrid/bindings/bindings.hpp"

#ifndef NBHYBRID_VERSION
#define NBHYBRID_VERSION "unknown"
#endif
#ifndef NBHYBRID_COMMIT
#define NBHYBRID_COMMIT "unknown"
#endif

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled core of nbhybrid.";
    module.attr("__version__") = NBHYBRID_VERSION;
    module.attr("commit") = NBHYBRID_COMMIT;
    nbhybrid::bindings::bind_errors(module);
    nbhybrid::bindings::bind_options(module);
    nbhybrid::bindings::bind_simulation(module);
}
