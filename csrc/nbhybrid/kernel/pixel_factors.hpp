#pragma once
// What the terms of some pixels are multiplied by, and what their finished sums are: what a device's sums have in common.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/decision.hpp"
#include "nbhybrid/kernel/pixel_block.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <class Block>
class PixelFactors {
public:
    static constexpr int width = Block::count;

    NBHYBRID_HOST_DEVICE explicit PixelFactors(const PlanView& plan) : plan_(plan), multiplies_terms_(multiplies_terms(plan)) {
        for (int i = 0; i < width; ++i) solid_angles_[i] = 0.0, weight_[i] = 1.0, weight_error_[i] = 0.0, largest_weight_[i] = 1.0;
    }

    NBHYBRID_HOST_DEVICE void enter_subpixel(const Block& block) {
        for (int i = 0; i < width; ++i) solid_angles_[i] += block.solid_angle[i];
    }

protected:
    // Not-a-number for what cannot be decided, where pixels are.
    template <bool decides>
    NBHYBRID_HOST_DEVICE void set_weights(const Block& block) {
        if (!multiplies_terms_) return;
        const double source = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        for (int i = 0; i < width; ++i) {
            const BoundedFactors f = factors(block, i, Applied::to_each_term);
            if constexpr (decides) weight_[i] = term_weight(f, source, weight_error_[i]);
            else weight_[i] = f.capture * f.polarization * f.angle * source;
            largest_weight_[i] = larger(weight_[i], largest_weight_[i]);
        }
    }

    // Those that enter in one way, and ones in place of the others.
    NBHYBRID_HOST_DEVICE BoundedFactors factors(const Block& block, int i, Applied way) const {
        BoundedFactors f;
        if (plan_.sensor.capture == way) f.capture = block.capture[i], f.capture_error = block.capture.error(i);
        if (plan_.beam.polarization == way) {
            f.polarization = block.polarization[i];
            if (plan_.beam.is_corrected_for_polarization) f.polarization_error = block.polarization_error;
        }
        if (plan_.detector.solid_angle == way) f.angle = block.solid_angle[i];
        return f;
    }

    const PlanView& plan_;
    bool multiplies_terms_;
    Lanes<double, width> solid_angles_;
    Lanes<double, width> weight_, weight_error_;  // of the terms of this source
    Lanes<double, width> largest_weight_;         // of all sources
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
