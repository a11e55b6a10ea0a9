#pragma once
// The trace of a device: the policy by which the kernel notes a pixel, in memory that the host gives it, sized beforehand.
//
// What the fast formulas do not hold as such is derived here from what they did use:
// - position: kept where the ray's direction is made from it;
// - factors of the axes of a parallelepiped: quotients of the sines that the kernel multiplied, with the sign that the half turns
//   have by which it reduced their phases;
// - lattice factor: the root of the square that was summed, with the sign of these quotients or, of a sphere, of the factor that
// the
//   kernel squared, likewise; 0 where the step was left out because no spot reaches it;
// - amplitude: without its sign where the kernel has but its square;
// - intensities: the kernel sums without a factor that the squares of all amplitudes share, and without the water;
// - nearest indices: rounded from the index as the table's places are;
// - cosine of the scattering angle: of the directions as the kernel left them.

#include <array>
#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/trace_records.hpp"

namespace nbhybrid::kernel {

// The first source of a sub-pixel and layer that the limit of the resolution lets through, and its first step.
struct PassNote {
    SourceRecord source;
    FirstStepRecord first_step;
    int has_first_step = 0, has_amplitude = 0;
};

// The head of a pixel's notes.
struct PixelNotes {
    // Given.
    int slow = 0, fast = 0;
    PassNote* passes = nullptr;   // room for all
    StepRecord* steps = nullptr;  // likewise; null: nobody asks for them
    // Found.
    std::int64_t n_passes = 0, n_steps = 0;
    StepRecord last_step;
    Axes last_axes;
    Vec3 last_position, last_scattering;
    FinalRecord final_values;
    RoundingTest rounding = RoundingTest::none;
    double error_bound = 0;
    // Of the run: what the kernel leaves out of the squares that it sums, and what the reference's sum begins with.
    double common_square = 1, first_intensity = 0;
    // Of the step under way. The axes come one after the other.
    double index[3] = {}, axis_factors[3] = {}, half_turns[3] = {};
    int axis = 0;
    double amplitude = 0, square = 0, sign = 1;
};

// For each Arithmetic and crystal shape; null where there is no version.
using TracePixel = void (*)(const PlanView& plan, const PixelBounds& bounds, PixelNotes& notes);
using TraceOfShapes = std::array<TracePixel, physics::shape_count>;
struct TraceKernel {
    TraceOfShapes trace[3];
};

inline namespace NBHYBRID_ISA {

class DeviceTrace {
public:
    static constexpr bool enabled = true;

    template <class Base>
    struct Math : Base {
        template <class Block>
        NBHYBRID_HOST_DEVICE static void direct(Block& block, int i, const Vec3& position) {
            block.position.set(i, position);
            Base::direct(block, i, position);
        }
    };

    NBHYBRID_HOST_DEVICE explicit DeviceTrace(PixelNotes* notes) : notes_(notes) {}

    NBHYBRID_HOST_DEVICE void begin(const PlanView& plan, bool multiplies_terms) const {
        notes_->common_square = terms::unit_of_squares(plan.crystal.amplitudes);
        notes_->first_intensity = plan.scale.background_is_scaled && !multiplies_terms ? plan.scale.background : 0.0;
    }

    template <class Block>
    NBHYBRID_HOST_DEVICE void source(const Block& block) const {
        if (block.source != 0) return;
        PassNote& pass = notes_->passes[notes_->n_passes++];
        pass.source = {block.position[0], block.diffracted[0],  block.incident,  block.scattering[0],
                       block.path[0],     block.solid_angle[0], block.wavelength};
        pass.has_first_step = pass.has_amplitude = 0;
    }

    NBHYBRID_HOST_DEVICE void begin_step(const Axes& axes) const {
        notes_->last_axes = axes;
        notes_->axis = 0;
        notes_->amplitude = notes_->square = 0.0;
        notes_->sign = 1.0;
        for (double& factor : notes_->axis_factors) factor = 1.0;
    }
    NBHYBRID_HOST_DEVICE void index(const Vec3& index) const {
        notes_->index[0] = index.x, notes_->index[1] = index.y, notes_->index[2] = index.z;
    }
    // Of the next axis: its index, and by how many half turns its two phases together were reduced.
    NBHYBRID_HOST_DEVICE void phase(double index, double half_turns) const {
        const int axis = next_axis();
        notes_->index[axis] = index;
        notes_->half_turns[axis] = half_turns;
    }
    NBHYBRID_HOST_DEVICE void half_turns(const Vec3& half_turns) const {
        notes_->half_turns[0] = half_turns.x, notes_->half_turns[1] = half_turns.y, notes_->half_turns[2] = half_turns.z;
    }
    // Of the next axis: the sines of N times its phase and of its phase, or both with a common factor.
    NBHYBRID_HOST_DEVICE void sines(double above, double below) const {
        const int axis = next_axis();
        notes_->axis_factors[axis] = turned(above / below, notes_->half_turns[axis]);
    }
    NBHYBRID_HOST_DEVICE void sines(double above, double below, double half_turns) const {
        notes_->half_turns[notes_->axis] = half_turns;
        sines(above, below);
    }
    // Of the next axis, without sines.
    NBHYBRID_HOST_DEVICE void axis_factor(double factor) const { notes_->axis_factors[next_axis()] = factor; }
    // Of a sphere, and by how many half turns its phase was reduced.
    NBHYBRID_HOST_DEVICE void factor(double factor, double half_turns) const { notes_->sign = turned(factor, half_turns); }
    NBHYBRID_HOST_DEVICE void square(double square) const { notes_->square = square; }
    NBHYBRID_HOST_DEVICE void amplitude(double amplitude) const { notes_->amplitude = amplitude; }
    NBHYBRID_HOST_DEVICE void square_of_amplitude(double square) const {
        notes_->amplitude = __builtin_sqrt(square * notes_->common_square);
    }

    template <class Block>
    NBHYBRID_HOST_DEVICE void end_step(const Block& block, int phi, int domain, bool has_water, double sum) const {
        const PixelNotes& n = *notes_;
        const Vec3 index{n.index[0], n.index[1], n.index[2]};
        const Indices whole = physics::nearest_indices(index);
        const double sign = n.sign * n.axis_factors[0] * n.axis_factors[1] * n.axis_factors[2];
        const double lattice = __builtin_copysign(__builtin_sqrt(n.square), sign);
        const bool is_first = block.source == 0 && phi == 0 && domain == 0, is_summed = lattice != 0.0 || has_water;
        if (is_first) {
            PassNote& pass = notes_->passes[n.n_passes - 1];
            pass.first_step = {n.last_axes, index,      whole, {n.axis_factors[0], n.axis_factors[1], n.axis_factors[2]},
                               lattice,     n.amplitude};
            pass.has_first_step = 1;
            pass.has_amplitude = is_summed ? 1 : 0;
        }
        if (!is_summed) return;
        notes_->last_step = {block.layer,
                             block.sub_slow,
                             block.sub_fast,
                             block.source,
                             phi,
                             domain,
                             index,
                             whole,
                             lattice,
                             n.amplitude,
                             block.polarization[0],
                             block.solid_angle[0],
                             block.capture[0],
                             intensity(sum)};
        if (n.steps != nullptr) n.steps[notes_->n_steps++] = n.last_step;
    }

    NBHYBRID_HOST_DEVICE void photons(double photons) const { notes_->final_values.photons = photons; }
    NBHYBRID_HOST_DEVICE void rounding(double error, bool is_decided) const {
        notes_->error_bound = error;
        notes_->rounding = is_decided ? RoundingTest::decided : RoundingTest::undecided;
    }
    // After the last step.
    template <class Block>
    NBHYBRID_HOST_DEVICE void factors(const Block& block) const {
        FinalRecord& f = notes_->final_values;
        f.capture = block.capture[0];
        f.polarization = block.polarization[0];
        f.solid_angle = block.solid_angle[0];
        f.cos_2theta = dot(block.incident, block.diffracted[0]);
        notes_->last_position = block.position[0];
        notes_->last_scattering = block.scattering[0];
    }
    NBHYBRID_HOST_DEVICE void end(double sum, float pixel) const {
        notes_->final_values.intensity = intensity(sum);
        notes_->final_values.pixel = pixel;
    }

private:
    NBHYBRID_HOST_DEVICE int next_axis() const {
        const int axis = notes_->axis;
        notes_->axis = axis == 2 ? 0 : axis + 1;
        return axis;
    }
    NBHYBRID_HOST_DEVICE static double turned(double factor, double half_turns) {
        const double turns = 0.5 * half_turns;
        return turns == __builtin_floor(turns) ? factor : -factor;
    }
    NBHYBRID_HOST_DEVICE double intensity(double sum) const { return notes_->first_intensity + sum * notes_->common_square; }

    PixelNotes* notes_;
};

// Renders the pixel that the notes name. A device has the squares of amplitudes alone where it takes no double.
template <physics::CrystalShape shape, Arithmetic arithmetic>
NBHYBRID_HOST_DEVICE inline void trace_device_pixel(const PlanView& plan, const PixelBounds& bounds, PixelNotes& notes) {
    Lanes<int, 1> fast;
    fast[0] = notes.fast;
    decide_pixels<arithmetic, shape, 1>(plan, bounds, PlainSweep<TabledMath, true>{}, notes.slow, fast, DeviceTrace(&notes));
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
