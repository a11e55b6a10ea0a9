#pragma once
// Sums over the lanes of a block, in a fixed order that takes vectors: eight sums side by side, then by halves.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/lanes.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

inline constexpr int sums_side_by_side = 8;

inline double total_of(double* sums) {
    for (int half = sums_side_by_side / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
    return sums[0];
}

// Lanes begin ... end - 1, whole groups of eight.
inline double sum_of_lanes(const double* values, int begin, int end) {
    alignas(numerics::line_bytes) double sums[sums_side_by_side] = {};
    for (int first = begin; first < end; first += sums_side_by_side)
        for (int i = 0; i < sums_side_by_side; ++i) sums[i] += values[first + i];
    return total_of(sums);
}

inline double sum_of_products(const double* x, const double* y, int begin, int end) {
    alignas(numerics::line_bytes) double sums[sums_side_by_side] = {};
    for (int first = begin; first < end; first += sums_side_by_side)
        for (int i = 0; i < sums_side_by_side; ++i) sums[i] = numerics::multiply_add(x[first + i], y[first + i], sums[i]);
    return total_of(sums);
}

template <int width>
Vec3 sum_of_lanes(const numerics::VectorLanes<width>& v, int end) {
    return {sum_of_lanes(v.x, 0, end), sum_of_lanes(v.y, 0, end), sum_of_lanes(v.z, 0, end)};
}

template <int width>
Vec3 sum_of_products(const double* weights, const numerics::VectorLanes<width>& v, int begin, int end) {
    return {sum_of_products(weights, v.x, begin, end), sum_of_products(weights, v.y, begin, end),
            sum_of_products(weights, v.z, begin, end)};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
