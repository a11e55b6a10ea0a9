#pragma once
// Terms of a Sum from indices in double: of any shape; of a parallelepiped from the phases of offsets, in double and in float32.
//
// A term is |F|^2 F_latt^2 of a step, times what factors enter there. A term's class says how it is computed in one arithmetic:
//
//   Block, Step, Sums     the pixels; what a step of some lanes needs room for; what terms are added to
//   Entry, entry(axes)    an orientation as it takes it
//   enter_source(block), scattering(block, part)                            the scattering vectors likewise
//   find_indices(axes, scattering, step, lanes, trace)                      false if no lane is within the support radius of a spot
//   find_prefactors(step, lanes, factors, trace)                            which groups of lanes have one that is not 0
//   add_terms(axes, scattering, step, lanes, factors, sums, trace)          finds the squares, and adds them to the sums
//   decides               whether its errors are bounded, so that pixels can be decided
//   unit(crystal)         what its terms are counted in

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/sums/accumulators.hpp"
#include "nbhybrid/kernel/sums/pixel_factors.hpp"
#include "nbhybrid/kernel/sums/segments.hpp"
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

// What those in double have in common. `knows_places`: they find the indices' places in the table beside the indices.
template <class BlockT, bool its_decides, bool knows_places>
class DoubleTerm {
public:
    using Block = BlockT;
    using Entry = Axes;
    static constexpr bool decides = its_decides;
    static constexpr int width = Block::lanes_of_part;

    NBHYBRID_HOST_DEVICE DoubleTerm(const PlanView& plan, const PixelBounds& bounds)
        : crystal_(plan.crystal), bounds_(bounds), has_table_(terms::has_table(plan.crystal.amplitudes)) {}

    NBHYBRID_HOST_DEVICE static double unit(const CrystalStage&) { return 1.0; }
    NBHYBRID_HOST_DEVICE static const Axes& entry(const Axes& axes) { return axes; }
    NBHYBRID_HOST_DEVICE void enter_source(const Block&) {}
    NBHYBRID_HOST_DEVICE decltype(auto) scattering(const Block& block, int part) const { return block.scattering_of(part); }

    // Without a table the square of the only amplitude is left for the end.
    template <class Step, class Trace>
    NBHYBRID_HOST_DEVICE unsigned find_prefactors(Step& step, const PartLanes& lanes, const PixelFactors<Block>& factors,
                                                  Trace trace) const {
        const terms::AmplitudeGrid& grid = crystal_.amplitudes;
        const int offset = lanes.part * width;
        if (!has_table_) {
            NBHYBRID_TRACED(trace.amplitude(grid.default_amplitude));
            for (int i = lanes.begin; factors.weighs() && i < lanes.end; ++i) step.lanes.prefactor[i] = factors.weight(offset + i);
            return ~0U;
        }
        if constexpr (!knows_places) terms::find_places(grid, step.lanes, lanes.begin, lanes.end);
        const unsigned present = read_amplitudes(grid, step.lanes, lanes, trace);
        for (int i = lanes.begin; factors.weighs() && i < lanes.end; ++i) step.lanes.prefactor[i] *= factors.weight(offset + i);
        return present;
    }

protected:
    NBHYBRID_HOST_DEVICE bool has_prefactors(const PixelFactors<Block>& factors) const { return has_table_ || factors.weighs(); }

    // add(lane of the block, value times the prefactor) for each.
    template <class Step, class Add>
    NBHYBRID_HOST_DEVICE void add_products(const Step& step, const double* values, const PartLanes& lanes,
                                           const PixelFactors<Block>& factors, Add add) const {
        const int offset = lanes.part * width;
        if (has_prefactors(factors))
            for (int i = lanes.begin; i < lanes.end; ++i) add(offset + i, step.lanes.prefactor[i] * values[i]);
        else
            for (int i = lanes.begin; i < lanes.end; ++i) add(offset + i, values[i]);
    }

    const CrystalStage& crystal_;
    const PixelBounds& bounds_;
    bool has_table_;

private:
    template <class Trace>
    NBHYBRID_HOST_DEVICE static unsigned read_amplitudes(const terms::AmplitudeGrid& grid, terms::StepLanes<width>& step,
                                                         const PartLanes& lanes, Trace trace) {
        if constexpr (!decides)
            if (grid.squares != nullptr) return terms::read_squares(grid, step, lanes.begin, lanes.end, trace);
        return terms::read_places(grid, step, lanes.begin, lanes.end, trace);
    }
};

// Of any shape, from the reference's own indices.
template <physics::CrystalShape shape, class Block, bool decides>
class ShapeTerm : public DoubleTerm<Block, decides, false> {
    using Base = DoubleTerm<Block, decides, false>;
    using Shape = terms::Shape<shape>;
    static constexpr bool has_error = decides && Shape::has_own_error;

public:
    using Base::Base;
    using Base::width;
    using Sums = PlainSums<Block, has_error>;
    static constexpr bool has_narrow_spots = physics::has_spots(shape);

    struct Step {
        terms::StepLanes<width> lanes;
        typename Shape::template Lanes<width> own;
    };

    // Lanes that are taken together have been looked at by segments.
    template <class Trace>
    NBHYBRID_HOST_DEVICE bool find_indices(const Axes& axes, const VectorLanes<width>& scattering, Step& step,
                                           const PartLanes& lanes, [[maybe_unused]] Trace trace) const {
        terms::find_indices(axes, scattering, step.lanes, lanes.begin, lanes.end);
        NBHYBRID_TRACED(trace.index(step.lanes.index[0]));
        bool is_near = true;
        if constexpr (has_narrow_spots && width == 1)
            is_near = !(this->bounds_.support.is_limited && is_far(step.lanes.index[0]));
        return is_near;
    }

    template <class Sums, class Trace>
    NBHYBRID_HOST_DEVICE void add_terms(const Axes&, const VectorLanes<width>&, Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>& factors, Sums& sums, Trace trace) const {
        Shape::find_squares(this->crystal_, step.lanes, step.own, lanes.begin, lanes.end, trace);
        NBHYBRID_TRACED(trace.square(step.lanes.square[0]));
        if (!lanes.counts) return;
        this->add_products(step, step.lanes.square, lanes, factors, [&](int i, double term) { sums.add(i, term); });
        if constexpr (has_error)
            this->add_products(step, step.own.error, lanes, factors, [&](int i, double error) { sums.add_error(i, error); });
    }

private:
    NBHYBRID_HOST_DEVICE bool is_far(const Vec3& index) const {
        const Vec3 support = this->bounds_.support.along_axes;
        return (stays_away(index.x, 0.0, 0.0, support.x) | stays_away(index.y, 0.0, 0.0, support.y) |
                stays_away(index.z, 0.0, 0.0, support.z)) != 0;
    }
};

// Of a parallelepiped, from the phases of offsets from reflections.
template <class Block>
class OffsetPhaseTerm : public DoubleTerm<Block, true, true> {
    using Base = DoubleTerm<Block, true, true>;

public:
    using Base::Base;
    using Base::width;
    using Sums = PhaseSlopeSums<Block>;
    static constexpr bool has_narrow_spots = false;

    struct Step {
        terms::StepLanes<width> lanes;
        terms::OffsetLanes<width> own;
    };

    template <class Trace>
    NBHYBRID_HOST_DEVICE bool find_indices(const Axes& axes, const VectorLanes<width>& scattering, Step& step,
                                           const PartLanes& lanes, Trace trace) const {
        const CrystalStage& crystal = this->crystal_;
        const terms::AmplitudeGrid& grid = crystal.amplitudes;
        const int begin = lanes.begin, end = lanes.end;
        if (this->has_table_)
            terms::find_phases_of_offsets<true>(crystal, grid, axes, scattering, step.own, step.lanes, begin, end, trace);
        else terms::find_phases_of_offsets<false>(crystal, grid, axes, scattering, step.own, step.lanes, begin, end, trace);
        return true;
    }

    template <class Sums, class Trace>
    NBHYBRID_HOST_DEVICE void add_terms(const Axes& axes, const VectorLanes<width>& scattering, Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>& factors, Sums& sums, Trace trace) const {
        terms::multiply_scaled_sines(step.own, lanes.begin, lanes.end, trace);
        const bool some_are_near = this->has_prefactors(factors) ? add_quotients<true>(step, lanes, sums)
                                                                 : add_quotients<false>(step, lanes, sums);
        if (some_are_near) add_near_integers(axes, scattering, step, lanes, factors, sums);
    }

private:
    // From the products of sines. True if there are lanes with an index near an integer, where that of the denominator is too
    // small.
    template <bool has_prefactors, class Sums>
    NBHYBRID_HOST_DEVICE bool add_quotients(const Step& step, const PartLanes& lanes, Sums& sums) const {
        const double half_shift = this->bounds_.half_shift;
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
                                                const PartLanes& lanes, const PixelFactors<Block>& factors, Sums& sums) const {
        for (int i = lanes.begin; i < lanes.end; ++i) {
            if (__builtin_fabs(step.own.denominator[i]) > terms::smallest_scaled_sines) continue;
            const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, scattering[i]);
            const double square = terms::square_near_integer(index, this->crystal_.cells);
            sums.add(i, this->has_prefactors(factors) ? step.lanes.prefactor[i] * square : square);
        }
    }
};

// Of a parallelepiped, with the sines in float32.
template <class Block>
class FloatPhaseTerm : public DoubleTerm<Block, false, true> {
    using Base = DoubleTerm<Block, false, true>;

public:
    using Base::Base;
    using Base::width;
    using Sums = PlainSums<Block, false>;
    static constexpr bool has_narrow_spots = false;

    struct Step {
        terms::StepLanes<width> lanes;
        terms::OffsetLanes<width> own;
        terms::FloatPhases<width> phases;
    };

    template <class Trace>
    NBHYBRID_HOST_DEVICE bool find_indices(const Axes& axes, const VectorLanes<width>& scattering, Step& step,
                                           const PartLanes& lanes, Trace trace) const {
        const CrystalStage& crystal = this->crystal_;
        const terms::AmplitudeGrid& grid = crystal.amplitudes;
        const int begin = lanes.begin, end = lanes.end;
        if (this->has_table_)
            terms::find_phases_in_float<true>(crystal, grid, axes, scattering, step.phases, step.lanes, begin, end, trace);
        else terms::find_phases_in_float<false>(crystal, grid, axes, scattering, step.phases, step.lanes, begin, end, trace);
        return true;
    }

    template <class Sums, class Trace>
    NBHYBRID_HOST_DEVICE void add_terms(const Axes& axes, const VectorLanes<width>& scattering, Step& step, const PartLanes& lanes,
                                        const PixelFactors<Block>& factors, Sums& sums, Trace trace) const {
        const CrystalStage& crystal = this->crystal_;
        const int begin = lanes.begin, end = lanes.end;
        terms::find_squares_in_float(step.phases, step.lanes, begin, end, trace);
        terms::find_bright_in_double(crystal, crystal.amplitudes, axes, scattering, step.own, step.lanes, begin, end, trace);
        NBHYBRID_TRACED(trace.square(step.lanes.square[0]));
        if (lanes.counts)
            this->add_products(step, step.lanes.square, lanes, factors, [&](int i, double term) { sums.add(i, term); });
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
