#pragma once
// Which orientations of the crystal a Sum goes through for a source. Each has run(plan, support, block, sum), false if the run is to
// end. A device has others (cuda/warp_sweep.cuh), which read them from memory that its threads share, and whose threads share the
// search for those that reach any of their pixels, or the orientations of one pixel.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/kernel/sums/segments.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/kernel/walk/arithmetic.hpp"
#include "nbhybrid/kernel/walk/orientations.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// All, one after the other.
struct PlainSweep {
    using Math = BoundedMath;
    // Whether the amplitudes of a table are squares already.
    static constexpr bool has_squares = false;

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
        if constexpr (Sum::has_narrow_spots)
            if (support.is_limited) {
                segments_.set(block.scattering, block.count);
                if (o.components != nullptr && segments_.has_whole()) return run_by_groups(o, support, block, sum);
                return for_each_later_orientation(o, [&](int, int, const Axes& axes) {
                    add_reached(axes, support, block, sum);
                    return !must_stop();
                });
            }
        return for_each_later_orientation(o, [&](int, int, const Axes& axes) {
            sum.add_step(block, axes, 0, block.count);
            return !must_stop();
        });
    }

    PixelTotal combine(const PixelTotal& mine) const { return mine; }

private:
    bool must_stop() {
        constexpr int steps_between_looks = 256;
        if (++steps_ % steps_between_looks != 0) return false;
        return is_stopped_();
    }

    template <class Block, class Sum>
    void add_reached(const Axes& axes, const SupportRadius& support, const Block& block, Sum& sum) {
        constexpr int lanes = Segments<width>::lanes;
        for (unsigned bits = segments_.reached(axes, support); bits != 0; bits &= bits - 1) {
            const int begin = __builtin_ctz(bits) * lanes;
            sum.add_step(block, axes, begin, begin + lanes);
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
                if (reached[i] != 0) add_reached(table[first + i], support, block, sum);
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
