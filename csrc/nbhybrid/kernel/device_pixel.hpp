#pragma once
// One pixel, or some neighbours in a row, as a device's thread decides them: the loop nest with a small block, the functions of
// numerics/ and the rounding test. It compiles for the host too, where `kernel/isa/device_kernel.cpp` runs it.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/arithmetic.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/decision.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/pixel_factors.hpp"
#include "nbhybrid/kernel/segments.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {

inline namespace NBHYBRID_ISA {

// Takes positions on a curved detector from a table.
struct TabledMath : BoundedMath {
    template <class Block>
    NBHYBRID_HOST_DEVICE static Vec3 curved(const DetectorStage& d, const Block& block, int i, int plane, const Vec3&) {
        return d.curved_positions[place_in_table(d, plane, block.slow, block.fast[i])];
    }
};

// The sum of a pixel's terms, and of what they may be off, besides relative errors.
struct PixelTotal {
    double intensity = 0, error = 0;
};

// Leaves the orientations to the loop nest. A device has others, which read them from memory that its threads share, and whose
// threads share the search for those that reach any of their pixels, or the orientations of one pixel.
struct PlainSweep {
    using Math = BoundedMath;
    // Whether the amplitudes of a table are squares already.
    static constexpr bool has_squares = false;

    // Does the steps of all orientations; false if it does not.
    template <bool has_narrow_spots, class Block, class Sum>
    NBHYBRID_HOST_DEVICE bool run(const PlanView&, const SupportRadius&, const Block&, Sum&) const {
        return false;
    }

    // What all threads that share a pixel have summed.
    NBHYBRID_HOST_DEVICE PixelTotal combine(const PixelTotal& mine) const { return mine; }
};

struct TabledSweep : PlainSweep {
    using Math = TabledMath;
};

// A traced thread has one pixel.
template <physics::CrystalShape shape, bool in_float, class Sweep, int pixels, class Trace = NoTrace>
class PixelSum : public PixelFactors<WholeBlock<pixels, typename Trace::template Math<typename Sweep::Math>>> {
    static_assert(pixels == 1 || !Trace::enabled);

public:
    using Block = WholeBlock<pixels, typename Trace::template Math<typename Sweep::Math>>;

    NBHYBRID_HOST_DEVICE PixelSum(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep, Trace trace = {})
        : PixelFactors<Block>(plan),
          bounds_(bounds),
          sweep_(sweep),
          has_table_(terms::has_table(plan.crystal.amplitudes)),
          trace_(trace) {
        for (int i = 0; i < pixels; ++i) total_[i] = PixelTotal{};
        NBHYBRID_TRACED(trace_.begin(plan, this->multiplies_terms_));
    }

    NBHYBRID_HOST_DEVICE bool enter_source(const Block& block) {
        this->template set_weights<!in_float>(block);
        NBHYBRID_TRACED(trace_.source(block));
        return !sweep_.template run<physics::has_spots(shape)>(this->plan_, bounds_.support, block, *this);
    }

    NBHYBRID_HOST_DEVICE bool step(const Block& block, [[maybe_unused]] int phi, [[maybe_unused]] int domain, const Axes& axes) {
        NBHYBRID_TRACED(trace_.begin_step(axes));
        add_step(block, axes);
        NBHYBRID_TRACED(trace_.end_step(block, phi, domain, this->plan_.crystal.water, total_[0].intensity));
        return true;
    }

    NBHYBRID_HOST_DEVICE DecidedPixel finish(const Block& block, int i) const {
        const DecisionScale scale(this->plan_, bounds_.relative, bounds_.absolute_intensity * this->largest_weight_[i]);
        const PixelTotal total = sweep_.combine(total_[i]);
        DecidedPixel pixel;
        const BoundedFactors f = this->factors(block, i, Applied::at_end);
        if constexpr (in_float) pixel.value = untested_pixel(scale, total.intensity, f, trace_), pixel.is_decided = true;
        else pixel.is_decided = decide(scale, total.intensity, total.error, f, pixel.value, trace_);
        pixel.solid_angles = this->solid_angles_[i];
        NBHYBRID_TRACED(trace_.end(block, total.intensity, pixel.value));
        return pixel;
    }

private:
    using Shape = terms::Shape<shape>;
    static constexpr bool has_float_phases = in_float && Shape::has_offset_phases;

    NBHYBRID_HOST_DEVICE void add_step(const Block& block, const Axes& axes) {
        Lanes<Step, pixels> steps;
        Lanes<bool, pixels> counts;
        bool is_near = false, is_present = false;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) is_near |= find_phases_of(axes, scattering(block, i), steps[i]);
        if (!is_near && !Trace::enabled) return;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) is_present |= counts[i] = look_up(steps[i]) && (pixels == 1 || block.is_live[i]);
        // Of a step that adds nothing a trace alone wants the factor.
        if (!is_near || (!is_present && !Trace::enabled)) return;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            find_factor(axes, scattering(block, i), steps[i]);
            if (pixels == 1 ? is_present || !Trace::enabled : counts[i]) add_term(i, steps[i]);
        }
    }

    // Of one pixel at one step.
    struct Step {
        terms::StepLanes<1> lanes;
        typename Shape::template Lanes<1> own;
        terms::FloatPhases<1> phases;
    };

    NBHYBRID_HOST_DEVICE static VectorLanes<1> scattering(const Block& block, int i) {
        VectorLanes<1> one;
        one.set(0, block.scattering[i]);
        return one;
    }

    // False where an index is beyond the support radius of every spot.
    NBHYBRID_HOST_DEVICE bool find_phases_of(const Axes& axes, const VectorLanes<1>& s, Step& step) const {
        if constexpr (has_float_phases) {
            const CrystalStage& crystal = this->plan_.crystal;
            const terms::AmplitudeGrid& grid = crystal.amplitudes;
            if (has_table_) terms::find_phases_in_float<true>(crystal, grid, axes, s, step.phases, step.lanes, 0, 1, trace_);
            else terms::find_phases_in_float<false>(crystal, grid, axes, s, step.phases, step.lanes, 0, 1, trace_);
            return true;
        } else {
            terms::find_indices(axes, s, step.lanes, 0, 1);
            NBHYBRID_TRACED(trace_.index(step.lanes.index[0]));
            bool is_reached = true;
            if constexpr (physics::has_spots(shape)) is_reached = !(bounds_.support.is_limited && is_far(step.lanes.index[0]));
            return is_reached;
        }
    }

    NBHYBRID_HOST_DEVICE bool is_far(const Vec3& index) const {
        const Vec3 support = bounds_.support.along_axes;
        return (stays_away(index.x, 0.0, 0.0, support.x) | stays_away(index.y, 0.0, 0.0, support.y) |
                stays_away(index.z, 0.0, 0.0, support.z)) != 0;
    }

    // The amplitude, for all pixels of a step that one of them is near to. False if it is 0.
    NBHYBRID_HOST_DEVICE bool look_up(Step& step) const {
        const terms::AmplitudeGrid& grid = this->plan_.crystal.amplitudes;
        if constexpr (!has_float_phases)
            if (has_table_) terms::find_places(grid, step.lanes, 0, 1);
        if constexpr (in_float)
            if (grid.squares != nullptr) {
                const float square = step.lanes.place[0] >= 0 ? grid.squares[step.lanes.place[0]] : terms::default_square(grid);
                step.lanes.amplitude[0] = static_cast<double>(square);
                NBHYBRID_TRACED(trace_.square_of_amplitude(step.lanes.amplitude[0]));
                return square != 0.0F;
            }
        if (has_table_) return terms::read_places(grid, step.lanes, 0, 1, trace_) != 0;
        step.lanes.amplitude[0] = 1.0;  // the square of the others is left for the end
        NBHYBRID_TRACED(trace_.amplitude(grid.default_amplitude));
        return true;
    }

    NBHYBRID_HOST_DEVICE void find_factor(const Axes& axes, const VectorLanes<1>& s, Step& step) const {
        const CrystalStage& crystal = this->plan_.crystal;
        if constexpr (has_float_phases) {
            terms::find_squares_in_float(step.phases, step.lanes, 0, 1, trace_);
            terms::find_bright_in_double(crystal, crystal.amplitudes, axes, s, step.own, step.lanes, 0, 1, trace_);
        } else {
            Shape::find_squares(crystal, step.lanes, step.own, 0, 1, trace_);
        }
        NBHYBRID_TRACED(trace_.square(step.lanes.lattice[0]));
    }

    NBHYBRID_HOST_DEVICE void add_term(int i, const Step& step) {
        const terms::StepLanes<1>& lanes = step.lanes;
        const double weight = this->multiplies_terms_ ? this->weight_[i] : 1.0;
        const double term = lanes.amplitude[0] * lanes.lattice[0] * weight;
        total_[i].intensity += term;
        if (this->multiplies_terms_) total_[i].error += term * this->weight_error_[i];
        if constexpr (Shape::has_own_error) total_[i].error += lanes.amplitude[0] * step.own.error[0] * weight;
    }

    const PixelBounds& bounds_;
    const Sweep& sweep_;
    bool has_table_;
    Lanes<PixelTotal, pixels> total_;
    Trace trace_;
};

template <int pixels>
struct DecidedPixels {
    Lanes<DecidedPixel, pixels> of;
};

// Pixels of one row. They must be such that the vector kernel may take: none that interpolates or sees the run's first sweep.
template <class Sum, int pixels, class Sweep, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline DecidedPixels<pixels> decide_pixels(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep,
                                                                int slow, const Lanes<int, pixels>& fast, Trace trace = {}) {
    Sum sum(plan, bounds, sweep, trace);
    typename Sum::Block block;
    block.slow = slow;
    block.axis_entry = plan.beam.n_axes - 1;
    for (int i = 0; i < pixels; ++i) block.fast[i] = fast[i];
    walk_block(plan, block, sum);
    DecidedPixels<pixels> decided;
    for (int i = 0; i < pixels; ++i) decided.of[i] = sum.finish(block, i);
    return decided;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
