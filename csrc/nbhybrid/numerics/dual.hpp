#pragma once
// A number with its slope along one direction of the parameters: what a formula that is a template over its type of number is run
// with a second time for its derivative, by the rules of calculus, one operation after the other (forward mode; A. Griewank and A.
// Walther, Evaluating Derivatives (2008)). The values are those of the same operations with double.
//
// Branches. Two duals are equal if their slopes are, too: code that treats one number apart from all others, such as a rotation by
// exactly 0, which it leaves out, takes the general way where that number moves. Larger and smaller go by the values alone: at an
// edge the slope is that of the side on which the value is.

#include <cmath>

#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::numerics {
inline namespace NBHYBRID_ISA {

struct Dual {
    double value = 0, slope = 0;

    constexpr Dual() = default;
    // Of a number that does not move, so that numbers and duals mix in one expression.
    constexpr Dual(double v) : value(v) {}
    constexpr Dual(double v, double s) : value(v), slope(s) {}

    friend constexpr Dual operator-(const Dual& x) { return {-x.value, -x.slope}; }
    friend constexpr Dual operator+(const Dual& x, const Dual& y) { return {x.value + y.value, x.slope + y.slope}; }
    friend constexpr Dual operator-(const Dual& x, const Dual& y) { return {x.value - y.value, x.slope - y.slope}; }
    friend constexpr Dual operator*(const Dual& x, const Dual& y) {
        return {x.value * y.value, x.slope * y.value + x.value * y.slope};
    }
    friend constexpr Dual operator/(const Dual& x, const Dual& y) {
        const double quotient = x.value / y.value;
        return {quotient, (x.slope - quotient * y.slope) / y.value};
    }
    Dual& operator+=(const Dual& x) { return *this = *this + x; }

    friend constexpr bool operator==(const Dual& x, const Dual& y) { return x.value == y.value && x.slope == y.slope; }
    friend constexpr bool operator!=(const Dual& x, const Dual& y) { return !(x == y); }
    friend constexpr bool operator<(const Dual& x, const Dual& y) { return x.value < y.value; }
    friend constexpr bool operator>(const Dual& x, const Dual& y) { return x.value > y.value; }
    friend constexpr bool operator<=(const Dual& x, const Dual& y) { return x.value <= y.value; }
    friend constexpr bool operator>=(const Dual& x, const Dual& y) { return x.value >= y.value; }
};

// A number that does not move has no slope, also where the function has none.
inline Dual with_slope(double value, double derivative, const Dual& x) {
    return {value, x.slope == 0.0 ? 0.0 : derivative * x.slope};
}

inline Dual sqrt(const Dual& x) {
    const double root = std::sqrt(x.value);
    return with_slope(root, 0.5 / root, x);
}
inline Dual sin(const Dual& x) { return with_slope(std::sin(x.value), std::cos(x.value), x); }
inline Dual cos(const Dual& x) { return with_slope(std::cos(x.value), -std::sin(x.value), x); }
inline Dual fabs(const Dual& x) { return with_slope(std::fabs(x.value), std::copysign(1.0, x.value), x); }
inline Dual copysign(const Dual& x, const Dual& sign) { return std::signbit(x.value) == std::signbit(sign.value) ? x : -x; }
// Whole numbers do not move.
inline Dual ceil(const Dual& x) { return std::ceil(x.value); }

inline bool isnan(const Dual& x) { return std::isnan(x.value); }
inline bool isfinite(const Dual& x) { return std::isfinite(x.value); }

// What a number is, whatever its type.
constexpr double value_of(double x) { return x; }
constexpr double value_of(const Dual& x) { return x.value; }
constexpr double slope_of(const Dual& x) { return x.slope; }
// Whether it changes with the parameters. A number of a plain run never does.
constexpr bool moves(double) { return false; }
constexpr bool moves(const Dual& x) { return x.slope != 0.0; }

// x y rounded to float32 on the way. Rounding has no slope of its own.
inline double product_in_float(double x, float y) { return static_cast<double>(static_cast<float>(x) * y); }
inline Dual product_in_float(const Dual& x, float y) { return {product_in_float(x.value, y), x.slope * static_cast<double>(y)}; }

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
