#pragma once
// An exponential of proven relative error, made of operations that compilers turn into vector instructions.

#include <cmath>
#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::numerics {

// Relative error of exponential(), certified by docs/exactness.py.
inline constexpr double exponential_error = 1.0e-14;
// Largest size of its argument.
inline constexpr double largest_exponent = 700.0;

inline namespace NBHYBRID_ISA {

// exp(x) for -700 <= x <= 700. x = n log 2 + r, |r| <= 0.3466, and Taylor's series of exp(r) to the eleventh power. The first part
// of log 2 has 32 bits: its product with n is exact.
NBHYBRID_HOST_DEVICE inline double exponential(double x) {
    constexpr double log2_of_e = 1.4426950408889634074;
    constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    const double n = std::rint(x * log2_of_e);
    const double r = multiply_add(-n, ln2_low, multiply_add(-n, ln2_high, x));
    double p = 1.0 / 39916800;
    p = multiply_add(p, r, 1.0 / 3628800);
    p = multiply_add(p, r, 1.0 / 362880);
    p = multiply_add(p, r, 1.0 / 40320);
    p = multiply_add(p, r, 1.0 / 5040);
    p = multiply_add(p, r, 1.0 / 720);
    p = multiply_add(p, r, 1.0 / 120);
    p = multiply_add(p, r, 1.0 / 24);
    p = multiply_add(p, r, 1.0 / 6);
    p = multiply_add(p, r, 0.5);
    p = multiply_add(p, r, 1.0);
    p = multiply_add(p, r, 1.0);
    // 2^n by way of the exponent's bits: the sum ends with n in its lowest bits.
    const double shifted = n + 6755399441055744.0;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023U) << 52U;
    double scale = 0;
    std::memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
