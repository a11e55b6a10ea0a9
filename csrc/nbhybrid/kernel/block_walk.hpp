#pragma once
// The only loop nest: detector layers, sub-pixels, sources, phi steps and mosaic domains, in the order of the reference, with the
// geometry that these loops share. Innermost run the pixels of a block, which do not depend on each other. What is done at each
// step is the visitor's affair.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/kernel/arithmetic.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/pixel_block.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Points of the pixels of a row that are `along_slow` and `depth` from the edge and the front of the detector.
class RowOfPoints {
public:
    NBHYBRID_HOST_DEVICE RowOfPoints(const DetectorStage& d, double along_slow, double depth)
        : slow_offset_(along_slow * d.slow_axis), depth_offset_(depth * d.normal), fast_axis_(d.fast_axis), origin_(d.origin) {}

    NBHYBRID_HOST_DEVICE Vec3 operator()(double along_fast) const {
        return physics::flat_position(along_fast * fast_axis_, slow_offset_, depth_offset_, origin_);
    }

private:
    Vec3 slow_offset_, depth_offset_, fast_axis_, origin_;
};

template <class Block>
NBHYBRID_HOST_DEVICE inline void locate_subpixels(const PlanView& plan, Block& block) {
    const int count = block.count;
    const DetectorStage& d = plan.detector;
    const double size = d.subpixel_size;
    const int oversample = d.oversample, sub_fast = block.sub_fast;
    const RowOfPoints points(d, physics::subpixel_centre(size, block.slow * oversample + block.sub_slow),
                             block.layer * plan.sensor.layer_thickness);
    const auto flat = [&block, &points, size, oversample, sub_fast](int i) {
        return points(physics::subpixel_centre(size, block.fast[i] * oversample + sub_fast));
    };
    const int plane = subpixel_plane(oversample, block.layer, block.sub_slow, sub_fast);
    if (d.curved)
        for (int i = 0; i < count; ++i) Block::Math::direct(block, i, Block::Math::curved(d, block, i, plane, flat(i)));
    else
        for (int i = 0; i < count; ++i) Block::Math::direct(block, i, flat(i));
}

// The centres of the pixels, on the front of the sensor.
template <class Block>
NBHYBRID_HOST_DEVICE inline void locate_centres(const PlanView& plan, Block& block) {
    const DetectorStage& d = plan.detector;
    const RowOfPoints points(d, physics::subpixel_centre(d.pixel_size, block.slow), 0.0);
    for (int i = 0; i < block.count; ++i) {
        const Vec3 flat = points(physics::subpixel_centre(d.pixel_size, block.fast[i]));
        block.centre.set(i, d.curved ? Block::Math::curved(d, block, i, plane_of_centres, flat) : flat);
    }
}

template <class Block>
NBHYBRID_HOST_DEVICE inline void find_solid_angles(const PlanView& plan, Block& block) {
    const int count = block.count;
    const DetectorStage d = plan.detector;
    const bool first = block.layer == 0 && block.sub_slow == 0 && block.sub_fast == 0;
    if (d.solid_angle_at_centre && !d.recomputes_solid_angle) {
        if (first)
            for (int i = 0; i < count; ++i) block.solid_angle[i] = Block::Math::solid_angle(d, norm(block.centre[i]));
    } else if (first || d.recomputes_solid_angle) {
        for (int i = 0; i < count; ++i) block.solid_angle[i] = Block::Math::solid_angle(d, block.path[i]);
    } else {
        for (int i = 0; i < count; ++i)
            if (block.solid_angle[i] == 0.0) block.solid_angle[i] = Block::Math::solid_angle(d, block.path[i]);
    }
}

template <class Block>
NBHYBRID_HOST_DEVICE inline void enter_subpixel(const PlanView& plan, Block& block) {
    const int count = block.count;
    const SensorStage& sensor = plan.sensor;
    locate_subpixels(plan, block);
    find_solid_angles(plan, block);
    if (sensor.counts_all && !sensor.recomputes) return;
    const Vec3 normal = plan.detector.normal;
    std::int64_t missing = block.count;
    if (!block.new_layer && !sensor.recomputes) {
        missing = 0;
        for (int i = 0; i < count; ++i) missing += block.capture[i] == 0.0 ? 1 : 0;
    }
    block.new_layer = false;
    if (missing == block.count) {
        for (int i = 0; i < count; ++i) Block::Math::capture(sensor, block, i, dot(block.diffracted[i], normal));
    } else if (missing != 0) {
        for (int i = 0; i < count; ++i)
            if (block.capture[i] == 0.0) Block::Math::capture(sensor, block, i, dot(block.diffracted[i], normal));
    }
}

// The directions are normalised once more, and stay so: the next source of this sub-pixel sees it.
template <class Block>
NBHYBRID_HOST_DEVICE inline void polarize(Block& block, int i, const typename Block::Math::Polarization& frame) {
    block.diffracted.set(i, normalized(block.diffracted[i]));
    block.polarization[i] = frame.factor(block.diffracted[i]);
}

NBHYBRID_HOST_DEVICE inline double larger(double x, double y) { return x > y ? x : y; }

// Each source has its own factor, at the pixel's centre.
template <class Block>
NBHYBRID_HOST_DEVICE inline void find_polarization_of_source(const PlanView& plan, Block& block) {
    const int count = block.count;
    const Vec3 axis = plan.beam.axes[plan.beam.n_axes - 1];
    const typename Block::Math::Polarization frame(plan.beam.kahn_factor, block.incident, axis);
    block.polarization_error = larger(frame.error, block.polarization_error);
    for (int i = 0; i < count; ++i) block.polarization[i] = frame.factor(normalized(block.centre[i]));
}

template <class Block>
NBHYBRID_HOST_DEVICE inline void find_polarization(const PlanView& plan, Block& block) {
    const int count = block.count;
    const BeamStage& beam = plan.beam;
    std::int64_t missing = block.count;
    if (!block.unpolarized && !beam.recomputes) {
        missing = 0;
        for (int i = 0; i < count; ++i) missing += block.polarization[i] == 0.0 ? 1 : 0;
    }
    if (missing == 0) return;
    const Vec3 axis = beam.axes[block.axis_entry];
    const int next_entry = block.axis_entry + 1 < beam.n_axes ? block.axis_entry + 1 : beam.axis_cycle;
    const Vec3 incident = block.incident;
    block.incident = beam.sources[block.source].direction_renormalized;
    const typename Block::Math::Polarization frame(beam.kahn_factor, block.incident, axis);
    block.polarization_error = larger(frame.error, block.polarization_error);
    if (missing == block.count && block.n_live == block.count) {
        if (!Block::Math::keeps_all_bits && beam.n_sources == 1)  // nobody sees the direction again
            for (int i = 0; i < count; ++i) block.polarization[i] = frame.factor(block.diffracted[i]);
        else
            for (int i = 0; i < count; ++i) polarize(block, i, frame);
        block.axis_entry = next_entry;
        block.unpolarized = false;
        return;
    }
    block.unpolarized = false;
    bool used = false;
    block.for_each_live([&](int i) {
        if (block.polarization[i] != 0.0 && !beam.recomputes) return;
        polarize(block, i, frame);
        used = true;
    });
    if (used) block.axis_entry = next_entry;
    else block.incident = incident;
}

// Finds the scattering vectors and the lanes whose spacing is wanted.
template <class Block>
NBHYBRID_HOST_DEVICE inline void enter_source(const PlanView& plan, Block& block) {
    const int count = block.count;
    const BeamStage& beam = plan.beam;
    const Vec3 incident = beam.sources[block.source].direction;
    const double wavelength = perturbed("lambda_meters", beam.sources[block.source].wavelength);
    block.incident = incident;
    block.wavelength = wavelength;
    const double inverse = 1.0 / wavelength;
    for (int i = 0; i < count; ++i)
        block.scattering.set(i, Block::Math::scattering_vector(block.diffracted[i], incident, wavelength, inverse));
    if (beam.dmin > 0.0) {
        block.clear_live();
        for (int i = 0; i < count; ++i)
            if (!physics::finer_than(beam.dmin, block.scattering[i])) block.add_live(i);
    } else if (block.n_live != block.count) {
        block.clear_live();
        for (int i = 0; i < count; ++i) block.add_live(i);
    }
    if (beam.each_source) find_polarization_of_source(plan, block);
    else find_polarization(plan, block);
}

// The crystal's axes at a phi step, in a domain.
NBHYBRID_HOST_DEVICE inline Axes orientation(const OrientationStage& o, const Axes* steps, const Axes* table, int phi, int domain) {
    if (table != nullptr) return table[static_cast<std::int64_t>(phi) * o.n_domains + domain];
    const Axes axes = steps[phi];
    if (o.domains == nullptr) return axes;
    return {o.domains[domain] * axes.a, o.domains[domain] * axes.b, o.domains[domain] * axes.c};
}

// Of a later sweep, by its place in it.
NBHYBRID_HOST_DEVICE inline Axes later_orientation(const OrientationStage& o, std::int64_t place) {
    return orientation(o, o.later_sweep, o.later_sweep_table, static_cast<int>(place / o.n_domains),
                       static_cast<int>(place % o.n_domains));
}

// All orientations of the crystal. False if the visitor has seen enough.
template <class Block, class Visitor>
NBHYBRID_HOST_DEVICE inline bool sweep_orientations(const PlanView& plan, Block& block, Visitor& visitor) {
    const OrientationStage& o = plan.orientation;
    const Axes* steps = block.first_sweep ? o.first_sweep : o.later_sweep;
    const Axes* table = block.first_sweep ? o.first_sweep_table : o.later_sweep_table;
    block.first_sweep = false;
    for (int phi = 0; phi < o.n_phi; ++phi) {
        for (int domain = 0; domain < o.n_domains; ++domain) {
            Axes axes = orientation(o, steps, table, phi, domain);
            axes.a = perturbed("rot_a_angstroms", axes.a);
            if (!visitor.step(block, phi, domain, axes)) return false;
        }
    }
    return true;
}

// A visitor has enter_subpixel(block); enter_source(block), called where a source reaches at least one pixel, false to leave its
// sweep out; and step(block, phi, domain, axes), for the live lanes, false to end the walk. Returns false if the walk was ended.
template <class Block, class Visitor>
NBHYBRID_HOST_DEVICE inline bool walk_block(const PlanView& plan, Block& block, Visitor& visitor) {
    const int count = block.count;
    block.clear_live();
    block.polarization_error = 0.0;
    block.unpolarized = plan.beam.is_corrected_for_polarization;
    for (int i = 0; i < count; ++i) block.polarization[i] = block.unpolarized ? 0.0 : 1.0;
    if (plan.beam.each_source || plan.detector.solid_angle_at_centre) locate_centres(plan, block);
    for (block.layer = 0; block.layer < plan.sensor.layers; ++block.layer) {
        block.new_layer = true;
        for (int i = 0; i < count; ++i) block.capture.set(i, plan.sensor.counts_all ? 1.0 : 0.0, 0.0);
        for (block.sub_slow = 0; block.sub_slow < plan.detector.oversample; ++block.sub_slow) {
            for (block.sub_fast = 0; block.sub_fast < plan.detector.oversample; ++block.sub_fast) {
                enter_subpixel(plan, block);
                visitor.enter_subpixel(block);
                for (block.source = 0; block.source < plan.beam.n_sources; ++block.source) {
                    enter_source(plan, block);
                    if (block.n_live == 0 || !visitor.enter_source(block)) continue;
                    if (!sweep_orientations(plan, block, visitor)) return false;
                }
            }
        }
    }
    return true;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
