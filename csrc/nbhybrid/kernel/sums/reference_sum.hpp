#pragma once
// The reference's own sum of the steps: the C library's functions, each operation in the reference's order, and what it carries
// from step to step. It is the only one that knows the reference's defects of the loop; the ids in comments are those of
// docs/defects.md.

#include <atomic>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// One for the threads of a run, which look at it now and then.
class StopSign {
public:
    void raise() { raised_.store(true, std::memory_order_relaxed); }
    bool is_up() const { return raised_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> raised_{false};
};

// Whether what the reference carries along changes in this pixel. Such a pixel has a block of its own.
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

// What the reference carries from step to step, from source to source and from pixel to pixel, and what comes of that in the loop
// nest. All other sums have NothingCarried (walk/walk_block.hpp) in its place.
struct CarriedState {
    // As a pixel finds it, or all pixels of a block.
    CarriedState(const PlanView& plan, PixelIndex pixel)
        : first_sweep(pixel == plan.carry_over.first_sweep),
          interpolates(plan.crystal.interpolate && pixel <= plan.carry_over.interpolation_ends),
          axis_entry(axis_entry_of(plan, pixel)) {}

    // A factor that is kept for the pixel or the layer counts as unknown while it is 0: one that is 0 indeed is found again, the
    // solid angle (omega-corner) and the capture (layer-capture) in the next sub-pixel. The polarization (polar-first-source),
    // which is 0 until a source reaches the pixel, is so at the next source: the loop nest does that for all sums.
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

    // step(phi, domain, axes) for all orientations, until it returns false; false if it did. phi-carryover: a phi of exactly 0
    // leaves the crystal as the step before did, which the first step of a run does not have.
    template <class Step>
    bool sweep(const OrientationStage& o, Step step) {
        const Axes* const steps = first_sweep ? o.first_sweep : o.later_sweep;
        const Axes* const table = first_sweep ? o.first_sweep_table : o.later_sweep_table;
        first_sweep = false;
        return for_each_orientation(o, steps, table, [&](int phi, int domain, Axes axes) {
            axes.a = perturbed("rot_a_angstroms", axes.a);
            return step(phi, domain, axes);
        });
    }

    bool first_sweep;   // of the run, is still to come
    bool interpolates;  // interpolation-sticky: the first step whose neighbourhood leaves the table ends it for good
    int axis_entry;     // of the polarization axes, for the next use
};

// A block that is traced holds one pixel.
template <physics::CrystalShape shape, class Trace, int width>
class ReferenceSum {
public:
    using Block = PixelBlock<width>;

    ReferenceSum(const PlanView& plan, const Block& block, CarriedState& carried, const StopSign& stop, Trace& trace)
        : plan_(plan), carried_(carried), stop_(stop), trace_(trace) {
        // oversample-product: the sum so far is multiplied at every step.
        const auto enters = [&plan](Applied way) {
            return plan.sensor.capture == way || plan.beam.polarization == way || plan.detector.solid_angle == way;
        };
        multiplies_sum_ = enters(Applied::to_running_sum);
        multiplies_terms_ = enters(Applied::to_each_term) || plan.beam.weighted;
        needs_nearest_ = Trace::enabled || !terms::Shape<shape>::has_offset_phases || plan.crystal.amplitudes.values != nullptr;
        skips_zero_ = !Trace::enabled && !multiplies_sum_ && !carried.interpolates;
        // water-twice: the background is in the sum, and is scaled with it.
        if (plan.scale.background_is_scaled && !multiplies_terms_)
            for (int i = 0; i < block.count; ++i) intensity_[i] = plan.scale.background;
    }

    // Sum of the solid angles of all sub-pixels and layers of all pixels.
    double solid_angles() const { return solid_angles_; }

    // Photons before the factors that are applied at the end.
    double photons_per_steradian(int i) const {
        const ScaleStage& scale = plan_.scale;
        const auto steps = static_cast<double>(scale.steps);
        double background = 0;
        if (multiplies_terms_ || !scale.background_is_scaled) background = scale.background * background_factor(i);
        if (scale.background_is_scaled) return physics::photons_per_steradian(intensity_[i] + background, scale.fluence, steps);
        return physics::photons_per_steradian(intensity_[i], scale.fluence, steps) + background;
    }
    double intensity(int i) const { return intensity_[i]; }

    void enter_subpixel(const Block& block) {
        for (int i = 0; i < block.count; ++i) solid_angles_ += block.solid_angle[i];
    }

    bool add_source(const Block& block) {
        if (multiplies_terms_)
            for (int j = 0; j < block.n_live; ++j) factors_[block.live[j]] += times_factors(1.0, block, block.live[j]);
        if constexpr (Trace::enabled)
            if (block.source == 0) trace_.source(block);
        return carried_.sweep(plan_.orientation,
                              [&](int phi, int domain, const Axes& axes) { return step(block, phi, domain, axes); });
    }

private:
    static constexpr int steps_between_looks = 256;

    bool step(const Block& block, int phi, int domain, const Axes& axes) {
        if (--until_look_ == 0) {
            until_look_ = steps_between_looks;
            if (stop_.is_up()) return false;
        }
        for (int i = 0; i < block.count; ++i)
            index_.set(i, perturbed("hkl_frac", physics::miller_index(axes.a, axes.b, axes.c, block.scattering[i])));
        if constexpr (Trace::enabled) trace_.axes(axes);
        for (int j = 0; j < block.n_live; ++j) add(block, block.live[j], phi, domain, axes);
        return true;
    }

    void add(const Block& block, int i, [[maybe_unused]] int phi, [[maybe_unused]] int domain, [[maybe_unused]] const Axes& axes) {
        const CrystalStage& crystal = plan_.crystal;
        const Vec3 index = index_[i];
        Indices nearest;
        if (needs_nearest_) nearest = physics::nearest_indices(index);
        // An amplitude of exactly 0 adds exactly 0, whatever the lattice factor.
        if (skips_zero_ && terms::nearest_amplitude(crystal.amplitudes, nearest.h, nearest.k, nearest.l) == 0.0) return;

        const terms::LatticeFactor lattice = terms::Shape<shape>::factor(crystal, index, nearest);
        const bool traced_first = Trace::enabled && block.source == 0 && phi == 0 && domain == 0;
        if constexpr (Trace::enabled)
            if (traced_first) trace_.first_step(axes, index, nearest, lattice.along_axes, lattice.value);
        if (lattice.value == 0.0 && !crystal.water) return;

        const double amplitude = cell_amplitude(index, nearest);
        if constexpr (Trace::enabled)
            if (traced_first) trace_.first_step_amplitude(amplitude);
        const double term = perturbed("I_before_scaling", amplitude * amplitude * lattice.value * lattice.value);
        intensity_[i] += multiplies_terms_ ? times_factors(term, block, i) : term;
        if (multiplies_sum_) multiply_sum(block, i);
        if constexpr (Trace::enabled)
            trace_.step({block.layer, block.sub_slow, block.sub_fast, block.source, phi, domain, index, nearest, lattice.value,
                         amplitude, block.polarization[i], block.solid_angle[i], block.capture[i], intensity_[i]});
    }

    double cell_amplitude(const Vec3& index, const Indices& nearest) {
        const terms::AmplitudeGrid& grid = plan_.crystal.amplitudes;
        bool interpolates = carried_.interpolates;
        if (interpolates && terms::leaves_table(grid, index)) {
            interpolates = false;
            // interpolation-sticky
            if (!plan_.crystal.interpolation_resumes) {
                carried_.interpolates = false;
                if constexpr (Trace::enabled) trace_.interpolation_ends(index);
            }
        }
        return perturbed("F_cell", interpolates ? terms::tricubic_amplitude(grid, index)
                                                : terms::nearest_amplitude(grid, nearest.h, nearest.k, nearest.l));
    }

    void multiply_sum(const Block& block, int i) {
        if (plan_.sensor.capture == Applied::to_running_sum) intensity_[i] *= block.capture[i];
        if (plan_.beam.polarization == Applied::to_running_sum) intensity_[i] *= block.polarization[i];
        if (plan_.detector.solid_angle == Applied::to_running_sum) intensity_[i] *= block.solid_angle[i];
    }

    double times_factors(double term, const Block& block, int i) const {
        if (plan_.sensor.capture == Applied::to_each_term) term *= block.capture[i];
        if (plan_.beam.polarization == Applied::to_each_term) term *= block.polarization[i];
        if (plan_.detector.solid_angle == Applied::to_each_term) term *= block.solid_angle[i];
        if (plan_.beam.weighted) term *= plan_.beam.sources[block.source].weight;
        return term;
    }

    // What the terms' factors make of a background that does not change from step to step: the mean over sub-pixels and sources,
    // and the sum over layers if each captures its share.
    double background_factor(int i) const {
        if (!multiplies_terms_) return 1.0;
        const double oversample = plan_.detector.oversample;
        double count = oversample * oversample * plan_.beam.n_sources;
        if (plan_.sensor.capture != Applied::to_each_term) count *= plan_.sensor.layers;
        return factors_[i] / count;
    }

    const PlanView& plan_;
    CarriedState& carried_;
    const StopSign& stop_;
    Trace& trace_;
    bool multiplies_sum_ = false, multiplies_terms_ = false, needs_nearest_ = true, skips_zero_ = false;
    int until_look_ = steps_between_looks;
    double solid_angles_ = 0;
    double intensity_[width] = {};
    double factors_[width] = {};  // sum of the terms' factors over layers, sub-pixels and sources
    VectorLanes<width> index_{};
};

// Writes the photons of each pixel of the block to pixels[0 ... count-1] and returns the sum of their solid angles. The values mean
// nothing once the stop sign is up.
template <physics::CrystalShape shape, class Trace, int width>
double render_block(const PlanView& plan, PixelBlock<width>& block, const StopSign& stop, Trace& trace, float* pixels) {
    CarriedState carried(plan, pixel_index(plan, block.slow, block.fast[0]));
    ReferenceSum<shape, Trace, width> sum(plan, block, carried, stop, trace);
    if (!walk_block(plan, block, sum, carried)) return 0.0;
    for (int i = 0; i < block.count; ++i) {
        double photons = sum.photons_per_steradian(i);
        if (plan.sensor.capture == Applied::at_end) photons *= block.capture[i];
        if (plan.beam.polarization == Applied::at_end) photons *= block.polarization[i];
        if (plan.detector.solid_angle == Applied::at_end) photons *= block.solid_angle[i];
        photons = perturbed("I_pixel_final", photons);
        // A float32 that was 0 is added to, in double: the sum is rounded once.
        pixels[i] = static_cast<float>(0.0 + photons);
        if constexpr (Trace::enabled) trace.end(block, sum.intensity(i), photons, pixels[i]);
    }
    return sum.solid_angles();
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
