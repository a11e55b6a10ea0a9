#pragma once
// Sines and cosines of proven error, made of operations that compilers turn into vector instructions. They decide how a pixel
// rounds; what they cannot decide is computed again with the library's functions. docs/exactness.md derives the errors below,
// docs/exactness.py certifies them.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::numerics {

// Arguments of the sines must not be larger.
inline constexpr double largest_phase = 4194304.0;
// Relative errors of the sine of a phase by sine_of_reduced() and accurate_sine_of_reduced(); absolute error of the cosine. To
// those of the sines comes what is missing of pi, so much for each radian of the phase, provided that the phase is not within
// smallest_reduced of a multiple of pi, other than 0.
inline constexpr double sine_error = 7.0e-14;
inline constexpr double accurate_sine_error = 1.3e-15;
inline constexpr double cosine_error = 3.3e-15;
inline constexpr double smallest_reduced = 1e-12;
inline constexpr double reduction_error_per_radian = 5.0e-21;
// Relative error of scaled_sine(), and the factor that makes a sine of it.
inline constexpr double scaled_sine_error = 1.9e-13;
inline constexpr double sine_of_scaled = 4.4720026455901014e-04;

inline namespace NBHYBRID_ISA {

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

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
