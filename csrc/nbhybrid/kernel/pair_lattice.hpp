#pragma once
// Indices and squares of lattice factors without double, from pairs of float32: the `fast` engine where double is slow.
//
// An index takes 25 instructions of float32, and a step of a parallelepiped about 150. In whole numbers of 64 bits, whose overflow
// takes an index modulo 1 for nothing, it would be nine products of 32 bits with sums of 64, each in the time of two to four, and a
// conversion, in that of eight: no less.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/bounded_lattice.hpp"
#include "nbhybrid/kernel/float_lattice.hpp"
#include "nbhybrid/physics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

inline namespace NBHYBRID_ISA {

// Spheres have no version without double: between the rings of their transform it is a difference of a sine and a cosine, of which
// float32 leaves five digits where a pixel may still count as bright.
inline constexpr bool has_pair_version(physics::CrystalShape shape) { return shape != physics::CrystalShape::round; }

// An index of this size is known to 2e-10, one of 160 to 1e-11; and the numbers of cells must leave room for the squares of
// factors.
inline bool pairs_suffice(const CrystalStage& crystal) {
    constexpr double largest_index = 4000, most_cells = 65536;
    const Vec3& n = crystal.cells;
    return crystal.largest_index < largest_index && n.x <= most_cells && n.y <= most_cells && n.z <= most_cells;
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
    while (shift < 3.0F * (1.01F * physics::float_of(largest_index) + 1.0F)) shift *= 2.0F;
    return shift;
}

// The product of two vectors. What keeps quotients from being 0/0 is far below what is known of it.
NBHYBRID_HOST_DEVICE inline PairIndex pair_index(const PairVec3& u, const PairVec3& v, float shift) {
    using physics::multiply_add;
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
    const float coarse = z - shift, whole = physics::nearest_whole(coarse), from_whole = coarse - whole;
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

// The reach of spots in float32, with what the indices in float32 may be off.
struct FloatReach {
    float x, y, z;

    NBHYBRID_HOST_DEVICE FloatReach(const Vec3& along_axes, double largest_index) {
        const double slack = 1e-6 + 1e-6 * largest_index;
        x = physics::float_of(along_axes.x + slack);
        y = physics::float_of(along_axes.y + slack);
        z = physics::float_of(along_axes.z + slack);
    }

    // The same for one axis and all places within `half` of a middle.
    NBHYBRID_HOST_DEVICE static bool is_far(float middle, float half, float reach) {
        return __builtin_fabsf(middle - physics::nearest_whole(middle)) - half > reach;
    }

    NBHYBRID_HOST_DEVICE bool is_far(const PairIndices& i) const {
        return (__builtin_fabsf(i.h.offset) > x) | (__builtin_fabsf(i.k.offset) > y) | (__builtin_fabsf(i.l.offset) > z);
    }
};

// A box in reciprocal space that holds some scattering vectors.
struct FloatBox {
    Vec3T<float> middle, half;

    NBHYBRID_HOST_DEVICE FloatBox(const Vec3& m, const Vec3& h)
        : middle{physics::float_of(m.x), physics::float_of(m.y), physics::float_of(m.z)},
          half{physics::float_of(h.x), physics::float_of(h.y), physics::float_of(h.z)} {}

    // Whether one of them may be near to a reflection in this orientation.
    NBHYBRID_HOST_DEVICE bool is_reached(const PairAxes& axes, const FloatReach& reach) const {
        return !is_far(axes.a, reach.x) && !is_far(axes.b, reach.y) && !is_far(axes.c, reach.z);
    }

private:
    NBHYBRID_HOST_DEVICE bool is_far(const PairVec3& axis, float reach) const {
        const Vec3T<float> u{axis.x.high, axis.y.high, axis.z.high};
        const Vec3T<float> size{__builtin_fabsf(u.x), __builtin_fabsf(u.y), __builtin_fabsf(u.z)};
        return FloatReach::is_far(dot(u, middle), dot(size, half), reach);
    }
};

// N times the offset of an index, in half turns of the sine.
NBHYBRID_HOST_DEVICE inline FloatPair turns_of(const PairIndex& index, float cells) {
    const FloatPair product = physics::exact_product(cells, index.offset);
    return {product.high - physics::nearest_whole(product.high), physics::multiply_add(cells, index.tail, product.low)};
}

// As sine_of_half_turns(), with twice the digits near 0: what is rounded is the difference from pi x.
NBHYBRID_HOST_DEVICE inline FloatPair sine_of_pair(const FloatPair& x) {
    using physics::multiply_add;
    using physics::operator*;
    constexpr float pi_high = 3.14159274F, pi_low = -8.74227766e-8F;
    const float u = x.high * x.high;
    float p = multiply_add(0.07755592204651914F, u, -0.5982401101529866F);
    p = multiply_add(p, u, 2.550069444775675F);
    p = multiply_add(p, u, -5.167709672366695F);
    const float less = p * u, quotient = pi_high + less;
    return x * FloatPair{quotient, ((pi_high - quotient) + less) + pi_low};
}

// A crystal for FloatPixelSum: what its terms need of it, without double. Terms are in some unit.
template <CrystalShape shape>
struct FloatCrystal;

template <>
struct FloatCrystal<CrystalShape::square> {
    float n_a, n_b, n_c, bright;
    static constexpr bool has_bright = true;

    NBHYBRID_HOST_DEVICE explicit FloatCrystal(const CrystalStage& c)
        : n_a(physics::float_of(c.cells.x)),
          n_b(physics::float_of(c.cells.y)),
          n_c(physics::float_of(c.cells.z)),
          bright(physics::float_of(c.bright_square)) {}
    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage&) { return 1.0; }

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, [[maybe_unused]] Trace trace = {}) const {
        float above = 1.0F, below = 1.0F;
        multiply_axis(i.h, n_a, above, below, trace);
        multiply_axis(i.k, n_b, above, below, trace);
        multiply_axis(i.l, n_c, above, below, trace);
        const float factor = above / below;
        return factor * factor;
    }

    // For terms of which one may be most of an image.
    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE FloatPair careful_square(const PairIndices& i, [[maybe_unused]] Trace trace = {}) const {
        using physics::operator*;
        const FloatPair above_a = sine_of_turns(i.h, n_a), above_b = sine_of_turns(i.k, n_b), above_c = sine_of_turns(i.l, n_c);
        const FloatPair below_a = sine_of_offset(i.h), below_b = sine_of_offset(i.k), below_c = sine_of_offset(i.l);
        NBHYBRID_TRACED(trace.sines(sum(above_a), sum(below_a)); trace.sines(sum(above_b), sum(below_b));
                        trace.sines(sum(above_c), sum(below_c)));
        const FloatPair above = (above_a * above_b) * above_c;
        const FloatPair below = (below_a * below_b) * below_c;
        const float factor = above.high / below.high;
        const float rest =
            physics::multiply_add(-factor, below.high, above.high) + physics::multiply_add(-factor, below.low, above.low);
        const FloatPair whole{factor, rest / below.high};
        return whole * whole;
    }

private:
    template <class Trace>
    NBHYBRID_HOST_DEVICE static void multiply_axis(const PairIndex& index, float cells, float& above, float& below,
                                                   [[maybe_unused]] Trace trace) {
        const FloatPair turns = turns_of(index, cells);
        const float sine_above = sine_of_half_turns(turns.high + turns.low), sine_below = sine_of_half_turns(index.offset);
        above *= sine_above;
        below *= sine_below;
        NBHYBRID_TRACED(trace.sines(static_cast<double>(sine_above), static_cast<double>(sine_below), half_turns_of(index, cells)));
    }
    NBHYBRID_HOST_DEVICE static double sum(const FloatPair& pair) {
        return static_cast<double>(pair.high) + static_cast<double>(pair.low);
    }
    // As half_turns(), of what turns_of() takes away.
    NBHYBRID_HOST_DEVICE static double half_turns_of(const PairIndex& index, float cells) {
        const float product = physics::exact_product(cells, index.offset).high;
        const double whole = static_cast<double>(index.whole);
        return whole + (static_cast<double>(cells) * whole + static_cast<double>(physics::nearest_whole(product)));
    }
    NBHYBRID_HOST_DEVICE static FloatPair sine_of_turns(const PairIndex& index, float cells) {
        const FloatPair turns = turns_of(index, cells);
        return sine_of_pair(physics::exact_sum(turns.high, turns.low));
    }
    NBHYBRID_HOST_DEVICE static FloatPair sine_of_offset(const PairIndex& index) {
        return sine_of_pair({index.offset, index.tail});
    }
};

NBHYBRID_HOST_DEVICE inline double product_of(const Vec3& v) { return v.x * v.y * v.z; }

// The offset from a reflection, squared. The three vectors of the metric are turned so that half of their components are 0.
struct PairMetric {
    FloatPair a_x, b_x, c_x, b_y, c_y, c_z;

    NBHYBRID_HOST_DEVICE PairMetric(const physics::SpotMetric<double>& m, double factor) {
        const double scale = factor * product_of(m.factors), a = norm(m.a);
        const Vec3 first = (1.0 / a) * m.a;
        const double along = dot(m.b, first);
        const Vec3 rest = m.b - along * first;
        const double across = norm(rest);
        const Vec3 second = (1.0 / across) * rest, third = cross(first, second);
        a_x = physics::pair_of(scale * a);
        b_x = physics::pair_of(scale * along);
        b_y = physics::pair_of(scale * across);
        c_x = physics::pair_of(scale * dot(m.c, first));
        c_y = physics::pair_of(scale * dot(m.c, second));
        c_z = physics::pair_of(scale * dot(m.c, third));
    }

    NBHYBRID_HOST_DEVICE FloatPair square(const PairIndices& i) const {
        using physics::operator*;
        using physics::operator+;
        const FloatPair h{i.h.offset, i.h.tail}, k{i.k.offset, i.k.tail}, l{i.l.offset, i.l.tail};
        const FloatPair x = (a_x * h + b_x * k) + c_x * l, y = b_y * k + c_y * l, z = c_z * l;
        return (x * x + y * y) + z * z;
    }
};

template <>
struct FloatCrystal<CrystalShape::gauss> {
    PairMetric metric;  // of the exponent of 2
    static constexpr bool has_bright = false;

    NBHYBRID_HOST_DEVICE explicit FloatCrystal(const CrystalStage& c)
        : metric(c.spots, __builtin_sqrt(2.0 * log2_of_e / 0.63 * c.fudge)) {}
    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage& c) { return product_of(c.cells) * product_of(c.cells); }

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, Trace = {}) const {
        const FloatPair exponent = metric.square(i);
        return physics::power_of_two({-exponent.high, -exponent.low});
    }

private:
    static constexpr double log2_of_e = 1.4426950408889634074;
};

template <>
struct FloatCrystal<CrystalShape::tophat> {
    PairMetric metric;
    FloatPair limit;
    static constexpr bool has_bright = false;

    NBHYBRID_HOST_DEVICE explicit FloatCrystal(const CrystalStage& c)
        : metric(c.spots, __builtin_sqrt(c.fudge)), limit(physics::pair_of(-0.3969)) {}
    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage& c) { return product_of(c.cells) * product_of(c.cells); }

    template <class Trace = NoTrace>
    NBHYBRID_HOST_DEVICE float square(const PairIndices& i, Trace = {}) const {
        using physics::operator+;
        const FloatPair beyond = metric.square(i) + limit;
        return beyond.high + beyond.low < 0.0F ? 1.0F : 0.0F;
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
