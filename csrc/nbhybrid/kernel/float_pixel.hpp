#pragma once
// The sum of PixelSum without double in the loop over orientations: the `fast` engine on devices where double is slow.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/pair_lattice.hpp"
#include "nbhybrid/kernel/pixel_factors.hpp"
#include "nbhybrid/physics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// The squares of the table's amplitudes, or ones.
template <bool are_squares>
class FloatAmplitudes {
public:
    NBHYBRID_HOST_DEVICE explicit FloatAmplitudes(const physics::AmplitudeGrid& grid)
        : grid_(grid),
          has_table_(physics::has_table(grid)),
          elsewhere_(physics::float_of(static_cast<double>(physics::default_square(grid)))) {}

    NBHYBRID_HOST_DEVICE bool has_table() const { return has_table_; }

    // The indices must be rounded well.
    NBHYBRID_HOST_DEVICE float operator()(const PairIndices& i) const {
        const physics::AmplitudeGrid& g = grid_;
        const int h = physics::integer_of(i.h.whole), k = physics::integer_of(i.k.whole), l = physics::integer_of(i.l.whole);
        const bool inside = (h >= g.h_min) & (h <= g.h_max) & (k >= g.k_min) & (k <= g.k_max) & (l >= g.l_min) & (l <= g.l_max);
        return inside ? square_at(physics::offset_in(g, h, k, l)) : elsewhere_;
    }

private:
    NBHYBRID_HOST_DEVICE float square_at(std::size_t place) const {
        if constexpr (are_squares) return grid_.squares[place];
        else return static_cast<float>(grid_.values[place] * grid_.values[place]);
    }

    const physics::AmplitudeGrid& grid_;
    bool has_table_;
    float elsewhere_;
};

template <CrystalShape shape, class Sweep, int pixels>
class FloatPixelSum : public PixelFactors<WholeBlock<pixels, typename Sweep::Math>> {
public:
    using Block = WholeBlock<pixels, typename Sweep::Math>;

    NBHYBRID_HOST_DEVICE FloatPixelSum(const PlanView& plan, const PixelBounds& bounds, const Sweep& sweep, NoTrace)
        : PixelFactors<Block>(plan),
          bounds_(bounds),
          sweep_(sweep),
          amplitudes_(plan.crystal.amplitudes),
          crystal_(plan.crystal),
          reach_(bounds.reach.along_axes, plan.crystal.largest_index),
          shift_(shift_of_indices(plan.crystal.largest_index)),
          unit_(FloatCrystal<shape>::unit(plan.crystal)) {
        for (int i = 0; i < pixels; ++i) intensity_[i] = 0.0, sum_[i] = 0.0F, missing_[i] = 0.0F, is_live_[i] = true;
    }

    NBHYBRID_HOST_DEVICE bool enter_source(const Block& block) {
        add_source();
        this->template set_weights<false>(block);
        for (int i = 0; i < pixels; ++i) {
            scattering_[i] = physics::pair_of(block.scattering[i]);
            is_live_[i] = block.is_live[i];
        }
        return !sweep_.template run<can_be_narrow>(this->plan_, bounds_.reach, block, *this);
    }

    // Of the loop nest.
    NBHYBRID_HOST_DEVICE bool step(const Block&, int, int, const Axes& axes) {
        return step({physics::pair_of(axes.a), physics::pair_of(axes.b), physics::pair_of(axes.c)});
    }

    NBHYBRID_HOST_DEVICE bool step(const PairAxes& axes) {
        using physics::operator*;
        Lanes<PairIndices, pixels> indices;
        Lanes<float, pixels> amplitudes;
        bool is_near = !can_be_narrow || !bounds_.reach.is_limited, is_present = false;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            indices[i] = {pair_index(axes.a, scattering_[i], shift_), pair_index(axes.b, scattering_[i], shift_),
                          pair_index(axes.c, scattering_[i], shift_)};
            if constexpr (can_be_narrow) is_near |= !reach_.is_far(indices[i]);
        }
        if (!is_near) return true;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            // The sines of parallelepipeds do not mind from which of two whole numbers an offset is.
            if (shape != CrystalShape::square || amplitudes_.has_table()) indices[i].round_all();
            // Without a table the square of the amplitude is left for the end.
            amplitudes[i] = amplitudes_.has_table() ? amplitudes_(indices[i]) : 1.0F;
        }
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) is_present |= amplitudes[i] != 0.0F;
        if (!is_present) return true;
        NBHYBRID_UNROLL
        for (int i = 0; i < pixels; ++i) {
            const float square = crystal_.square(indices[i]);
            if constexpr (FloatCrystal<shape>::has_bright)
                // So that what is not a number is bright.
                if (!(square < crystal_.bright)) {
                    const FloatPair term = FloatPair{amplitudes[i], 0.0F} * crystal_.careful_square(indices[i]);
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
        pixel.value = taken(scale, sweep_.combine({intensity_[i], 0.0}).intensity, this->factors(block, i, Applied::at_end));
        pixel.is_decided = true;
        pixel.solid_angles = this->solid_angles_[i];
        return pixel;
    }

private:
    static constexpr bool can_be_narrow = shape == CrystalShape::gauss || shape == CrystalShape::tophat;

    // What a sum lacks is added to the next term (W. Kahan).
    NBHYBRID_HOST_DEVICE void add_term(int i, float term) {
        const float whole_term = term - missing_[i], sum = sum_[i] + whole_term;
        missing_[i] = (sum - sum_[i]) - whole_term;
        sum_[i] = sum;
    }

    NBHYBRID_HOST_DEVICE void add_source() {
        for (int i = 0; i < pixels; ++i) {
            const double sum = unit_ * (static_cast<double>(sum_[i]) - static_cast<double>(missing_[i]));
            if (is_live_[i]) intensity_[i] += this->multiplies_terms_ ? sum * this->weight_[i] : sum;
            sum_[i] = 0.0F, missing_[i] = 0.0F;
        }
    }

    const PixelBounds& bounds_;
    const Sweep& sweep_;
    FloatAmplitudes<Sweep::has_squares> amplitudes_;
    FloatCrystal<shape> crystal_;
    FloatReach reach_;
    float shift_;
    double unit_;
    Lanes<PairVec3, pixels> scattering_;
    Lanes<double, pixels> intensity_;
    Lanes<float, pixels> sum_, missing_;  // of this source
    Lanes<bool, pixels> is_live_;
};

template <Arithmetic arithmetic, CrystalShape shape, class Sweep, int pixels>
struct SumOfArithmetic {
    using Type = PixelSum<shape, arithmetic == Arithmetic::mixed, Sweep, pixels>;
};
template <CrystalShape shape, class Sweep, int pixels>
struct SumOfArithmetic<Arithmetic::floats, shape, Sweep, pixels> {
    using Type = FloatPixelSum<shape, Sweep, pixels>;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
