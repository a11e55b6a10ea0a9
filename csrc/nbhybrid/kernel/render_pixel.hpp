#pragma once
// The intensity of one pixel: the visitor that sums the steps, for each crystal shape and with or without a trace.

#include <atomic>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/kernel/pixel_walk.hpp"
#include "nbhybrid/kernel/trace_policy.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/structure_factor.hpp"

namespace nbhybrid::kernel {

using physics::CrystalShape;

// One for the threads of a run; each step costs a thread one decrement.
class StopSign {
public:
    void raise() { raised_.store(true, std::memory_order_relaxed); }
    bool is_up() const { return raised_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> raised_{false};
};

struct LatticeFactor {
    double value = 1;
    Vec3 along_axes{1, 1, 1};  // of a square crystal
};

template <CrystalShape shape>
NBHYBRID_HOST_DEVICE inline LatticeFactor lattice_factor(const CrystalStage& c, const Vec3& index, const Indices& nearest) {
    LatticeFactor factor;
    if constexpr (shape == CrystalShape::square) {
        factor.along_axes = {physics::square_axis_factor(index.x, c.cells.x), physics::square_axis_factor(index.y, c.cells.y),
                             physics::square_axis_factor(index.z, c.cells.z)};
        factor.value = factor.along_axes.x * factor.along_axes.y * factor.along_axes.z;
        return factor;
    }
    const Vec3 offset{index.x - nearest.h, index.y - nearest.k, index.z - nearest.l};
    if constexpr (shape == CrystalShape::round) {
        factor.value = physics::round_factor(physics::offset_in_cells_squared(offset, c.cells), c.cells, c.fudge);
    } else {
        const double r2 = physics::offset_in_reciprocal_space_squared(offset, c.a_star, c.b_star, c.c_star, c.cells);
        factor.value = shape == CrystalShape::gauss ? physics::gauss_factor(r2, c.cells, c.fudge)
                                                    : physics::tophat_factor(r2, c.cells, c.fudge);
    }
    return factor;
}

template <CrystalShape shape, class Trace>
class PixelSum {
public:
    PixelSum(const PlanView& plan, bool interpolate, const StopSign& stop, Trace& trace)
        : plan_(plan), stop_(stop), trace_(trace), interpolate_(interpolate), intensity_(plan.scale.background) {
        multiplies_ = plan.sensor.oversample || plan.beam.oversample || plan.detector.oversample_omega;
        skips_zero_ = !Trace::enabled && !multiplies_;
    }

    double intensity() const { return intensity_; }
    // Sum of the solid angles of all sub-pixels and layers.
    double solid_angles() const { return solid_angles_; }

    void enter_subpixel(const WalkState& at) { solid_angles_ += at.solid_angle; }

    bool enter_source(const WalkState& at) {
        if constexpr (Trace::enabled)
            if (at.source == 0) trace_.source(at);
        return true;
    }

    bool step(const WalkState& at, int phi, int domain, const Axes& axes) {
        if (--until_look_ == 0) {
            until_look_ = steps_between_looks;
            if (stop_.is_up()) return false;
        }
        const CrystalStage& crystal = plan_.crystal;
        const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, at.scattering);
        const Indices nearest{physics::nearest_index(index.x), physics::nearest_index(index.y), physics::nearest_index(index.z)};
        // An amplitude of exactly 0 adds exactly 0, whatever the lattice factor.
        if (skips_zero_ && !interpolate_ && physics::nearest_amplitude(crystal.amplitudes, nearest.h, nearest.k, nearest.l) == 0.0)
            return true;

        const LatticeFactor lattice = lattice_factor<shape>(crystal, index, nearest);
        const bool traced_first = Trace::enabled && at.source == 0 && phi == 0 && domain == 0;
        if constexpr (Trace::enabled) {
            trace_.axes(axes);
            if (traced_first) trace_.first_step(axes, index, nearest, lattice.along_axes, lattice.value);
        }
        if (lattice.value == 0.0 && !crystal.water) return true;

        const double amplitude = cell_amplitude(index, nearest);
        if constexpr (Trace::enabled)
            if (traced_first) trace_.first_step_amplitude(amplitude);
        intensity_ += amplitude * amplitude * lattice.value * lattice.value;
        if (multiplies_) multiply(at);
        if constexpr (Trace::enabled)
            trace_.step({at.layer, at.sub_slow, at.sub_fast, at.source, phi, domain, index, nearest, lattice.value, amplitude,
                         at.polarization, at.solid_angle, at.capture, intensity_});
        return true;
    }

private:
    static constexpr int steps_between_looks = 1 << 14;

    double cell_amplitude(const Vec3& index, const Indices& nearest) {
        const physics::AmplitudeGrid& grid = plan_.crystal.amplitudes;
        if (interpolate_ && physics::leaves_table(grid, index)) {
            interpolate_ = false;
            if constexpr (Trace::enabled) trace_.interpolation_ends(index);
        }
        return interpolate_ ? physics::tricubic_amplitude(grid, index)
                            : physics::nearest_amplitude(grid, nearest.h, nearest.k, nearest.l);
    }

    // The reference multiplies the sum so far, not the step's own term.
    void multiply(const WalkState& at) {
        if (plan_.sensor.oversample) intensity_ *= at.capture;
        if (plan_.beam.oversample) intensity_ *= at.polarization;
        if (plan_.detector.oversample_omega) intensity_ *= at.solid_angle;
    }

    const PlanView& plan_;
    const StopSign& stop_;
    Trace& trace_;
    bool interpolate_, multiplies_ = false, skips_zero_ = false;
    int until_look_ = steps_between_looks;
    double intensity_;
    double solid_angles_ = 0;
};

// Photons in the pixel, and the sum of its sub-pixels' solid angles. The value means nothing once the stop sign is up.
struct PixelValue {
    float photons = 0;
    double solid_angles = 0;
    std::int64_t axis_uses = 0;
};

template <CrystalShape shape, class Trace>
PixelValue render_pixel(const PlanView& plan, int slow, int fast, const StopSign& stop, Trace& trace) {
    const bool interpolate = plan.crystal.interpolate && pixel_index(plan, slow, fast) <= plan.carry_over.interpolation_ends;
    PixelSum<shape, Trace> sum(plan, interpolate, stop, trace);
    WalkState at;
    at.slow = slow;
    at.fast = fast;
    walk_pixel(plan, at, sum);
    double photons = physics::photons_per_steradian(sum.intensity(), plan.scale.fluence, static_cast<double>(plan.scale.steps));
    if (!plan.sensor.oversample) photons *= at.capture;
    if (!plan.beam.oversample) photons *= at.polarization;
    if (!plan.detector.oversample_omega) photons *= at.solid_angle;
    // A float32 that was 0 is added to, in double: the sum is rounded once.
    const auto pixel = static_cast<float>(0.0 + photons);
    if constexpr (Trace::enabled)
        trace.end(at,
                  {sum.intensity(), at.capture, at.polarization, at.solid_angle, dot(at.incident, at.diffracted), photons, pixel});
    return {pixel, sum.solid_angles(), at.axis_uses};
}

}  // namespace nbhybrid::kernel
