#pragma once
// Where the computation of a pixel says what it is made of. Functions that have something to say take a trace policy; without one
// nothing is compiled.

#include "nbhybrid/core/isa.hpp"

namespace nbhybrid {
inline namespace NBHYBRID_ISA {

struct NoTrace {
    static constexpr bool enabled = false;
    template <class Base>
    using Math = Base;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid

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
