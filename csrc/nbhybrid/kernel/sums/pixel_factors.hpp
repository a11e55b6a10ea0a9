#pragma once
// What the terms of some pixels are multiplied by, and what their finished sums are.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// A number for each lane, or a constant, 0 or 1, in place of all, so that a loop over lanes need not ask which: their address...
template <int width, bool by_groups>
class LanesOr {
public:
    LanesOr(bool has_lanes, const double (&lanes)[width], double constant)
        : lanes_(has_lanes          ? lanes
                 : constant == 0.0 ? constants_.zeros
                                   : constants_.ones) {}
    NBHYBRID_HOST_DEVICE double operator[](int i) const { return lanes_[i]; }

private:
    struct Constants {
        double zeros[width] = {}, ones[width] = {};
        constexpr Constants() {
            for (double& one : ones) one = 1.0;
        }
    };
    static constexpr Constants constants_{};

    const double* lanes_;
};

// ...and one by one their values.
template <int width>
class LanesOr<width, false> {
public:
    NBHYBRID_HOST_DEVICE LanesOr(bool has_lanes, const Lanes<double, width>& lanes, double constant) {
        for (int i = 0; i < width; ++i) values_[i] = has_lanes ? lanes[i] : constant;
    }
    NBHYBRID_HOST_DEVICE double operator[](int i) const { return values_[i]; }

private:
    Lanes<double, width> values_;
};

template <class Block>
class alignas(Block::alignment) PixelFactors {
public:
    NBHYBRID_HOST_DEVICE explicit PixelFactors(const PlanView& plan) : plan_(plan), multiplies_terms_(kernel::multiplies_terms(plan)) {
        for (int i = 0; i < Block::capacity; ++i) solid_angles_[i] = 0.0;
        for (int i = 0; multiplies_terms_ && i < Block::capacity; ++i) largest_weight_[i] = 1.0, largest_weight_error_[i] = 0.0;
    }

    NBHYBRID_HOST_DEVICE void enter_subpixel(const Block& block) {
        for (int i = 0; i < block.count; ++i) solid_angles_[i] += block.solid_angle[i];
    }

    // `decides`: a weight that cannot be decided is not-a-number.
    template <bool decides>
    NBHYBRID_HOST_DEVICE void enter_source(const Block& block) {
        const bool reaches_all = block.n_live == block.count;
        weighs_ = multiplies_terms_ || !reaches_all;
        if (!weighs()) return;
        if (multiplies_terms_) find_weights<decides>(block);
        else
            for (int i = 0; i < block.count; ++i) weight_[i] = 1.0;
        if (reaches_all) return;
        Lanes<double, Block::capacity> reached;
        for (int i = 0; i < block.count; ++i) reached[i] = 0.0;
        block.for_each_live([&](int i) { reached[i] = weight_[i]; });
        for (int i = 0; i < block.count; ++i) weight_[i] = reached[i];
    }

    // Whether terms of this source have weights, which may be 1. One by one they always have: that needs no question.
    NBHYBRID_HOST_DEVICE bool weighs() const { return Block::lanes_of_part == 1 || weighs_; }
    NBHYBRID_HOST_DEVICE double weight(int i) const { return weight_[i]; }

    NBHYBRID_HOST_DEVICE bool multiplies_terms() const { return multiplies_terms_; }
    // Of the pixels of a block.
    NBHYBRID_HOST_DEVICE double largest_weight(const Block& block) const {
        double largest = 1.0;
        for (int i = 0; multiplies_terms_ && i < block.count; ++i) largest = larger(largest_weight_[i], largest);
        return largest;
    }
    NBHYBRID_HOST_DEVICE double solid_angles(int i) const { return solid_angles_[i]; }


    // Of all pixels; by halves, so that it takes vectors.
    double total_of_solid_angles(int pixels) {
        for (int i = pixels; i < Block::capacity; ++i) solid_angles_[i] = 0.0;
        for (int half = Block::capacity / 2; half > 0; half /= 2)
            for (int i = 0; i < half; ++i) solid_angles_[i] += solid_angles_[i + half];
        return solid_angles_[0];
    }

    // Those that enter in one way, and ones in place of the others.
    class OfWay {
    public:
        NBHYBRID_HOST_DEVICE OfWay(const PixelFactors& all, const Block& block, Applied way)
            : capture_(all.plan_.sensor.capture == way, block.capture.values(), 1.0),
              capture_error_(all.plan_.sensor.capture == way, block.capture.errors(), 0.0),
              polarization_(all.plan_.beam.polarization == way, block.polarization, 1.0),
              angle_(all.plan_.detector.solid_angle == way, block.solid_angle, 1.0),
              weight_error_(all.multiplies_terms_, all.largest_weight_error_, 0.0),
              polarization_error_(all.plan_.beam.polarization == way ? block.polarization_error : 0.0) {}

        NBHYBRID_HOST_DEVICE BoundedFactors operator[](int i) const {
            return {capture_[i], capture_error_[i], polarization_[i], polarization_error_, angle_[i], weight_error_[i]};
        }

    private:
        LanesOr<Block::capacity, (Block::lanes_of_part > 1)> capture_, capture_error_, polarization_, angle_, weight_error_;
        double polarization_error_;
    };

private:
    template <bool decides>
    NBHYBRID_HOST_DEVICE void find_weights(const Block& block) {
        const double source = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        const OfWay factors(*this, block, Applied::to_each_term);
        for (int i = 0; i < block.count; ++i) {
            const BoundedFactors f = factors[i];
            double error = 0;
            if constexpr (decides) weight_[i] = term_weight(f, source, error);
            else weight_[i] = f.capture * f.polarization * f.angle * source;
            largest_weight_[i] = larger(weight_[i], largest_weight_[i]);
            largest_weight_error_[i] = larger(error, largest_weight_error_[i]);
        }
    }

    Lanes<double, Block::capacity> weight_;                                 // of the terms of this source; 0 if it does not reach the pixel
    Lanes<double, Block::capacity> largest_weight_, largest_weight_error_;  // of all sources; the error is relative
    Lanes<double, Block::capacity> solid_angles_;                           // of all sub-pixels and layers
    const PlanView& plan_;
    bool multiplies_terms_, weighs_ = false;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
