#pragma once
// From the sum of a pixel's terms to its float32, and whether the bound of the sum's error decides it. The vector kernel does this
// for the lanes of a block, a device for one pixel.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Factors of a pixel or of the terms of a source, and the absolute errors of two of them. What does not enter is 1 without error.
struct BoundedFactors {
    double capture, capture_error, polarization, polarization_error, angle;
};

// What deciding needs besides a pixel's own numbers.
struct DecisionScale {
    double one, one_error;      // photons per steradian of an intensity of 1, and more than that
    double background;          // of the water, unless the sum began with it
    double relative, absolute;  // errors of the sum, the latter in its own unit
    double brightest;           // more than any polarization factor

    NBHYBRID_HOST_DEVICE DecisionScale(const PlanView& plan, double relative_error, double absolute_error)
        : one(physics::photons_per_steradian(1.0, plan.scale.fluence, static_cast<double>(plan.scale.steps))),
          one_error(1.01 * __builtin_fabs(one)),
          background(plan.scale.background_is_scaled ? 0.0 : plan.scale.background),
          relative(relative_error),
          absolute(absolute_error),
          brightest(2.0 + __builtin_fabs(plan.beam.kahn_factor)) {}
};

// `error` is what has been summed beside the intensity. Returns whether both ends of the interval round alike.
NBHYBRID_HOST_DEVICE inline bool decide(const DecisionScale& scale, double intensity, double error, const BoundedFactors& f,
                                        float& pixel) {
    const double base = scale.one * intensity + scale.background;
    const double base_error = __builtin_fabs(base) * scale.relative + scale.one_error * (error + scale.absolute);
    const double capture = __builtin_fabs(f.capture), polarization = __builtin_fabs(f.polarization),
                 angle = __builtin_fabs(f.angle);
    const double factor_error = angle * (capture * f.polarization_error + (polarization + f.polarization_error) * f.capture_error);
    const double photons = base * f.capture * f.polarization * f.angle;
    const double photons_error = base_error * (capture * polarization * angle + factor_error) + __builtin_fabs(base) * factor_error;
    pixel = static_cast<float>(0.0 + photons);
    // A factor that might be 0 is computed again by the reference; one that no source has asked for is 0. Neither matters where
    // nothing is scattered.
    const bool dark = (__builtin_fabs(base) + base_error) * angle * (capture + f.capture_error) * scale.brightest < 1e-60;
    return (((f.capture_error < capture) & (f.polarization_error < polarization)) | dark) &
           (static_cast<float>(photons - photons_error) == static_cast<float>(photons + photons_error));
}

// What the terms of a source are multiplied by, and its relative error; not-a-number where a factor is negative or might be 0.
NBHYBRID_HOST_DEVICE inline double term_weight(const BoundedFactors& f, double source_weight, double& relative_error) {
    const double capture_error = f.capture_error / f.capture, polarization_error = f.polarization_error / f.polarization;
    const double product = f.capture * f.polarization * f.angle * source_weight;
    const bool sure = (product >= 0.0) & (capture_error >= 0.0) & (capture_error < 0.5) & (polarization_error >= 0.0) &
                      (polarization_error < 0.5);
    relative_error = 1.01 * (capture_error + polarization_error + capture_error * polarization_error) + 16 * physics::rounding;
    return sure ? product : __builtin_nan("");
}

NBHYBRID_HOST_DEVICE inline bool multiplies_terms(const PlanView& plan) {
    return plan.sensor.capture == Applied::to_each_term || plan.beam.polarization == Applied::to_each_term ||
           plan.detector.solid_angle == Applied::to_each_term || plan.beam.weighted;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
