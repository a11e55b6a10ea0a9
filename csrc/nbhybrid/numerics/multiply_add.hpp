#pragma once
// Products and sums in one rounding where the processor has such an instruction, and divisions made of them.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::numerics {

// Half a unit in the last place of 1: the largest relative error of one rounding.
inline constexpr double rounding = 1.1102230246251565e-16;

inline namespace NBHYBRID_ISA {

// a b + c with one rounding where the processor has such an instruction, or has to do as a GPU does.
#if defined(__FMA__) || defined(__CUDA_ARCH__) || defined(__aarch64__) || defined(NBHYBRID_AS_ON_DEVICE)
#define NBHYBRID_HAS_MULTIPLY_ADD
#endif
#ifdef NBHYBRID_NO_MULTIPLY_ADD  // for a test that looks where a device's code has others
#undef NBHYBRID_HAS_MULTIPLY_ADD
#endif
NBHYBRID_HOST_DEVICE inline double multiply_add(double a, double b, double c) {
#if defined(NBHYBRID_HAS_MULTIPLY_ADD)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
}

NBHYBRID_HOST_DEVICE inline float multiply_add(float a, float b, float c) {
#if defined(NBHYBRID_HAS_MULTIPLY_ADD)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
}

// a / b, rounded as a division rounds it, for many quotients of one divisor, of which `inverse` is 1 / b: P. Markstein, IBM J. Res.
// Dev. 34 (1990) 111. The first correction makes the quotient faithful, the second correct. Nothing may overflow or underflow.
NBHYBRID_HOST_DEVICE inline double quotient(double a, [[maybe_unused]] double b, [[maybe_unused]] double inverse) {
#if defined(NBHYBRID_HAS_MULTIPLY_ADD)
    const double raw = a * inverse;
    const double faithful = multiply_add(multiply_add(-b, raw, a), inverse, raw);
    return multiply_add(multiply_add(-b, faithful, a), inverse, faithful);
#else
    return a / b;
#endif
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
