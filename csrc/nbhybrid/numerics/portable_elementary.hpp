#pragma once
// exp and log made of IEEE operations alone (+ - * / and bits), so that host and device get the same bits whatever their
// libraries. For places where a last bit may differ from the library's, but not from machine to machine.

#include <cmath>
#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::numerics {
inline namespace NBHYBRID_ISA {

// 2^n for -1022 <= n <= 1023.
NBHYBRID_HOST_DEVICE inline double power_of_two(int n) {
    const std::uint64_t bits = static_cast<std::uint64_t>(n + 1023) << 52U;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// For -700 <= x <= 700; relative error below 4e-16. x = n ln 2 + r with |r| <= 0.35, and Taylor's series of exp(r).
NBHYBRID_HOST_DEVICE inline double portable_exp(double x) {
    constexpr double log2_of_e = 1.4426950408889634074;
    // The first has 21 trailing zeros: its product with n is exact.
    constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    const double n = std::floor(x * log2_of_e + 0.5);
    const double r = (x - n * ln2_high) - n * ln2_low;
    double series = 1.0;
    for (int i = 14; i > 0; --i) series = 1.0 + series * r / i;
    return series * power_of_two(static_cast<int>(n));
}

// For normal numbers above 0; absolute error below 3e-16 + 3e-16 |log x|. x = 2^n m with m near 1, and
// log m = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1).
NBHYBRID_HOST_DEVICE inline double portable_log(double x) {
    constexpr double ln2 = 0.69314718055994530942, sqrt_of_2 = 1.41421356237309504880;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    int n = static_cast<int>(bits >> 52U) - 1023;
    bits = (bits & 0xfffffffffffffU) | (std::uint64_t{1023} << 52U);
    double m = 0;
    std::memcpy(&m, &bits, sizeof m);
    if (m > sqrt_of_2) {
        m *= 0.5;
        ++n;
    }
    const double s = (m - 1.0) / (m + 1.0), s2 = s * s;
    double series = 0.0;
    for (int i = 23; i > 0; i -= 2) series = series * s2 + 1.0 / i;
    return n * ln2 + 2.0 * s * series;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
