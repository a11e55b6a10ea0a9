#pragma once
// The sum of PixelSum without double in the loop over orientations: the `fast` engine on devices where double is slow.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/pixel_factors.hpp"
#include "nbhybrid/kernel/support_in_float.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <physics::CrystalShape shape, class Sweep, int pixels, class Trace = NoTrace>
class FloatPixelSum : public PixelFactors<WholeBlock<pixels, typename Trace::template Math<typename Sweep::Math>>> {
public:
    using Block = WholeBlock<pixels, typename Trace::template Math<typename Sweep::Math>>;

    NBHYBRID_HOST_DEVICE FloatPixelSum(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep, Trace trace = {})
        : PixelFactors<Block>(plan),
          bounds_(bounds),
          sweep_(sweep),
          amplitudes_(plan.crystal.amplitudes),
          crystal_(plan.crystal),
          support_(bounds.support.along_axes, plan.crystal.largest_index),
          shift_(terms::shift_of_indices(plan.crystal.largest_index)),
          unit_(InPairs::unit(plan.crystal)),
          trace_(trace) {
        NBHYBRID_TRACED(trace_.begin(plan, this->multiplies_terms_));
        for (int i = 0; i < pixels; ++i) intensity_[i] = 0.0, sum_[i] = 0.0F, missing_[i] = 0.0F, is_live_[i] = true;
    }

    NBHYBRID_HOST_DEVICE bool enter_source(const Block& block) {
        add_source();
        this->template set_weights<false>(block);
        NBHYBRID_TRACED(trace_.source(block));
        for (int i = 0; i < pixels; ++i) {
            scattering_[i] = numerics::pair_of(block.scattering[i]);
            is_live_[i] = block.is_live[i];
        }
        return !sweep_.template run<physics::has_spots(shape)>(this->plan_, bounds_.support, block, *this);
    }

    // Of the loop nest.
    NBHYBRID_HOST_DEVICE bool step([[maybe_unused]] const Block& block, [[maybe_unused]] int phi, [[maybe_unused]] int domain,
                                   const Axes& axes) {
        NBHYBRID_TRACED(trace_.begin_step(axes));
        step({numerics::pair_of(axes.a), numerics::pair_of(axes.b), numerics::pair_of(axes.c)});
        NBHYBRID_TRACED(trace_.end_step(block, phi, domain, this->plan_.crystal.water, intensity_[0] + sum_of_source(0)));
        return true;
    }

    NBHYBRID_HOST_DEVICE bool step(const PairAxes& axes) {
        Lanes<terms::PairIndices, pixels> indices;
        Lanes<float, pixels> amplitudes;
        bool is_near = !physics::has_spots(shape) || !bounds_.support.is_limited, is_present = false;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            indices[i] = {terms::pair_index(axes.a, scattering_[i], shift_), terms::pair_index(axes.b, scattering_[i], shift_),
                          terms::pair_index(axes.c, scattering_[i], shift_)};
            if constexpr (physics::has_spots(shape)) is_near |= !support_.is_far(indices[i]);
        }
        if (!is_near && !Trace::enabled) return true;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            // The sines of parallelepipeds do not mind from which of two whole numbers an offset is.
            if (!Shape::has_offset_phases || amplitudes_.has_table()) indices[i].round_all();
            // Without a table the square of the amplitude is left for the end.
            amplitudes[i] = amplitudes_.has_table() ? amplitudes_(indices[i]) : 1.0F;
            NBHYBRID_TRACED(note(indices[i], amplitudes[i]));
        }
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) is_present |= amplitudes[i] != 0.0F;
        // Of a step that adds nothing a trace alone wants the factor.
        if (!is_near || (!is_present && !Trace::enabled)) return true;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            const float square = crystal_.square(indices[i], trace_);
            NBHYBRID_TRACED(trace_.square(unit_ * static_cast<double>(square)));
            if (Trace::enabled && !is_present) continue;
            if constexpr (InPairs::has_bright)
                if (crystal_.is_bright(square)) {
                    const numerics::FloatPair bright = crystal_.bright_square(indices[i], trace_);
                    NBHYBRID_TRACED(trace_.square(static_cast<double>(bright.high) + static_cast<double>(bright.low)));
                    const numerics::FloatPair term = numerics::FloatPair{amplitudes[i], 0.0F} * bright;
                    add_term(i, term.high);
                    missing_[i] -= term.low;
                    continue;
                }
            add_term(i, amplitudes[i] * square);
        }
        return true;
    }

    NBHYBRID_HOST_DEVICE DecidedPixel finish(const Block& block, int i) {
        add_source();
        const DecisionScale scale(this->plan_, 0.0, 0.0);
        DecidedPixel pixel;
        const double intensity = sweep_.combine({intensity_[i], 0.0}).intensity;
        pixel.value = untested_pixel(scale, intensity, this->factors(block, i, Applied::at_end), trace_);
        pixel.is_decided = true;
        pixel.solid_angles = this->solid_angles_[i];
        NBHYBRID_TRACED(trace_.end(block, intensity, pixel.value));
        return pixel;
    }

private:
    using Shape = terms::Shape<shape>;
    using InPairs = typename Shape::InPairs;

    // What a sum lacks is added to the next term (W. Kahan).
    NBHYBRID_HOST_DEVICE void add_term(int i, float term) {
        const float whole_term = term - missing_[i], sum = sum_[i] + whole_term;
        missing_[i] = (sum - sum_[i]) - whole_term;
        sum_[i] = sum;
    }

    NBHYBRID_HOST_DEVICE void add_source() {
        for (int i = 0; i < pixels; ++i) {
            if (is_live_[i]) intensity_[i] += sum_of_source(i);
            sum_[i] = 0.0F, missing_[i] = 0.0F;
        }
    }

    NBHYBRID_HOST_DEVICE double sum_of_source(int i) const {
        const double sum = unit_ * (static_cast<double>(sum_[i]) - static_cast<double>(missing_[i]));
        return this->multiplies_terms_ ? sum * this->weight_[i] : sum;
    }

    // The index, and the root of the amplitude's square, which is all that the kernel has of it.
    NBHYBRID_HOST_DEVICE void note(const terms::PairIndices& i, float square) const {
        trace_.index({i.h.value(), i.k.value(), i.l.value()});
        if (amplitudes_.has_table()) trace_.square_of_amplitude(static_cast<double>(square));
        else trace_.amplitude(this->plan_.crystal.amplitudes.default_amplitude);
    }

    const PixelBounds& bounds_;
    const Sweep& sweep_;
    terms::FloatAmplitudes<Sweep::has_squares> amplitudes_;
    InPairs crystal_;
    FloatSupport support_;
    float shift_;
    double unit_;
    Lanes<numerics::PairVec3, pixels> scattering_;
    Lanes<double, pixels> intensity_;
    Lanes<float, pixels> sum_, missing_;  // of this source
    Lanes<bool, pixels> is_live_;
    Trace trace_;
};

template <Arithmetic arithmetic, physics::CrystalShape shape, class Sweep, int pixels, class Trace = NoTrace>
struct SumOfArithmetic {
    using Type = PixelSum<shape, arithmetic == Arithmetic::mixed, Sweep, pixels, Trace>;
};
template <physics::CrystalShape shape, class Sweep, int pixels, class Trace>
struct SumOfArithmetic<Arithmetic::floats, shape, Sweep, pixels, Trace> {
    using Type = FloatPixelSum<shape, Sweep, pixels, Trace>;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
