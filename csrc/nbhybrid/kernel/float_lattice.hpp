#pragma once
// The lattice factor of a parallelepiped in float32, from Miller indices in double: the `fast` engine.
//
// A sum with a large constant leaves the fraction of an index as a 32-bit integer, in steps of 2^-32, and a rest. N times the
// integer, modulo 1, is one exact product of integers; N times the rest is added in float32, and so is all that follows. The square
// of the factor has 12 times the relative error of a sine and its argument, 2e-7 each at most.

#include <cstdint>
#include <cstring>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/bounded_lattice.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <int width>
struct alignas(line_bytes) FractionLanes {
    std::int32_t fraction[3][width];  // of the index, in steps of 2^-32
    float rest[3][width];             // what these steps leave of the index
    std::int32_t whole[3][width];     // the nearest integers
    float lattice[width];
};

template <int width>
NBHYBRID_HOST_DEVICE inline void find_fractions(const Axes& axes, const VectorLanes<width>& scattering, FractionLanes<width>& f,
                                                int begin, int end) {
    constexpr double shift = 1572864.0;  // 1.5 * 2^20: the last place of the sum is 2^-32
    constexpr std::uint64_t half = 1U << 31U;
    constexpr std::int32_t first_whole = 1 << 19;
    constexpr double never_zero = 1e-12;  // so that no quotient is 0/0
    const Vec3 local[] = {axes.a, axes.b, axes.c};
    for (int axis = 0; axis < 3; ++axis) {
        const Vec3 u = local[axis];
        for (int i = begin; i < end; ++i) {
            const double index =
                physics::multiply_add(u.x, scattering.x[i], physics::multiply_add(u.y, scattering.y[i], u.z * scattering.z[i]));
            const double sum = index + shift;
            std::uint64_t bits = 0;
            std::memcpy(&bits, &sum, sizeof bits);
            f.fraction[axis][i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
            f.rest[axis][i] = static_cast<float>(index - (sum - shift) + never_zero);
            f.whole[axis][i] = static_cast<std::int32_t>((bits + half) >> 32U & 0xfffffU) - first_whole;
        }
    }
}

// sin(pi x) for x = fraction 2^-32 + rest, |x| <= 1/2: relative error 5e-9 before roundings.
NBHYBRID_HOST_DEVICE inline float sine_of_fraction(std::int32_t fraction, float rest) {
    const float x = static_cast<float>(fraction) * 2.3283064365386963e-10F + rest;
    const float u = x * x;
    float p = 0.07755592204651914F;
    p = p * u - 0.5982401101529866F;
    p = p * u + 2.550069444775675F;
    p = p * u - 5.167709672366695F;
    p = p * u + 3.1415926368106466F;
    return x * p;
}

// The factor of each lane, but for its sign. The numbers of cells are whole.
template <int width>
NBHYBRID_HOST_DEVICE inline void square_crystal_in_float(const Vec3& cells, FractionLanes<width>& f, int begin, int end) {
    const auto n_a = static_cast<std::uint32_t>(cells.x), n_b = static_cast<std::uint32_t>(cells.y),
               n_c = static_cast<std::uint32_t>(cells.z);
    const std::uint32_t n[] = {n_a, n_b, n_c};
    const float as_float[] = {static_cast<float>(n_a), static_cast<float>(n_b), static_cast<float>(n_c)};
    for (int i = begin; i < end; ++i) {
        float above = 1.0F, below = 1.0F;
        for (int axis = 0; axis < 3; ++axis) {
            const auto fraction = static_cast<std::uint32_t>(f.fraction[axis][i]);
            const float rest = f.rest[axis][i];
            above *= sine_of_fraction(static_cast<std::int32_t>(fraction * n[axis]), rest * as_float[axis]);
            below *= sine_of_fraction(static_cast<std::int32_t>(fraction), rest);
        }
        f.lattice[i] = above / below;
    }
}

// The places of the nearest entries.
template <int width>
NBHYBRID_HOST_DEVICE inline void find_places(const physics::AmplitudeGrid& grid, const FractionLanes<width>& f, StepLanes<width>& s,
                                             int begin, int end) {
    const auto stride_h = static_cast<std::int32_t>(grid.stride_h), stride_k = static_cast<std::int32_t>(grid.stride_k);
    const std::int32_t h_min = grid.h_min, h_max = grid.h_max, k_min = grid.k_min, k_max = grid.k_max, l_min = grid.l_min,
                       l_max = grid.l_max;
    for (int i = begin; i < end; ++i) {
        const std::int32_t h = f.whole[0][i], k = f.whole[1][i], l = f.whole[2][i];
        const bool inside = (h >= h_min) & (h <= h_max) & (k >= k_min) & (k <= k_max) & (l >= l_min) & (l <= l_max);
        const std::int32_t place = (h - h_min) * stride_h + (k - k_min) * stride_k + (l - l_min);
        s.place[i] = inside ? place : -1;
    }
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
