#pragma once
// What the reference carries from step to step, from source to source and from pixel to pixel; docs/defects.md says under the ids what
// comes of it. All other sums have NothingCarried (walk/walk_block.hpp).

#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/kernel/walk/orientations.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Whether it changes in this pixel. Such a pixel has a block of its own.
inline bool carries_state(const PlanView& plan, PixelIndex pixel) {
    const CarryOver& c = plan.carry_over;
    return pixel == c.first_sweep || pixel == c.interpolation_ends || pixel <= c.axis_settles || c.axis_entries != nullptr;
}

// The entry of the polarization axes that is next when this pixel begins.
inline int axis_entry_of(const PlanView& plan, PixelIndex pixel) {
    const CarryOver& c = plan.carry_over;
    if (c.axis_entries != nullptr) return c.axis_entries[pixel];
    if (pixel > c.axis_settles) return plan.beam.n_axes - 1;
    int low = 0, high = c.n_axis_uses - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (c.axis_uses[middle].pixel < pixel) low = middle + 1;
        else high = middle;
    }
    return c.axis_uses[low].entry;
}

struct CarriedState {
    // As a pixel finds it, or all pixels of a block.
    CarriedState(const PlanView& plan, PixelIndex pixel)
        : first_sweep(pixel == plan.carry_over.first_sweep),
          interpolates(plan.crystal.interpolate && pixel <= plan.carry_over.interpolation_ends),
          axis_entry(axis_entry_of(plan, pixel)) {}

    // The cached factors mean, where they are 0, that they are not known yet: those that are 0 indeed are found again and again. Of
    // the solid angle (omega-corner) and the capture of a layer (layer-capture) in the next sub-pixels; of the polarization
    // (polar-first-source) at the next source, which the loop nest does for all sums.
    template <class Block>
    static void find_zeros_again(const PlanView& plan, Block& block) {
        const DetectorStage& d = plan.detector;
        for (int i = 0; d.solid_angle_of == FactorOf::first_subpixel && i < block.count; ++i)
            if (block.solid_angle[i] == 0.0) block.solid_angle[i] = Block::Math::solid_angle(d, block.path[i]);
        for (int i = 0; plan.sensor.capture_of == FactorOf::first_subpixel && i < block.count; ++i)
            if (block.capture[i] == 0.0) Block::Math::capture(plan.sensor, block, i, dot(block.diffracted[i], d.normal));
    }

    // Each use of the polarization axis normalises it once more, which may change its last bits.
    Vec3 polarization_axis(const BeamStage& beam) const { return beam.axes[axis_entry]; }
    void normalise_axis_again(const BeamStage& beam) {
        axis_entry = axis_entry + 1 < beam.n_axes ? axis_entry + 1 : beam.axis_cycle;
    }

    // step(phi, domain, axes) for all orientations, until it returns false; false if it did. phi-carryover: a phi of exactly 0 leaves
    // the crystal as the step before did, which the first step of a run does not have.
    template <class Step>
    bool sweep(const OrientationStage& o, Step step) {
        const bool is_first = first_sweep;
        first_sweep = false;
        return for_each_orientation(o, is_first ? o.first_sweep : o.later_sweep,
                                    is_first ? o.first_sweep_table : o.later_sweep_table, [&](int phi, int domain, Axes axes) {
                                        axes.a = perturbed("rot_a_angstroms", axes.a);
                                        return step(phi, domain, axes);
                                    });
    }

    bool first_sweep;  // of the run, is still to come
    // interpolation-sticky: the first step whose neighbourhood leaves the table ends it for good.
    bool interpolates;
    // Of the polarization axes, for the next use.
    int axis_entry;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
