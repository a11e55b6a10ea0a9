#pragma once
// One pixel as a device's thread decides it: the loop nest with a block of one pixel, the functions of physics/bounded_math.hpp and
// the rounding test. It compiles for the host too, where `kernel/isa/device_kernel.cpp` runs it.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/bounded_factors.hpp"
#include "nbhybrid/kernel/bounded_lattice.hpp"
#include "nbhybrid/kernel/decision.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/float_lattice.hpp"
#include "nbhybrid/kernel/no_trace.hpp"
#include "nbhybrid/kernel/segments.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

inline namespace NBHYBRID_ISA {

// Takes positions on a curved detector from a table.
struct TabledMath : BoundedMath {
    template <class Block>
    NBHYBRID_HOST_DEVICE static Vec3 curved(const DetectorStage& d, const Block& block, int i, int plane, const Vec3&) {
        return d.curved_positions[place_in_table(d, plane, block.slow, block.fast[i])];
    }
};

// Leaves the orientations to the loop nest. A device has another policy, which reads them from memory that its threads share, and
// whose threads share the search for those that reach any of their pixels.
struct PlainSweep {
    using Math = BoundedMath;

    // Does the steps of all orientations; false if it does not.
    template <bool can_be_narrow, class Block, class Sum>
    NBHYBRID_HOST_DEVICE bool run(const PlanView&, const Reach&, const Block&, Sum&) const {
        return false;
    }
};

struct TabledSweep : PlainSweep {
    using Math = TabledMath;
};

template <CrystalShape shape, bool in_float, class Sweep, class Trace = NoTrace>
class PixelSum {
public:
    using Block = PixelBlock<1, typename Trace::template Math<typename Sweep::Math>>;

    NBHYBRID_HOST_DEVICE PixelSum(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep, Trace trace)
        : plan_(plan),
          bounds_(bounds),
          sweep_(sweep),
          multiplies_terms_(multiplies_terms(plan)),
          has_table_(plan.crystal.amplitudes.values != nullptr),
          trace_(trace) {
        NBHYBRID_TRACED(trace_.begin(plan, multiplies_terms_));
    }

    NBHYBRID_HOST_DEVICE void enter_subpixel(const Block& block) { solid_angles_ += block.solid_angle[0]; }

    NBHYBRID_HOST_DEVICE bool enter_source(const Block& block) {
        if (multiplies_terms_) {
            const double source = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
            weight_ = term_weight(factors(block, Applied::to_each_term), source, weight_error_);
            largest_weight_ = larger(weight_, largest_weight_);
        }
        NBHYBRID_TRACED(trace_.source(block));
        return !sweep_.template run<can_be_narrow>(plan_, bounds_.reach, block, *this);
    }

    NBHYBRID_HOST_DEVICE bool step(const Block& block, [[maybe_unused]] int phi, [[maybe_unused]] int domain, const Axes& axes) {
        NBHYBRID_TRACED(trace_.begin_step(axes));
        if (find_term(block, axes)) add_term();
        NBHYBRID_TRACED(trace_.end_step(block, phi, domain, plan_.crystal.water, intensity_));
        return true;
    }

    NBHYBRID_HOST_DEVICE DecidedPixel finish(const Block& block) const {
        const DecisionScale scale(plan_, bounds_.relative, bounds_.absolute_intensity * largest_weight_);
        DecidedPixel pixel;
        const BoundedFactors f = factors(block, Applied::at_end);
        if constexpr (in_float) pixel.value = taken(scale, intensity_, f, trace_), pixel.is_decided = true;
        else pixel.is_decided = decide(scale, intensity_, error_, f, pixel.value, trace_);
        pixel.solid_angles = solid_angles_;
        NBHYBRID_TRACED(trace_.end(block, intensity_, pixel.value));
        return pixel;
    }

private:
    static constexpr bool can_be_narrow = shape == CrystalShape::gauss || shape == CrystalShape::tophat;

    // The squares of a step's amplitude and lattice factor. False if the step adds nothing: then a trace alone wants the factor.
    NBHYBRID_HOST_DEVICE bool find_term(const Block& block, const Axes& axes) {
        const CrystalStage& crystal = plan_.crystal;
        bool adds = true;
        if constexpr (in_float && shape == CrystalShape::square) {
            if (has_table_) find_phases_in_float<true>(crystal, axes, block.scattering, phases_, lanes_, 0, 1, trace_);
            else find_phases_in_float<false>(crystal, axes, block.scattering, phases_, lanes_, 0, 1, trace_);
            adds = look_up();
            if (!adds && !Trace::enabled) return false;
            square_crystal_in_float(phases_, lanes_, 0, 1, trace_);
            compute_bright_in_double(crystal, axes, block.scattering, lanes_, 0, 1, trace_);
        } else {
            find_indices(axes, block.scattering, lanes_, 0, 1);
            NBHYBRID_TRACED(trace_.index(lanes_.index[0]));
            const bool is_reached = !leaves_out();
            if (!is_reached && !Trace::enabled) return false;
            if (has_table_) find_places(crystal.amplitudes, lanes_, 0, 1);
            adds = look_up() && is_reached;
            if (!is_reached || (!adds && !Trace::enabled)) return false;
            square_lattice_factors<shape>(crystal, lanes_, 0, 1, trace_);
        }
        NBHYBRID_TRACED(trace_.square(lanes_.lattice[0]));
        return adds;
    }

    // Whether an index is beyond the reach of every spot.
    NBHYBRID_HOST_DEVICE bool is_far(const Vec3& index) const {
        const Vec3 reach = bounds_.reach.along_axes;
        return (stays_away(index.x, 0.0, 0.0, reach.x) | stays_away(index.y, 0.0, 0.0, reach.y) |
                stays_away(index.z, 0.0, 0.0, reach.z)) != 0;
    }

    NBHYBRID_HOST_DEVICE bool leaves_out() const {
        if constexpr (can_be_narrow) return bounds_.reach.is_limited && is_far(lanes_.index[0]);
        return false;
    }

    // From the place of a table's entry. False if the amplitude is 0.
    NBHYBRID_HOST_DEVICE bool look_up() {
        if (has_table_) return read_places(plan_.crystal.amplitudes, lanes_, 0, 1, trace_) != 0;
        lanes_.amplitude[0] = 1.0;  // the square of the others is left for the end
        NBHYBRID_TRACED(trace_.amplitude(plan_.crystal.amplitudes.default_amplitude));
        return true;
    }

    NBHYBRID_HOST_DEVICE void add_term() {
        const double weight = multiplies_terms_ ? weight_ : 1.0;
        const double term = lanes_.amplitude[0] * lanes_.lattice[0] * weight;
        intensity_ += term;
        if (multiplies_terms_) error_ += term * weight_error_;
        if constexpr (shape == CrystalShape::round) error_ += lanes_.amplitude[0] * lanes_.lattice_error[0] * weight;
    }

    // Those that enter in one way, and ones in place of the others.
    NBHYBRID_HOST_DEVICE BoundedFactors factors(const Block& block, Applied way) const {
        BoundedFactors f{1.0, 0.0, 1.0, 0.0, 1.0, 0.0};
        if (plan_.sensor.capture == way) f.capture = block.capture[0], f.capture_error = block.capture_error[0];
        if (plan_.beam.polarization == way) {
            f.polarization = block.polarization[0];
            if (plan_.beam.is_corrected_for_polarization) f.polarization_error = block.polarization_error;
        }
        if (plan_.detector.solid_angle == way) f.angle = block.solid_angle[0];
        return f;
    }

    const PlanView& plan_;
    const PixelBounds& bounds_;
    const Sweep& sweep_;
    bool multiplies_terms_, has_table_;
    double intensity_ = 0, error_ = 0, solid_angles_ = 0;
    double weight_ = 1, weight_error_ = 0, largest_weight_ = 1;  // of the terms of this source; of all sources
    StepLanes<1> lanes_;
    FloatPhases<1> phases_;
    Trace trace_;
};

// The pixel must be one that the vector kernel may take: none that interpolates or sees the run's first sweep.
template <CrystalShape shape, bool in_float, class Sweep, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline DecidedPixel decide_pixel(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep, int slow,
                                                      int fast, Trace trace = {}) {
    using Sum = PixelSum<shape, in_float, Sweep, Trace>;
    Sum sum(plan, bounds, sweep, trace);
    typename Sum::Block block;
    block.slow = slow;
    block.count = 1;
    block.fast[0] = fast;
    block.axis_entry = plan.beam.n_axes - 1;
    walk_block(plan, block, sum);
    return sum.finish(block);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
