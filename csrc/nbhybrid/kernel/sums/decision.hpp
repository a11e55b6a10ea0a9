#pragma once
// The factors of pixels: what their terms are multiplied by; from the sum of the terms to a float32; and whether the bound of the
// sum's error decides it.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/numerics/rounding_test.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// The sum of a pixel's terms, and of what they may be off, besides relative errors.
struct PixelTotal {
    double intensity = 0, error = 0;
};

struct DecidedPixel {
    float value = 0;
    bool is_decided = false;
    double solid_angles = 0;  // sum over all sub-pixels and layers
};

// Factors of a pixel or of the terms of a source, and the absolute errors of two of them. What does not enter is 1 without error.
// The last is relative: of what the terms have been multiplied by.
struct BoundedFactors {
    double capture = 1, capture_error = 0, polarization = 1, polarization_error = 0, angle = 1, weight_error = 0;
};

// What deciding needs besides a pixel's own numbers. Of a crystal without a table the intensities are in units of the amplitude's
// square.
struct DecisionScale {
    double one, one_error;         // photons per steradian of an intensity of 1, and more than that
    double background;             // of the water
    double relative, least_error;  // errors of the sum: relative, and photons per steradian
    double darkest;                // below this, and times the polarization factor below 1e-60

    NBHYBRID_HOST_DEVICE DecisionScale(const PlanView& plan, double relative_error, double absolute_error)
        : relative(relative_error) {
        const double one_step = physics::photons_per_steradian(1.0, plan.scale.fluence, static_cast<double>(plan.scale.steps));
        one = one_step * terms::unit_of_squares(plan.crystal.amplitudes);
        one_error = 1.01 * __builtin_fabs(one);
        background = plan.scale.background_is_scaled ? one_step * plan.scale.background : plan.scale.background;
        least_error = 1.01 * __builtin_fabs(one_step) * absolute_error;
        // No polarization factor is larger than the divisor.
        darkest = 1e-60 / (2.0 + __builtin_fabs(plan.beam.kahn_factor));
    }
};

// The pixel as it is computed, without the test.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline float untested_pixel(const DecisionScale& scale, double intensity, const BoundedFactors& f,
                                                 [[maybe_unused]] Trace trace = {}) {
    const double base = numerics::multiply_add(scale.one, intensity, scale.background);
    const double photons = base * f.angle * (f.capture * f.polarization);
    NBHYBRID_TRACED(trace.photons(photons));
    return static_cast<float>(photons);
}

// Returns whether both ends of the interval round alike.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline bool decide(const DecisionScale& scale, const PixelTotal& total, const BoundedFactors& f, float& pixel,
                                        [[maybe_unused]] Trace trace = {}) {
    using numerics::multiply_add;
    const double base = multiply_add(scale.one, total.intensity, scale.background), size = __builtin_fabs(base);
    const double base_error =
        multiply_add(size, scale.relative + f.weight_error, multiply_add(scale.one_error, total.error, scale.least_error));
    const double capture = __builtin_fabs(f.capture), polarization = __builtin_fabs(f.polarization),
                 angle = __builtin_fabs(f.angle), most_polarization = polarization + f.polarization_error;
    // Of the product of capture and polarization.
    const double factor_error = multiply_add(capture, f.polarization_error, most_polarization * f.capture_error);
    const double photons = base * f.angle * (f.capture * f.polarization);
    const double error = angle * multiply_add(base_error, multiply_add(capture, polarization, factor_error), size * factor_error);
    pixel = static_cast<float>(0.0 + photons);
    // A factor that might be 0 is computed again by the reference; one that no source has asked for is 0. Neither matters where
    // nothing is scattered.
    const bool dark = (size + base_error) * angle * (capture + f.capture_error) < scale.darkest;
    const bool is_decided = (((f.capture_error < capture) & (f.polarization_error < polarization)) | dark) &
                            numerics::rounds_to_one_float(photons, error);
    NBHYBRID_TRACED(trace.photons(photons); trace.rounding(error, is_decided));
    return is_decided;
}

// What the terms of a source are multiplied by, and its relative error; not-a-number where a factor is negative or might be 0.
NBHYBRID_HOST_DEVICE inline double term_weight(const BoundedFactors& f, double source_weight, double& relative_error) {
    const double capture_error = f.capture_error / f.capture, polarization_error = f.polarization_error / f.polarization;
    const double product = f.capture * f.polarization * f.angle * source_weight;
    const bool sure = (product >= 0.0) & (capture_error >= 0.0) & (capture_error < 0.5) & (polarization_error >= 0.0) &
                      (polarization_error < 0.5);
    relative_error = 1.01 * (capture_error + polarization_error + capture_error * polarization_error) + 16 * numerics::rounding;
    return sure ? product : __builtin_nan("");
}

// What the terms of a block's pixels are multiplied by, and what their finished sums are.
template <class Block>
class alignas(Block::alignment) PixelFactors {
public:
    NBHYBRID_HOST_DEVICE explicit PixelFactors(const PlanView& plan)
        : plan_(plan),
          captures_(plan.sensor.capture == Applied::to_each_term),
          polarizes_(plan.beam.polarization == Applied::to_each_term),
          has_angle_(plan.detector.solid_angle == Applied::to_each_term),
          multiplies_terms_(captures_ || polarizes_ || has_angle_ || plan.beam.weighted) {
        for (int i = 0; i < Block::capacity; ++i) largest_weight_error_[i] = 0.0;
        for (int i = 0; multiplies_terms_ && i < Block::capacity; ++i) largest_weight_[i] = 1.0;
    }

    NBHYBRID_HOST_DEVICE void enter_subpixel(const Block& block) {
        if (block.is_first_subpixel())
            for (int i = 0; i < block.count; ++i) solid_angles_[i] = block.solid_angle[i];
        else
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
    // Of the pixels of a block, and all sources.
    NBHYBRID_HOST_DEVICE double largest_weight(const Block& block) const {
        double largest = 1.0;
        for (int i = 0; multiplies_terms_ && i < block.count; ++i) largest = larger(largest_weight_[i], largest);
        return largest;
    }

    // What the terms have been multiplied by, the finished sum is not any more: there it is 1.
    NBHYBRID_HOST_DEVICE void leave_terms(Block& block) const {
        for (int i = 0; captures_ && i < block.count; ++i) block.capture.set(i, 1.0, 0.0);
        for (int i = 0; polarizes_ && i < block.count; ++i) block.polarization[i] = 1.0;
        for (int i = 0; has_angle_ && i < block.count; ++i) block.solid_angle[i] = 1.0;
        if (polarizes_) block.polarization_error = 0.0;
    }
    // After that, of the finished sum.
    NBHYBRID_HOST_DEVICE BoundedFactors at_end(const Block& block, int i) const {
        return {block.capture[i],         block.capture.error(i), block.polarization[i],
                block.polarization_error, block.solid_angle[i],   largest_weight_error_[i]};
    }

    NBHYBRID_HOST_DEVICE double solid_angles(int i) const { return solid_angles_[i]; }
    // Of all pixels; by halves, so that it takes vectors.
    double total_of_solid_angles(int pixels) {
        for (int i = pixels; i < Block::capacity; ++i) solid_angles_[i] = 0.0;
        for (int half = Block::capacity / 2; half > 0; half /= 2)
            for (int i = 0; i < half; ++i) solid_angles_[i] += solid_angles_[i + half];
        return solid_angles_[0];
    }

private:
    template <bool decides>
    NBHYBRID_HOST_DEVICE void find_weights(const Block& block) {
        const double source = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        for (int i = 0; i < block.count; ++i) {
            const double capture = block.capture[i], error_of_capture = block.capture.error(i),
                         polarization = block.polarization[i], angle = block.solid_angle[i];
            BoundedFactors f;
            if (captures_) f.capture = capture, f.capture_error = error_of_capture;
            if (polarizes_) f.polarization = polarization, f.polarization_error = block.polarization_error;
            if (has_angle_) f.angle = angle;
            double error = 0;
            if constexpr (decides) weight_[i] = term_weight(f, source, error);
            else weight_[i] = f.capture * f.polarization * f.angle * source;
            largest_weight_[i] = larger(weight_[i], largest_weight_[i]);
            largest_weight_error_[i] = larger(error, largest_weight_error_[i]);
        }
    }

    Lanes<double, Block::capacity> weight_;  // of the terms of this source; 0 if it does not reach the pixel
    Lanes<double, Block::capacity> largest_weight_, largest_weight_error_;  // of all sources; the error is relative
    Lanes<double, Block::capacity> solid_angles_;                           // of all sub-pixels and layers
    const PlanView& plan_;
    bool captures_, polarizes_, has_angle_, multiplies_terms_;  // the terms
    bool weighs_ = false;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
