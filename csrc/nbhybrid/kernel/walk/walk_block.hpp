#pragma once
// The only loop nest: detector layers, sub-pixels and sources in the order of the reference, with the geometry and the factors of a
// pixel that belong to each of them. Innermost run the pixels of a block, which do not depend on each other. What is done for each
// source, above all with the orientations of the crystal, is the affair of a sum.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/walk/arithmetic.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Nothing goes from one step to the next. The reference's sum has sums/carried_state.hpp in its place.
struct NothingCarried {
    template <class Block>
    NBHYBRID_HOST_DEVICE static void find_zeros_again(const PlanView&, Block&) {}
    NBHYBRID_HOST_DEVICE static Vec3 polarization_axis(const BeamStage& beam) { return beam.axes[beam.n_axes - 1]; }
    NBHYBRID_HOST_DEVICE static void normalise_axis_again(const BeamStage&) {}
};

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
    const bool is_first = block.is_first_subpixel();
    if (d.solid_angle_of == FactorOf::pixel_centre) {
        if (is_first)
            for (int i = 0; i < count; ++i) block.solid_angle[i] = Block::Math::solid_angle(d, norm(block.centre[i]));
    } else if (is_first || d.solid_angle_of == FactorOf::each_subpixel) {
        for (int i = 0; i < count; ++i) block.solid_angle[i] = Block::Math::solid_angle(d, block.path[i]);
    }
}

template <class Block>
NBHYBRID_HOST_DEVICE inline void find_capture(const PlanView& plan, Block& block) {
    const SensorStage& sensor = plan.sensor;
    if (sensor.capture_of == FactorOf::nothing) return;
    if (!block.is_first_of_layer() && sensor.capture_of != FactorOf::each_subpixel) return;
    const Vec3 normal = plan.detector.normal;
    for (int i = 0; i < block.count; ++i) Block::Math::capture(sensor, block, i, dot(block.diffracted[i], normal));
}

NBHYBRID_HOST_DEVICE inline double larger(double x, double y) { return x > y ? x : y; }

// Each source has its own factor, at the pixel's centre.
template <class Block>
NBHYBRID_HOST_DEVICE inline void find_polarization_at_centre(const PlanView& plan, Block& block) {
    const int count = block.count;
    const Vec3 axis = plan.beam.axes[plan.beam.n_axes - 1];
    const typename Block::Math::Polarization frame(plan.beam.kahn_factor, block.incident, axis);
    block.polarization_error = larger(frame.error, block.polarization_error);
    for (int i = 0; i < count; ++i) block.polarization[i] = frame.factor(normalized(block.centre[i]));
}

// The direction is normalised once more, and stays so: the next source of this sub-pixel sees it.
template <class Block>
NBHYBRID_HOST_DEVICE inline void polarize(Block& block, int i, const typename Block::Math::Polarization& frame) {
    block.diffracted.set(i, normalized(block.diffracted[i]));
    block.polarization[i] = frame.factor(block.diffracted[i]);
}

// Of the first source that reaches a pixel, before which its factor is 0; or of each.
template <class Block, class Carried>
NBHYBRID_HOST_DEVICE inline void find_polarization(const PlanView& plan, Block& block, Carried& carried) {
    const int count = block.count;
    const BeamStage& beam = plan.beam;
    const bool of_each = beam.polarization_of == FactorOf::each_subpixel;
    std::int64_t missing = count;
    if (!of_each && !block.is_first_step()) {
        missing = 0;
        for (int i = 0; i < count; ++i) missing += block.polarization[i] == 0.0 ? 1 : 0;
    }
    if (missing == 0) return;
    const Vec3 incident = beam.sources[block.source].direction_renormalized;
    const typename Block::Math::Polarization frame(beam.kahn_factor, incident, carried.polarization_axis(beam));
    block.polarization_error = larger(frame.error, block.polarization_error);
    const bool takes_all = missing == count && block.n_live == count;
    bool is_used = takes_all;
    if (takes_all && !Block::Math::keeps_all_bits && beam.n_sources == 1) {  // nobody sees the direction again
        for (int i = 0; i < count; ++i) block.polarization[i] = frame.factor(block.diffracted[i]);
    } else if (takes_all) {
        for (int i = 0; i < count; ++i) polarize(block, i, frame);
    } else {
        block.for_each_live([&](int i) {
            if (block.polarization[i] != 0.0 && !of_each) return;
            polarize(block, i, frame);
            is_used = true;
        });
    }
    if (!is_used) return;
    block.incident = incident;
    carried.normalise_axis_again(beam);
}

// Finds the scattering vectors and the lanes whose spacing is wanted.
template <class Block, class Carried>
NBHYBRID_HOST_DEVICE inline void enter_source(const PlanView& plan, Block& block, Carried& carried) {
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
    if (beam.polarization_of == FactorOf::pixel_centre) find_polarization_at_centre(plan, block);
    else if (beam.polarization_of != FactorOf::nothing) find_polarization(plan, block, carried);
}

template <class Block>
NBHYBRID_HOST_DEVICE inline void enter_pixels(const PlanView& plan, Block& block) {
    const int count = block.count;
    block.clear_live();
    block.polarization_error = 0.0;
    const double polarization = plan.beam.is_corrected_for_polarization ? 0.0 : 1.0;
    for (int i = 0; i < count; ++i) block.capture.set(i, 1.0, 0.0), block.polarization[i] = polarization;
    if (plan.beam.polarization_of == FactorOf::pixel_centre || plan.detector.solid_angle_of == FactorOf::pixel_centre)
        locate_centres(plan, block);
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

// step(phi, domain, axes) for one after the other, until it returns false; false if it did.
template <class Step>
NBHYBRID_HOST_DEVICE inline bool for_each_orientation(const OrientationStage& o, const Axes* steps, const Axes* table, Step step) {
    for (int phi = 0; phi < o.n_phi; ++phi)
        for (int domain = 0; domain < o.n_domains; ++domain)
            if (!step(phi, domain, orientation(o, steps, table, phi, domain))) return false;
    return true;
}

template <class Step>
NBHYBRID_HOST_DEVICE inline bool for_each_later_orientation(const OrientationStage& o, Step step) {
    return for_each_orientation(o, o.later_sweep, o.later_sweep_table, step);
}

// A sum has enter_subpixel(block), and add_source(block) for each source that reaches at least one pixel, which returns false to
// end the walk. Returns false if the walk was ended.
template <class Block, class Sum, class Carried = NothingCarried>
NBHYBRID_HOST_DEVICE inline bool walk_block(const PlanView& plan, Block& block, Sum& sum, Carried&& carried = {}) {
    enter_pixels(plan, block);
    for (block.layer = 0; block.layer < plan.sensor.layers; ++block.layer) {
        for (block.sub_slow = 0; block.sub_slow < plan.detector.oversample; ++block.sub_slow) {
            for (block.sub_fast = 0; block.sub_fast < plan.detector.oversample; ++block.sub_fast) {
                locate_subpixels(plan, block);
                find_solid_angles(plan, block);
                find_capture(plan, block);
                carried.find_zeros_again(plan, block);
                sum.enter_subpixel(block);
                for (block.source = 0; block.source < plan.beam.n_sources; ++block.source) {
                    enter_source(plan, block, carried);
                    if (block.n_live != 0 && !sum.add_source(block)) return false;
                }
            }
        }
    }
    return true;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
