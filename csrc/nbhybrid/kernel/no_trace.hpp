#pragma once
// Where the kernel says what a traced pixel is made of. Its functions take a policy; without one nothing is compiled.

#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

struct NoTrace {
    static constexpr bool enabled = false;
    template <class Base>
    using Math = Base;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel

// A statement of a function template whose parameter Trace is the policy. A test compiles the kernel without these statements too,
// and compares.
#ifdef NBHYBRID_WITHOUT_TRACE
#define NBHYBRID_TRACED(...)
#else
#define NBHYBRID_TRACED(...)            \
    do {                                \
        if constexpr (Trace::enabled) { \
            __VA_ARGS__;                \
        }                               \
    } while (false)
#endif
