#pragma once
// Whether a bound of a number's error tells which float32 it rounds to.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::numerics {
inline namespace NBHYBRID_ISA {

// True if all numbers within `error` of the value round to one float32: rounding does not change the order of numbers, so that it
// is enough to look at both ends. Never of what is not a number.
NBHYBRID_HOST_DEVICE inline bool rounds_to_one_float(double value, double error) {
    return static_cast<float>(value - error) == static_cast<float>(value + error);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
