#pragma once
// The terms of a Sum without double: the `fast` engine on devices where double is slow. As those of double_terms.hpp.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/sums/accumulators.hpp"
#include "nbhybrid/kernel/sums/double_terms.hpp"
#include "nbhybrid/kernel/sums/support_in_float.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// `has_squares`: the table of amplitudes has their squares.
template <physics::CrystalShape shape, class BlockT, bool has_squares>
class PairTerm {
    using Shape = terms::Shape<shape>;
    using InPairs = typename Shape::InPairs;

public:
    using Block = BlockT;
    using Entry = PairAxes;
    using Sums = CompensatedSums<Block>;
    static constexpr bool decides = false, has_narrow_spots = physics::has_spots(shape);

    struct Step {
        terms::PairIndices indices;
        float prefactor;
    };

    NBHYBRID_HOST_DEVICE PairTerm(const PlanView& plan, const PixelBounds& bounds)
        : default_amplitude_(plan.crystal.amplitudes.default_amplitude),
          amplitudes_(plan.crystal.amplitudes),
          crystal_(plan.crystal),
          is_limited_(has_narrow_spots && bounds.support.is_limited),
          support_(bounds.support.along_axes, plan.crystal.largest_index),
          shift_(terms::shift_of_indices(plan.crystal.largest_index)),
          unit_(unit(plan.crystal)) {}

    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage& crystal) { return InPairs::unit(crystal); }
    NBHYBRID_HOST_DEVICE static PairAxes entry(const Axes& axes) {
        return {numerics::pair_of(axes.a), numerics::pair_of(axes.b), numerics::pair_of(axes.c)};
    }
    NBHYBRID_HOST_DEVICE void enter_source(const Block& block) {
        for (int i = 0; i < Block::capacity; ++i) scattering_[i] = numerics::pair_of(block.scattering[i]);
    }
    NBHYBRID_HOST_DEVICE const numerics::PairVec3& scattering(const Block&, int part) const { return scattering_[part]; }

    template <class Trace>
    NBHYBRID_HOST_DEVICE bool find_indices(const PairAxes& axes, const numerics::PairVec3& scattering, Step& step, const PartLanes&,
                                           Trace) const {
        step.indices = {terms::pair_index(axes.a, scattering, shift_), terms::pair_index(axes.b, scattering, shift_),
                        terms::pair_index(axes.c, scattering, shift_)};
        return !is_limited_ || !support_.is_far(step.indices);
    }

    // The weight of a source is left for its sum, and without a table the square of the amplitude for the end.
    template <class Trace>
    NBHYBRID_HOST_DEVICE unsigned find_prefactors(Step& step, const PartLanes&, const PixelFactors<Block>&, Trace trace) const {
        const bool has_table = amplitudes_.has_table();
        // The sines of parallelepipeds do not mind from which of two whole numbers an offset is.
        if (!Shape::has_offset_phases || has_table) step.indices.round_all();
        step.prefactor = has_table ? amplitudes_(step.indices) : 1.0F;
        NBHYBRID_TRACED(note(step, trace));
        return step.prefactor != 0.0F ? 1U : 0U;
    }

    template <class Sums, class Trace>
    NBHYBRID_HOST_DEVICE void add_terms(const PairAxes&, const numerics::PairVec3&, const Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>&, Sums& sums, Trace trace) const {
        const float square = crystal_.square(step.indices, trace);
        NBHYBRID_TRACED(trace.square(unit_ * static_cast<double>(square)));
        if (!lanes.counts) return;
        if constexpr (InPairs::has_bright)
            if (crystal_.is_bright(square)) {
                const numerics::FloatPair bright = crystal_.bright_square(step.indices, trace);
                NBHYBRID_TRACED(trace.square(static_cast<double>(bright.high) + static_cast<double>(bright.low)));
                sums.add(lanes.part, numerics::FloatPair{step.prefactor, 0.0F} * bright);
                return;
            }
        sums.add(lanes.part, step.prefactor * square);
    }

private:
    // The index, and the root of the amplitude's square, which is all that the kernel has of it.
    template <class Trace>
    NBHYBRID_HOST_DEVICE void note(const Step& step, Trace trace) const {
        const terms::PairIndices& i = step.indices;
        trace.index({i.h.value(), i.k.value(), i.l.value()});
        if (amplitudes_.has_table()) trace.square_of_amplitude(static_cast<double>(step.prefactor));
        else trace.amplitude(default_amplitude_);
    }

    double default_amplitude_;
    terms::FloatAmplitudes<has_squares> amplitudes_;
    InPairs crystal_;
    bool is_limited_;
    FloatSupport support_;
    float shift_;
    double unit_;
    Lanes<numerics::PairVec3, Block::capacity> scattering_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
