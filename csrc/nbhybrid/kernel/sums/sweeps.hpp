#pragma once
// Which orientations of the crystal a Sum goes through for a source. Each has run(plan, support, block, sum), false if the run is
// to end. A device has others (cuda/warp_sweep.cuh), which read them from memory that its threads share, and whose threads share
// the search for those that reach any of their pixels, or the orientations of one pixel.
//
// A crystal with narrow spots passes over orientations that reach no pixel. Lanes are looked at by eight, as a line in reciprocal
// space from the first to the last: the offset of its points from the nearest reflection is at least that of its middle less half
// its length, per axis.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// A line in reciprocal space near which some lanes lie.
struct LaneLine {
    Vec3 middle{}, half{};
    double bend = 0;  // the largest distance of a lane from its place on the line
};

// The largest of eight numbers and more, a power of two of them; they are overwritten.
NBHYBRID_HOST_DEVICE inline double largest_of(double* values, int number) {
    for (int half = number / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) values[i] = values[i] > values[i + half] ? values[i] : values[i + half];
    return values[0];
}

// Lanes first ... first+number-1, evenly spread over the line.
template <int number, int width>
NBHYBRID_HOST_DEVICE inline LaneLine line_through(const VectorLanes<width>& points, int first) {
    const Vec3 begin = points[first], end = points[first + number - 1];
    const Vec3 middle = 0.5 * (begin + end), half = 0.5 * (end - begin);
    double squares[number];
    for (int i = 0; i < number; ++i) {
        const double place = (2 * i - (number - 1)) * (1.0 / (number - 1));
        const Vec3 off_line = points[first + i] - (middle + place * half);
        squares[i] = dot(off_line, off_line);
    }
    return {middle, half, __builtin_sqrt(largest_of(squares, number))};
}

// 1 if an index that runs along a line stays away from whole numbers.
NBHYBRID_HOST_DEVICE inline std::int64_t stays_away(double middle, double half, double bend, double support) {
    constexpr double slack = 1e-9;  // far more than the roundings of indices below a million
    return __builtin_fabs(middle - __builtin_rint(middle)) - (__builtin_fabs(half) + bend) > support + slack ? 1 : 0;
}

NBHYBRID_HOST_DEVICE inline double product(double ux, double uy, double uz, const Vec3& v) {
    return numerics::multiply_add(ux, v.x, numerics::multiply_add(uy, v.y, uz * v.z));
}

// reached[i]: whether orientation first + i of `all` may reach the line.
NBHYBRID_HOST_DEVICE inline void reach_line(const double* components, std::int64_t all, std::int64_t first, int number,
                                            const LaneLine& given, const SupportRadius& support, std::int64_t* reached) {
    const LaneLine line = given;
    const Vec3 along = support.along_axes;
    const double bend = support.longest_edge * line.bend;
    const double *ax = components + first, *ay = ax + all, *az = ay + all;
    const double *bx = az + all, *by = bx + all, *bz = by + all;
    const double *cx = bz + all, *cy = cx + all, *cz = cy + all;
    for (int i = 0; i < number; ++i) {
        const std::int64_t a =
            stays_away(product(ax[i], ay[i], az[i], line.middle), product(ax[i], ay[i], az[i], line.half), bend, along.x);
        const std::int64_t b =
            stays_away(product(bx[i], by[i], bz[i], line.middle), product(bx[i], by[i], bz[i], line.half), bend, along.y);
        const std::int64_t c =
            stays_away(product(cx[i], cy[i], cz[i], line.middle), product(cx[i], cy[i], cz[i], line.half), bend, along.z);
        reached[i] = (a | b | c) ^ 1;
    }
}

template <int width>
class Segments {
public:
    static constexpr int lanes = 8, count = width / lanes;

    // The first `used` lanes, a multiple of eight.
    void set(const VectorLanes<width>& scattering, int used) {
        has_whole_ = used == width;
        if (has_whole_) whole_ = line_through<width>(scattering, 0);
        for (int s = 0; s < count; ++s) {
            const LaneLine line = s * lanes < used ? line_through<lanes>(scattering, s * lanes) : LaneLine{};
            middle_.set(s, line.middle);
            half_.set(s, line.half);
            bend_[s] = line.bend;
            unused_[s] = s * lanes < used ? 0 : 1;
        }
    }

    // The line through all lanes, if they are a full block.
    bool has_whole() const { return has_whole_; }
    const LaneLine& whole() const { return whole_; }

    // Bit s: segment s may have a lane within the reach of a spot.
    unsigned reached(const Axes& axes, const SupportRadius& support) const {
        const Axes local = axes;
        const SupportRadius r = support;
        std::int64_t out[count], near = 0;
        for (int s = 0; s < count; ++s) {
            const Vec3 middle = middle_[s], half = half_[s];
            const double bend = r.longest_edge * bend_[s];
            out[s] = unused_[s] | away(local.a, middle, half, bend, r.along_axes.x) |
                     away(local.b, middle, half, bend, r.along_axes.y) | away(local.c, middle, half, bend, r.along_axes.z);
            near += out[s] ^ 1;
        }
        unsigned bits = 0;
        if (near != 0)
            for (unsigned s = 0; s < count; ++s) bits |= static_cast<unsigned>(out[s] ^ 1) << s;
        return bits;
    }

private:
    NBHYBRID_HOST_DEVICE static std::int64_t away(const Vec3& axis, const Vec3& middle, const Vec3& half, double bend,
                                                  double support) {
        return stays_away(product(axis.x, axis.y, axis.z, middle), product(axis.x, axis.y, axis.z, half), bend, support);
    }

    LaneLine whole_;
    bool has_whole_ = false;
    VectorLanes<count> middle_, half_;
    double bend_[count];
    std::int64_t unused_[count];
};

// All, one after the other. MathT is the block's; `squares`: a table's amplitudes are squares already.
template <class MathT, bool squares = false>
struct PlainSweep {
    using Math = MathT;
    static constexpr bool has_squares = squares;

    template <class Block, class Sum>
    NBHYBRID_HOST_DEVICE bool run(const PlanView& plan, const SupportRadius&, const Block& block, Sum& sum) const {
        return for_each_later_orientation(plan.orientation, [&](int phi, int domain, const Axes& axes) {
            sum.step(block, phi, domain, axes);
            return true;
        });
    }

    // What all threads that share a pixel have summed.
    NBHYBRID_HOST_DEVICE PixelTotal combine(const PixelTotal& mine) const { return mine; }
};

// For a block of many lanes: of a crystal with narrow spots, for each orientation those segments that it reaches.
template <int width>
class SegmentSweep {
public:
    explicit SegmentSweep(const StopCheck& is_stopped) : is_stopped_(is_stopped) {}

    template <class Block, class Sum>
    bool run(const PlanView& plan, const SupportRadius& support, const Block& block, Sum& sum) {
        const OrientationStage& o = plan.orientation;
        const bool is_limited = Sum::has_narrow_spots && support.is_limited;
        if (is_limited) {
            segments_.set(block.scattering, block.count);
            if (o.components != nullptr && segments_.has_whole()) return run_by_groups(o, support, block, sum);
        }
        return for_each_later_orientation(o, [&](int phi, int domain, const Axes& axes) {
            const std::int64_t place = static_cast<std::int64_t>(phi) * o.n_domains + domain;
            if (is_limited) add_reached(place, axes, support, block, sum);
            else sum.add_orientation(block, place, axes, 0, block.count);
            return !must_stop();
        });
    }

    PixelTotal combine(const PixelTotal& mine) const { return mine; }

private:
    bool must_stop() {
        constexpr unsigned steps_between_looks = 256;
        return ++steps_ % steps_between_looks == 0 && is_stopped_();
    }

    template <class Block, class Sum>
    void add_reached(std::int64_t place, const Axes& axes, const SupportRadius& support, const Block& block, Sum& sum) {
        constexpr int lanes = Segments<width>::lanes;
        for (unsigned bits = segments_.reached(axes, support); bits != 0; bits &= bits - 1) {
            const int begin = __builtin_ctz(bits) * lanes;
            sum.add_orientation(block, place, axes, begin, begin + lanes);
        }
    }

    // Most orientations reach no pixel of the block.
    template <class Block, class Sum>
    bool run_by_groups(const OrientationStage& o, const SupportRadius& support, const Block& block, Sum& sum) {
        constexpr int group = 64;
        const Axes* const table = o.later_sweep_table != nullptr ? o.later_sweep_table : o.later_sweep;
        const std::int64_t all = static_cast<std::int64_t>(o.n_phi) * o.n_domains;
        std::int64_t reached[group];
        for (std::int64_t first = 0; first < all; first += group) {
            const int number = static_cast<int>(all - first < group ? all - first : group);
            reach_line(o.components, all, first, number, segments_.whole(), support, reached);
            for (int i = 0; i < number; ++i)
                if (reached[i] != 0) add_reached(first + i, table[first + i], support, block, sum);
            if (is_stopped_()) return false;
        }
        return true;
    }

    const StopCheck& is_stopped_;
    unsigned steps_ = 0;
    Segments<width> segments_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
