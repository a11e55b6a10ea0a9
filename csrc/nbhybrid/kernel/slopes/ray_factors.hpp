#pragma once
// The factors of a ray with their slopes, as derivatives want them: where each is found, and what multiplies the terms.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/slopes/ray_positions.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/terms/polarization.hpp"
#include "nbhybrid/terms/sensor_capture.hpp"
#include "nbhybrid/terms/solid_angle.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// With E and B also for a Kahn factor of 0, which may move.
inline terms::PolarizationFrame frame_of(const PlanView& plan, int source) {
    const BeamStage& beam = plan.beam;
    terms::PolarizationFrame frame(1.0, beam.sources[source].direction, beam.axes[beam.n_axes - 1]);
    frame.kahn_factor = beam.kahn_factor;
    return frame;
}

inline terms::SolidAngleSlope solid_angle_of(const PlanView& plan, double path) {
    const DetectorStage& d = plan.detector;
    return terms::solid_angle_with_slope(d.point_pixel, d.pixel_size, path, d.close_distance);
}

inline terms::CaptureSlope capture_of(const PlanView& plan, int layer, const Vec3& diffracted) {
    return terms::capture_with_slope(layer, plan.sensor.layer_thickness, plan.sensor.attenuation,
                                     dot(diffracted, plan.detector.normal));
}

// Photons of an intensity of 1, per steradian.
inline double photons_of_one(const PlanView& plan) {
    return physics::photons_per_steradian(1.0, plan.scale.fluence, static_cast<double>(plan.scale.steps));
}

// Photons per steradian of the background.
inline double background_of(const PlanView& plan) {
    return plan.scale.background * (plan.scale.background_is_scaled ? photons_of_one(plan) : 1.0);
}

// All factors of a ray but its source's weight, whether they multiply each term or the finished sum: what is the same for all rays
// of a pixel does either. 0 where the source does not reach the pixel.
inline void find_ray_factors(const SlopeBlock& block, LaneNumbers& factors) {
    for (int i = 0; i < block.count; ++i) factors[i] = block.capture[i] * block.polarization[i] * block.solid_angle[i];
    if (block.n_live == block.count) return;
    LaneNumbers reached;
    for (int i = 0; i < block.count; ++i) reached[i] = 0.0;
    block.for_each_live([&](int i) { reached[i] = factors[i]; });
    for (int i = 0; i < block.count; ++i) factors[i] = reached[i];
}

// What the background is multiplied by: those factors that multiply a finished sum.
inline void find_end_factors(const PlanView& plan, const SlopeBlock& block, LaneNumbers& factors) {
    const bool captures = plan.sensor.capture == Applied::at_end, polarizes = plan.beam.polarization == Applied::at_end,
               has_angle = plan.detector.solid_angle == Applied::at_end;
    for (int i = 0; i < block.count; ++i)
        factors[i] = (captures ? block.capture[i] : 1.0) * (polarizes ? block.polarization[i] : 1.0) *
                     (has_angle ? block.solid_angle[i] : 1.0);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
