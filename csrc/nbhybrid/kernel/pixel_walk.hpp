#pragma once
// The only loop nest: detector layers, sub-pixels, sources, phi steps and mosaic domains of one pixel, in the order of the
// reference, with the geometry that these loops share. What is done at each step is the visitor's affair.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/polarization.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"
#include "nbhybrid/physics/sensor_capture.hpp"
#include "nbhybrid/physics/solid_angle.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Where the walk stands. A visitor reads it; at the end of the walk it holds what the last step left.
struct WalkState {
    int slow = 0, fast = 0;
    int layer = 0, sub_slow = 0, sub_fast = 0, source = 0;
    double along_fast = 0, along_slow = 0;  // of the sub-pixel's centre, m
    Vec3 position, diffracted, incident, scattering;
    double path = 0;  // m
    double wavelength = 0;
    // Cached for the pixel or the layer: 0 means not computed yet, and a factor of exactly 0 is computed again.
    double polarization = 0, solid_angle = 0, capture = 0;
    bool first_sweep = false;
    std::int64_t axis_uses = 0;  // of the polarization axis, before the next use
};

NBHYBRID_HOST_DEVICE inline PixelIndex pixel_index(const PlanView& plan, int slow, int fast) {
    return static_cast<PixelIndex>(slow) * plan.detector.fast_pixels + fast;
}

NBHYBRID_HOST_DEVICE inline bool is_masked(const DetectorStage& detector, PixelIndex pixel) {
    return detector.mask != nullptr && detector.mask[pixel] == 0;
}

// How often the polarization axis has been used before this pixel.
NBHYBRID_HOST_DEVICE inline std::int64_t axis_uses_before(const PlanView& plan, PixelIndex pixel) {
    const CarryOver& carry = plan.carry_over;
    if (carry.n_axis_uses == 0 || pixel > carry.axis_uses[carry.n_axis_uses - 1].pixel) return plan.beam.n_axes;
    int low = 0, high = carry.n_axis_uses - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (carry.axis_uses[middle].pixel < pixel) low = middle + 1;
        else high = middle;
    }
    return carry.axis_uses[low].before;
}

NBHYBRID_HOST_DEVICE inline void enter_subpixel(const PlanView& plan, WalkState& at) {
    const DetectorStage& d = plan.detector;
    at.along_fast = physics::subpixel_centre(d.subpixel_size, at.fast * d.oversample + at.sub_fast);
    at.along_slow = physics::subpixel_centre(d.subpixel_size, at.slow * d.oversample + at.sub_slow);
    const double depth = at.layer * plan.sensor.layer_thickness;
    at.position = physics::flat_position(at.along_fast * d.fast_axis, at.along_slow * d.slow_axis, depth * d.normal, d.origin);
    if (d.curved) at.position = physics::curved_position(at.position, d.distance, d.beam, d.fast_axis, d.slow_axis);
    at.path = norm(at.position);
    at.diffracted = normalized(at.position);

    if (at.solid_angle == 0.0 || d.oversample_omega)
        at.solid_angle =
            d.point_pixel ? physics::point_solid_angle(at.path) : physics::solid_angle(d.pixel_size, at.path, d.close_distance);
    if (at.capture == 0.0 || plan.sensor.oversample)
        at.capture =
            physics::layer_capture(at.layer, plan.sensor.layer_thickness, plan.sensor.attenuation, dot(at.diffracted, d.normal));
}

// False if the source gives this sub-pixel a spacing that is not wanted.
NBHYBRID_HOST_DEVICE inline bool enter_source(const PlanView& plan, WalkState& at) {
    const BeamStage& beam = plan.beam;
    at.incident = beam.sources[at.source].direction;
    at.wavelength = beam.sources[at.source].wavelength;
    at.scattering = physics::scattering_vector(at.diffracted, at.incident, at.wavelength);
    if (physics::finer_than(beam.dmin, at.scattering)) return false;
    if (at.polarization == 0.0 || beam.oversample) {
        // The directions are normalised once more and stay so: the next source of this sub-pixel sees it.
        at.incident = normalized(at.incident);
        at.diffracted = normalized(at.diffracted);
        const std::int64_t last = beam.n_axes - 1;
        const Vec3& axis = beam.axes[at.axis_uses < last ? at.axis_uses : last];
        ++at.axis_uses;
        at.polarization = physics::polarization_factor(beam.kahn_factor, at.incident, at.diffracted, axis);
    }
    return true;
}

// All orientations of the crystal. False if the visitor has seen enough.
template <class Visitor>
NBHYBRID_HOST_DEVICE inline bool sweep_orientations(const PlanView& plan, WalkState& at, Visitor& visitor) {
    const OrientationStage& o = plan.orientation;
    const Axes* steps = at.first_sweep ? o.first_sweep : o.later_sweep;
    const Axes* table = at.first_sweep ? o.first_sweep_table : o.later_sweep_table;
    at.first_sweep = false;
    for (int phi = 0; phi < o.n_phi; ++phi) {
        if (table != nullptr) {
            const Axes* row = table + static_cast<std::int64_t>(phi) * o.n_domains;
            for (int domain = 0; domain < o.n_domains; ++domain)
                if (!visitor.step(at, phi, domain, row[domain])) return false;
        } else if (o.domains != nullptr) {
            for (int domain = 0; domain < o.n_domains; ++domain) {
                const Mat3& rotation = o.domains[domain];
                const Axes axes{rotation * steps[phi].a, rotation * steps[phi].b, rotation * steps[phi].c};
                if (!visitor.step(at, phi, domain, axes)) return false;
            }
        } else {
            for (int domain = 0; domain < o.n_domains; ++domain)
                if (!visitor.step(at, phi, domain, steps[phi])) return false;
        }
    }
    return true;
}

// A visitor has enter_subpixel(state), called with its geometry known; enter_source(state), called for each source that counts,
// false to leave its sweep out; and step(state, phi, domain, axes), false to end the walk. Returns false if the walk was ended.
template <class Visitor>
NBHYBRID_HOST_DEVICE inline bool walk_pixel(const PlanView& plan, WalkState& at, Visitor& visitor) {
    const PixelIndex pixel = pixel_index(plan, at.slow, at.fast);
    at.first_sweep = pixel == plan.carry_over.first_sweep;
    at.axis_uses = axis_uses_before(plan, pixel);
    at.polarization = plan.beam.polarization ? 0.0 : 1.0;
    at.solid_angle = 0.0;
    for (at.layer = 0; at.layer < plan.sensor.layers; ++at.layer) {
        at.capture = plan.sensor.counts_all ? 1.0 : 0.0;
        for (at.sub_slow = 0; at.sub_slow < plan.detector.oversample; ++at.sub_slow) {
            for (at.sub_fast = 0; at.sub_fast < plan.detector.oversample; ++at.sub_fast) {
                enter_subpixel(plan, at);
                visitor.enter_subpixel(at);
                for (at.source = 0; at.source < plan.beam.n_sources; ++at.source) {
                    if (!enter_source(plan, at) || !visitor.enter_source(at)) continue;
                    if (!sweep_orientations(plan, at, visitor)) return false;
                }
            }
        }
    }
    return true;
}

}  // namespace nbhybrid::kernel
