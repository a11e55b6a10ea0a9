#pragma once
// Sums of two float32 for 48 bits of a number, where double is slow. No product and sum may be joined but where multiply_add() says
// so: the lower parts are what the upper ones have lost by rounding.

#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::numerics {

struct alignas(8) FloatPair {
    float high = 0, low = 0;
};

struct PairVec3 {
    FloatPair x, y, z;
};

inline namespace NBHYBRID_ISA {

// Rounded here and now: a device's compiler would keep the double, and round it in the loops where the result is used.
NBHYBRID_HOST_DEVICE inline float float_of(double x) {
    auto rounded = static_cast<float>(x);
#if defined(__CUDA_ARCH__)
    asm volatile("" : "+f"(rounded));
#endif
    return rounded;
}

NBHYBRID_HOST_DEVICE inline FloatPair pair_of(double x) {
    const float high = float_of(x);
    return {high, float_of(x - static_cast<double>(high))};
}

NBHYBRID_HOST_DEVICE inline PairVec3 pair_of(const Vec3& v) { return {pair_of(v.x), pair_of(v.y), pair_of(v.z)}; }

// Exact: the rounded sum or product, and what it lacks.
NBHYBRID_HOST_DEVICE inline FloatPair exact_sum(float a, float b) {
    const float sum = a + b, of_b = sum - a;
    return {sum, (a - (sum - of_b)) + (b - of_b)};
}
NBHYBRID_HOST_DEVICE inline FloatPair exact_product(float a, float b) {
    const float product = a * b;
    return {product, multiply_add(a, b, -product)};
}

// Relative errors of a few 2^-46.
NBHYBRID_HOST_DEVICE inline FloatPair operator+(const FloatPair& a, const FloatPair& b) {
    const FloatPair sum = exact_sum(a.high, b.high);
    return {sum.high, sum.low + (a.low + b.low)};
}
NBHYBRID_HOST_DEVICE inline FloatPair operator*(const FloatPair& a, const FloatPair& b) {
    const FloatPair product = exact_product(a.high, b.high);
    return {product.high, multiply_add(a.low, b.high, multiply_add(a.high, b.low, product.low))};
}

// Halves go to the even one. |x| < 2^22. Conversions to whole numbers and back are many times slower.
constexpr float whole_shift = 12582912.0F;
NBHYBRID_HOST_DEVICE inline float nearest_whole(float x) { return (x + whole_shift) - whole_shift; }
// Of a whole number.
NBHYBRID_HOST_DEVICE inline int integer_of(float whole) {
    constexpr std::int32_t bits_of_shift = 0x4b400000;
    const float shifted = whole + whole_shift;
    std::int32_t bits = 0;
    std::memcpy(&bits, &shifted, sizeof bits);
    return bits - bits_of_shift;
}

// 2^x for x < 1, and 0 below 2^-126: Taylor's series of the part within 1/2, relative error 2e-7.
NBHYBRID_HOST_DEVICE inline float power_of_two(const FloatPair& x) {
    if (!(x.high > -125.5F)) return 0.0F;
    const float whole = nearest_whole(x.high), part = (x.high - whole) + x.low;
    float p = 1.52527338e-5F;
    p = multiply_add(p, part, 1.54035304e-4F);
    p = multiply_add(p, part, 1.33335581e-3F);
    p = multiply_add(p, part, 9.61812911e-3F);
    p = multiply_add(p, part, 5.55041087e-2F);
    p = multiply_add(p, part, 2.40226507e-1F);
    p = multiply_add(p, part, 6.93147181e-1F);
    p = multiply_add(p, part, 1.0F);
    const std::int32_t bits = (integer_of(whole) + 127) * (1 << 23);
    float scale = 0;
    std::memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

// (sin(pi x) / x - pi) / x^2 for |x| <= 1/2, from u = x^2.
NBHYBRID_HOST_DEVICE inline float sine_series(float u) {
    float p = multiply_add(0.07755592204651914F, u, -0.5982401101529866F);
    p = multiply_add(p, u, 2.550069444775675F);
    return multiply_add(p, u, -5.167709672366695F);
}

// sin(pi x) for |x| <= 1/2: relative error 5e-9 before roundings.
NBHYBRID_HOST_DEVICE inline float sine_of_half_turns(float x) {
    const float u = x * x;
    return x * multiply_add(sine_series(u), u, 3.1415926368106466F);
}

// As sine_of_half_turns(), with twice the digits near 0: what is rounded is the difference from pi x.
NBHYBRID_HOST_DEVICE inline FloatPair sine_of_pair(const FloatPair& x) {
    constexpr float pi_high = 3.14159274F, pi_low = -8.74227766e-8F;
    const float u = x.high * x.high;
    const float less = sine_series(u) * u, quotient = pi_high + less;
    return x * FloatPair{quotient, ((pi_high - quotient) + less) + pi_low};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
