#pragma once
// How far the vector kernel's sums may be from the reference's: computed from the sizes of the run. docs/exactness.md derives them.

#include <string>

#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {

class Plan;

// Farther from every reflection than this, a crystal's spots are left out.
struct SupportRadius {
    bool is_limited = false;
    Vec3 along_axes{};        // of the index
    double longest_edge = 0;  // of the cell in any orientation, m
};

// The plain numbers, as a kernel takes them.
struct PixelBounds {
    // Of a pixel before the factors that have errors of their own, relative.
    double relative = 0;
    // Of a pixel's intensity, absolute: what terms that underflow may lack, and those that are left out.
    double absolute_intensity = 0;
    // Of a parallelepiped: twice what phases may be off for each 1/m of the scattering vector, and half of what they may be off at
    // most; for scaled sines, three in a product.
    double shift_per_scattering = 0, half_shift = 0;
    SupportRadius support;
};

struct Bounds : PixelBounds {
    // Why the vector kernel cannot take this run, for people; empty if it can.
    std::string unsupported_option;
    // The same for its version in float32.
    std::string unsupported_in_float;
};

// Of runs that interpolate, among the reasons for people.
constexpr const char* unsupported_interpolation =
    "amplitudes are interpolated (-interpolate, or 2 cells or fewer; not with -nointerpolate)";

Bounds bounds_of(const Plan& plan);

// The largest Miller index that a pixel may have in any orientation of the crystal.
double largest_index_of(const Plan& plan);

}  // namespace nbhybrid
