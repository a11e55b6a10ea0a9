#pragma once
// The terms of a Sum, in double and without it. A term is |F|^2 F_latt^2 of a step, times what factors enter there. A term's class
// says how it is computed in one arithmetic:
//
//   Block, Step, Sums     the pixels; what a step of some lanes needs room for; what terms are added to
//   Entry, entry(axes)    an orientation as it takes it
//   enter_source(block), scattering(block, part)            the scattering vectors likewise
//   find_indices(axes, scattering, step, lanes)             false if no lane is within the support radius of a spot
//   find_prefactors(step, lanes, factors)                   which groups of lanes have one that is not 0
//   add_terms(axes, scattering, step, lanes, factors, sums) finds the squares, and adds them to the sums
//   decides               whether its errors are bounded, so that pixels can be decided
//   unit(crystal)         what its terms are counted in
//
// What they say goes to `trace`.

#include <cstdint>
#include <type_traits>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/sums/accumulators.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/kernel/sums/support_in_float.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Some lanes of a part of a block. Those of a part that does not count are only traced.
struct PartLanes {
    int part, begin, end;
    bool counts = true;
};

// In double: of any shape from the reference's own indices; of a parallelepiped as `sines` says.
template <physics::CrystalShape shape, SquareSines sines, class BlockT, class TraceT>
class DoubleTerm {
    using Shape = terms::Shape<shape>;
    static constexpr bool is_fast = sines == SquareSines::in_float, has_error = Shape::has_own_error && !is_fast,
                          from_offsets = Shape::has_offset_phases && sines == SquareSines::of_offsets,
                          from_float_phases = Shape::has_offset_phases && is_fast;

public:
    using Block = BlockT;
    using Trace = TraceT;
    using Entry = Axes;
    using Sums = std::conditional_t<from_offsets, PhaseSlopeSums<Block>, PlainSums<Block, has_error>>;
    static constexpr bool decides = !is_fast, has_narrow_spots = physics::has_spots(shape);
    static constexpr int width = Block::lanes_of_part;

    struct Step {
        terms::StepLanes<width> lanes;
        typename Shape::template Lanes<width> own;
        terms::FloatPhases<from_float_phases ? width : 1> phases;
    };

    NBHYBRID_HOST_DEVICE DoubleTerm(const PlanView& plan, const PixelBounds& bounds, Trace trace)
        : crystal_(plan.crystal), bounds_(bounds), has_table_(terms::has_table(plan.crystal.amplitudes)), trace_(trace) {}

    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage&) { return 1.0; }
    NBHYBRID_HOST_DEVICE static const Axes& entry(const Axes& axes) {
        return axes;  // NOLINT(bugprone-return-const-ref-from-parameter): it is used at once, and not copied
    }
    NBHYBRID_HOST_DEVICE void enter_source(const Block&) {}
    NBHYBRID_HOST_DEVICE decltype(auto) scattering(const Block& block, int part) const { return block.scattering_of(part); }

    NBHYBRID_HOST_DEVICE bool find_indices(const Axes& axes, const VectorLanes<width>& scattering, Step& step,
                                           const PartLanes& lanes) const {
        const terms::AmplitudeGrid& grid = crystal_.amplitudes;
        const int begin = lanes.begin, end = lanes.end;
        if constexpr (from_offsets) {
            if (has_table_)
                terms::find_phases_of_offsets<true>(crystal_, grid, axes, scattering, step.own, step.lanes, begin, end, trace_);
            else terms::find_phases_of_offsets<false>(crystal_, grid, axes, scattering, step.own, step.lanes, begin, end, trace_);
        } else if constexpr (from_float_phases) {
            if (has_table_)
                terms::find_phases_in_float<true>(crystal_, grid, axes, scattering, step.phases, step.lanes, begin, end, trace_);
            else terms::find_phases_in_float<false>(crystal_, grid, axes, scattering, step.phases, step.lanes, begin, end, trace_);
            // For all lanes: a vector may have more of float32 than a group has.
            if constexpr (width > 1) terms::find_squares_in_float(step.phases, step.lanes, begin, end, trace_);
        } else {
            terms::find_indices(axes, scattering, step.lanes, begin, end);
            NBHYBRID_TRACED(trace_.index(step.lanes.index[0]));
            // Lanes that are taken together have been looked at by segments.
            if constexpr (has_narrow_spots && width == 1)
                return !(bounds_.support.is_limited && is_far(step.lanes.index[0], bounds_.support.along_axes));
        }
        return true;
    }

    // Without a table the square of the only amplitude is left for the end.
    NBHYBRID_HOST_DEVICE unsigned find_prefactors(Step& step, const PartLanes& lanes, const PixelFactors<Block>& factors) const {
        const terms::AmplitudeGrid& grid = crystal_.amplitudes;
        const int offset = lanes.part * width, begin = lanes.begin, end = lanes.end;
        if (!has_table_) {
            NBHYBRID_TRACED(trace_.amplitude(grid.default_amplitude));
            for (int i = begin; factors.weighs() && i < end; ++i) step.lanes.prefactor[i] = factors.weight(offset + i);
            return ~0U;
        }
        if constexpr (!from_offsets && !from_float_phases) terms::find_places(grid, step.lanes, begin, end);
        const unsigned present = is_fast && grid.squares != nullptr ? terms::read_squares(grid, step.lanes, begin, end, trace_)
                                                                    : terms::read_places(grid, step.lanes, begin, end, trace_);
        for (int i = begin; factors.weighs() && i < end; ++i) step.lanes.prefactor[i] *= factors.weight(offset + i);
        return present;
    }

    template <class Sums>
    NBHYBRID_HOST_DEVICE void add_terms(const Axes& axes, const VectorLanes<width>& scattering, Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>& factors, Sums& sums) const {
        const int begin = lanes.begin, end = lanes.end;
        const bool has_prefactors = has_table_ || factors.weighs();
        if constexpr (from_offsets) {
            terms::multiply_scaled_sines(step.own, begin, end, trace_);
            const bool some_are_near =
                has_prefactors ? add_quotients<true>(step, lanes, sums) : add_quotients<false>(step, lanes, sums);
            if (some_are_near) add_near_integers(axes, scattering, step, lanes, has_prefactors, sums);
        } else {
            if constexpr (from_float_phases) {
                if constexpr (width == 1) terms::find_squares_in_float(step.phases, step.lanes, begin, end, trace_);
                // Most steps have none, which is seen for all lanes at once.
                if (width == 1 || terms::count_bright(crystal_, step.lanes, begin, end) != 0)
                    terms::find_bright_in_double(crystal_, crystal_.amplitudes, axes, scattering, step.own, step.lanes, begin, end,
                                                 trace_);
            } else {
                Shape::find_squares(crystal_, step.lanes, step.own, begin, end, trace_);
            }
            NBHYBRID_TRACED(trace_.square(step.lanes.square[0]));
            if (!lanes.counts) return;
            add_products(step, step.lanes.square, lanes, has_prefactors, [&](int i, double term) { sums.add(i, term); });
            if constexpr (has_error)
                add_products(step, step.own.error, lanes, has_prefactors, [&](int i, double error) { sums.add_error(i, error); });
        }
    }

private:
    NBHYBRID_HOST_DEVICE static bool is_far(const Vec3& index, const Vec3& support) {
        return (stays_away(index.x, 0.0, 0.0, support.x) | stays_away(index.y, 0.0, 0.0, support.y) |
                stays_away(index.z, 0.0, 0.0, support.z)) != 0;
    }

    // add(lane of the block, value times the prefactor) for each.
    template <class Add>
    NBHYBRID_HOST_DEVICE static void add_products(const Step& step, const double* values, const PartLanes& lanes,
                                                  bool has_prefactors, Add add) {
        const int offset = lanes.part * width;
        if (has_prefactors)
            for (int i = lanes.begin; i < lanes.end; ++i) add(offset + i, step.lanes.prefactor[i] * values[i]);
        else
            for (int i = lanes.begin; i < lanes.end; ++i) add(offset + i, values[i]);
    }

    // From the products of sines. True if there are lanes with an index near an integer, where that of the denominator is too
    // small.
    template <bool has_prefactors, class Sums>
    NBHYBRID_HOST_DEVICE bool add_quotients(const Step& step, const PartLanes& lanes, Sums& sums) const {
        const double half_shift = bounds_.half_shift;
        std::int64_t near_integer = 0;
        for (int i = lanes.begin; i < lanes.end; ++i) {
            const double above = step.own.numerator[i], below = step.own.denominator[i], inverse = 1.0 / below;
            const bool is_plain = __builtin_fabs(below) > terms::smallest_scaled_sines;
            const double quotient = is_plain ? inverse * inverse : 0.0;
            const double square = has_prefactors ? step.lanes.prefactor[i] * quotient : quotient;
            sums.add(i, square * (above * above));
            sums.add_slope(i, square * (__builtin_fabs(above) + half_shift));
            near_integer += is_plain ? 0 : 1;
        }
        return near_integer != 0;
    }

    template <class Sums>
    NBHYBRID_HOST_DEVICE void add_near_integers(const Axes& axes, const VectorLanes<width>& scattering, const Step& step,
                                                const PartLanes& lanes, bool has_prefactors, Sums& sums) const {
        for (int i = lanes.begin; i < lanes.end; ++i) {
            if (__builtin_fabs(step.own.denominator[i]) > terms::smallest_scaled_sines) continue;
            const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, scattering[i]);
            const Vec3 at = crystal_.has_fractions ? physics::offset_of(index) : index;
            const double square = terms::square_near_integer(at, crystal_.cells);
            sums.add(i, has_prefactors ? step.lanes.prefactor[i] * square : square);
        }
    }

    const CrystalStage& crystal_;
    const PixelBounds& bounds_;
    bool has_table_;
    Trace trace_;
};

// Without double: the `fast` engine on devices where that is slow. `has_squares`: the table of amplitudes has their squares.
template <physics::CrystalShape shape, class BlockT, class TraceT, bool has_squares>
class PairTerm {
    using Shape = terms::Shape<shape>;
    using InPairs = typename Shape::InPairs;

public:
    using Block = BlockT;
    using Trace = TraceT;
    using Entry = PairAxes;
    using Sums = CompensatedSums<Block>;
    static constexpr bool decides = false, has_narrow_spots = physics::has_spots(shape);

    struct Step {
        terms::PairIndices indices;
        float prefactor;
    };

    NBHYBRID_HOST_DEVICE PairTerm(const PlanView& plan, const PixelBounds& bounds, Trace trace)
        : default_amplitude_(plan.crystal.amplitudes.default_amplitude),
          amplitudes_(plan.crystal.amplitudes),
          crystal_(plan.crystal),
          is_limited_(has_narrow_spots && bounds.support.is_limited),
          support_(bounds.support.along_axes, plan.crystal.largest_index),
          shift_(terms::shift_of_indices(plan.crystal.largest_index)),
          unit_(unit(plan.crystal)),
          trace_(trace) {}

    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage& crystal) { return InPairs::unit(crystal); }
    NBHYBRID_HOST_DEVICE static PairAxes entry(const Axes& axes) {
        return {numerics::pair_of(axes.a), numerics::pair_of(axes.b), numerics::pair_of(axes.c)};
    }
    NBHYBRID_HOST_DEVICE void enter_source(const Block& block) {
        for (int i = 0; i < Block::capacity; ++i) scattering_[i] = numerics::pair_of(block.scattering[i]);
    }
    NBHYBRID_HOST_DEVICE const numerics::PairVec3& scattering(const Block&, int part) const { return scattering_[part]; }

    NBHYBRID_HOST_DEVICE bool find_indices(const PairAxes& axes, const numerics::PairVec3& scattering, Step& step,
                                           const PartLanes&) const {
        step.indices = {terms::pair_index(axes.a, scattering, shift_), terms::pair_index(axes.b, scattering, shift_),
                        terms::pair_index(axes.c, scattering, shift_)};
        return !is_limited_ || !support_.is_far(step.indices);
    }

    // The weight of a source is left for its sum, and without a table the square of the amplitude for the end.
    NBHYBRID_HOST_DEVICE unsigned find_prefactors(Step& step, const PartLanes&, const PixelFactors<Block>&) const {
        const bool has_table = amplitudes_.has_table();
        // The sines of parallelepipeds do not mind from which of two whole numbers an offset is.
        if (!Shape::has_offset_phases || has_table) step.indices.round_all();
        step.prefactor = has_table ? amplitudes_(step.indices) : 1.0F;
        NBHYBRID_TRACED(note(step));
        return step.prefactor != 0.0F ? 1U : 0U;
    }

    template <class Sums>
    NBHYBRID_HOST_DEVICE void add_terms(const PairAxes&, const numerics::PairVec3&, const Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>&, Sums& sums) const {
        const float square = crystal_.square(step.indices, trace_);
        NBHYBRID_TRACED(trace_.square(unit_ * static_cast<double>(square)));
        if (!lanes.counts) return;
        if constexpr (InPairs::has_bright)
            if (crystal_.is_bright(square)) {
                const numerics::FloatPair bright = crystal_.bright_square(step.indices, trace_);
                NBHYBRID_TRACED(trace_.square(static_cast<double>(bright.high) + static_cast<double>(bright.low)));
                sums.add(lanes.part, numerics::FloatPair{step.prefactor, 0.0F} * bright);
                return;
            }
        sums.add(lanes.part, step.prefactor * square);
    }

private:
    // The index, and the root of the amplitude's square, which is all that the kernel has of it.
    NBHYBRID_HOST_DEVICE void note(const Step& step) const {
        const terms::PairIndices& i = step.indices;
        trace_.index({i.h.value(), i.k.value(), i.l.value()});
        if (amplitudes_.has_table()) trace_.square_of_amplitude(static_cast<double>(step.prefactor));
        else trace_.amplitude(default_amplitude_);
    }

    double default_amplitude_;
    terms::FloatAmplitudes<has_squares> amplitudes_;
    InPairs crystal_;
    bool is_limited_;
    FloatSupport support_;
    float shift_;
    double unit_;
    Trace trace_;
    Lanes<numerics::PairVec3, Block::capacity> scattering_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
