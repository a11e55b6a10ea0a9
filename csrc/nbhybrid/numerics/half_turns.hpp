#pragma once
// sin(pi x) / x for |x| <= 1/2 as a function of u = x^2, with its slope: pi at 0, where it is smooth. The polynomial goes through
// the function at the eight zeros of a Chebyshev polynomial.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::numerics {

// Relative errors: of the polynomial, which roundings come to, and of its slope.
inline constexpr double half_turns_error = 1.8e-16, half_turns_slope_error = 4.2e-14;

inline namespace NBHYBRID_ISA {

struct SineOverHalfTurns {
    double value, slope;

    // sin(pi x) is x times the value, and its derivative, pi cos(pi x), this.
    NBHYBRID_HOST_DEVICE double derivative_of_sine(double u) const { return multiply_add(2.0 * u, slope, value); }
};

NBHYBRID_HOST_DEVICE inline SineOverHalfTurns sine_over_half_turns(double u) {
    double value = -2.113362735205297e-05, slope = 0.0;
    const auto next = [&](double coefficient) {
        slope = multiply_add(slope, u, value);
        value = multiply_add(value, u, coefficient);
    };
    next(0.0004659870158043378);
    next(-0.0073703643265304155);
    next(0.08214587881631043);
    next(-0.599264528825224);
    next(2.5501640398618677);
    next(-5.1677127800497855);
    next(3.1415926535897927);
    return {value, slope};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
