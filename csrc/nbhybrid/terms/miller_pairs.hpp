#pragma once
// Miller indices without double, from pairs of float32: for the `fast` engine where double is slow.
//
// An index takes 25 instructions of float32, and a step of a parallelepiped about 150. In whole numbers of 64 bits, whose overflow
// takes an index modulo 1 for nothing, it would be nine products of 32 bits with sums of 64, each in the time of two to four, and a
// conversion, in that of eight: no less.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/float_pair.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// An index of this size is known to 2e-10, one of 160 to 1e-11; and the numbers of cells must leave room for the squares of
// factors.
inline bool pairs_suffice(double its_largest_index, const Vec3& cells) {
    constexpr double largest_index = 4000, most_cells = 65536;
    return its_largest_index < largest_index && cells.x <= most_cells && cells.y <= most_cells && cells.z <= most_cells;
}

// The nearest whole number of an index, or the other one where it lies in the middle of two; and the offset from it.
struct PairIndex {
    float whole, offset, tail;

    NBHYBRID_HOST_DEVICE double value() const {
        return static_cast<double>(whole) + (static_cast<double>(offset) + static_cast<double>(tail));
    }
};

// A number that, added to sums of an index' products, leaves of them multiples of its last place, so that the sums are exact:
// 3 2^m, three times as large as any of them.
NBHYBRID_HOST_DEVICE inline float shift_of_indices(double largest_index) {
    float shift = 3.0F;
    while (shift < 3.0F * (1.01F * numerics::float_of(largest_index) + 1.0F)) shift *= 2.0F;
    return shift;
}

// The product of two vectors. What keeps quotients from being 0/0 is far below what is known of it.
NBHYBRID_HOST_DEVICE inline PairIndex pair_index(const numerics::PairVec3& u, const numerics::PairVec3& v, float shift) {
    using numerics::multiply_add;
    constexpr float never_zero = 1e-12F;
    const float x = multiply_add(u.x.high, v.x.high, shift), y = multiply_add(u.y.high, v.y.high, x),
                z = multiply_add(u.z.high, v.z.high, y);
    float rest = multiply_add(u.x.high, v.x.high, shift - x);
    rest += multiply_add(u.y.high, v.y.high, x - y);
    rest += multiply_add(u.z.high, v.z.high, y - z);
    float cross = multiply_add(u.x.high, v.x.low, never_zero);
    cross = multiply_add(u.x.low, v.x.high, cross);
    cross = multiply_add(u.y.high, v.y.low, cross);
    cross = multiply_add(u.y.low, v.y.high, cross);
    cross = multiply_add(u.z.high, v.z.low, cross);
    cross = multiply_add(u.z.low, v.z.high, cross);
    rest += cross;
    const float coarse = z - shift, whole = numerics::nearest_whole(coarse), from_whole = coarse - whole;
    const float offset = from_whole + rest;
    return {whole, offset, rest - (offset - from_whole)};
}

// Takes the nearer whole number, the lower one of two as near.
NBHYBRID_HOST_DEVICE inline void round_well(PairIndex& index) {
    const float above = index.offset - 0.5F, below = index.offset + 0.5F;
    float change = 0.0F;
    if (above + index.tail > 0.0F) change = 1.0F;
    if (below + index.tail <= 0.0F) change = -1.0F;
    index.whole += change;
    index.offset -= change;
}

struct PairIndices {
    PairIndex h, k, l;

    NBHYBRID_HOST_DEVICE void round_all() {
        const float most = 0.49999997F;
        if ((__builtin_fabsf(h.offset) > most) | (__builtin_fabsf(k.offset) > most) | (__builtin_fabsf(l.offset) > most))
            round_well(h), round_well(k), round_well(l);
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
