#pragma once
// Sines, cosines and exponentials of proven relative error, made of operations that compilers turn into vector instructions. They
// decide how a pixel rounds; what they cannot decide is computed again with the library's functions. docs/exactness.md derives the
// errors below, docs/exactness.py certifies them.

#include <cmath>
#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::physics {

// Half a unit in the last place of 1: the largest relative error of one rounding.
inline constexpr double rounding = 1.1102230246251565e-16;

// Arguments of the sines must not be larger.
inline constexpr double largest_phase = 4194304.0;
// Relative errors of the sine of a phase by sine_of_reduced() and accurate_sine_of_reduced(), and of exponential(); absolute error
// of the cosine. To those of the sines comes what is missing of pi, so much for each radian of the phase, provided that the phase
// is not within smallest_reduced of a multiple of pi, other than 0.
inline constexpr double sine_error = 7.0e-14;
inline constexpr double accurate_sine_error = 1.3e-15;
inline constexpr double cosine_error = 3.3e-15;
inline constexpr double exponential_error = 1.0e-14;
inline constexpr double smallest_reduced = 1e-12;
inline constexpr double reduction_error_per_radian = 5.0e-21;
// Relative error of scaled_sine(), and the factor that makes a sine of it.
inline constexpr double scaled_sine_error = 1.9e-13;
// A product of sines that is not larger has one whose phase may be near to a multiple of pi.
inline constexpr double smallest_sines = 1e-7;
inline constexpr double sine_of_scaled = 4.4720026455901014e-04;

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

// The multiple of pi nearest to the phase, divided by pi. |phase| <= largest_phase.
NBHYBRID_HOST_DEVICE inline double nearest_multiple_of_pi(double phase) {
    constexpr double inverse_pi = 0.31830988618379067154;
    return std::rint(phase * inverse_pi);
}

// phase - multiple pi for a whole number of at most 22 bits whose product with pi is within 1.571 of the phase. The first
// difference is exact: with one rounding for product and difference because both terms are multiples of the last place of pi's
// first part, else because that part has 31 bits, and the second as well wherever digits cancel.
NBHYBRID_HOST_DEVICE inline double reduced_phase(double phase, double multiple) {
#if defined(NBHYBRID_HAS_MULTIPLY_ADD)
    constexpr double pi_high = 0x1.921fb54442d18p+1, pi_low = 0x1.1a62633145c07p-53;
    return multiply_add(-multiple, pi_low, multiply_add(-multiple, pi_high, phase));
#else
    constexpr double pi_high = 0x1.921fb544p+1, pi_middle = 0x1.0b4611a4p-33, pi_low = 0x1.13198a2e03707p-64;
    return ((phase - multiple * pi_high) - multiple * pi_middle) - multiple * pi_low;
#endif
}

// Sine of |r| <= 1.5708.
NBHYBRID_HOST_DEVICE inline double sine_of_reduced(double r) {
    const double u = r * r;
    double p = 1.540952685795605e-10;
    p = multiply_add(p, u, -2.503019682055189e-08);
    p = multiply_add(p, u, 2.7556953110151142e-06);
    p = multiply_add(p, u, -0.00019841266729704599);
    p = multiply_add(p, u, 0.008333333321087214);
    p = multiply_add(p, u, -0.16666666666504604);
    return multiply_add(r * u, p, r);
}

// sin(pi x) for |x| <= 1/2, but for a constant factor, which quotients lose. The polynomial of x^2, of the sixth degree and with a
// leading coefficient of 1, in the form of D. Knuth (The Art of Computer Programming 2, section 4.6.4): three products instead of
// six, and sums, for which most processors have units of their own.
NBHYBRID_HOST_DEVICE inline double scaled_sine(double x) {
    const double u = x * x;
    const double v = multiply_add(u + -13.225178929145367, u, 124.09520607741273);
    const double w = multiply_add(u + 4.4919715849880308, v, -1592.9956543633395);
    return x * multiply_add(w + (v + 1556.6783761422992), w, 675181.02932886092);
}

NBHYBRID_HOST_DEVICE inline double accurate_sine_of_reduced(double r) {
    const double u = r * r;
    double p = -7.373344015201658e-13;
    p = multiply_add(p, u, 1.6048095363219468e-10);
    p = multiply_add(p, u, -2.505188027255021e-08);
    p = multiply_add(p, u, 2.7557316600532354e-06);
    p = multiply_add(p, u, -0.000198412698250561);
    p = multiply_add(p, u, 0.008333333333285542);
    p = multiply_add(p, u, -0.16666666666666186);
    return multiply_add(r * u, p, r);
}

NBHYBRID_HOST_DEVICE inline double cosine_of_reduced(double r) {
    const double u = r * r;
    double p = -1.1012491063546017e-11;
    p = multiply_add(p, u, 2.0858735116003952e-09);
    p = multiply_add(p, u, -2.755695075320633e-07);
    p = multiply_add(p, u, 2.4801583156313893e-05);
    p = multiply_add(p, u, -0.0013888888863933981);
    p = multiply_add(p, u, 0.041666666665954206);
    p = multiply_add(p, u, -0.49999999999993117);
    return multiply_add(u, p, 1.0);
}

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
}  // namespace nbhybrid::physics
