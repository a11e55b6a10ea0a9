#pragma once
// From the sum of a pixel's terms to its float32, and whether the bound of the sum's error decides it. The vector kernel does this
// for the lanes of a block, a device for one pixel.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
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

// `uncertainty` is that of the intensity besides its relative error. Returns whether both ends of the interval round alike.
template <class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline bool decide(const DecisionScale& scale, double intensity, double uncertainty, const BoundedFactors& f,
                                        float& pixel, [[maybe_unused]] Trace trace = {}) {
    using numerics::multiply_add;
    const double base = multiply_add(scale.one, intensity, scale.background), size = __builtin_fabs(base);
    const double base_error =
        multiply_add(size, scale.relative + f.weight_error, multiply_add(scale.one_error, uncertainty, scale.least_error));
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

NBHYBRID_HOST_DEVICE inline bool multiplies_terms(const PlanView& plan) {
    return plan.sensor.capture == Applied::to_each_term || plan.beam.polarization == Applied::to_each_term ||
           plan.detector.solid_angle == Applied::to_each_term || plan.beam.weighted;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
