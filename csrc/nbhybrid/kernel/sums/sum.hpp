#pragma once
// The sum of the steps of all pixels but those that are the reference's (reference_sum.hpp): by vector instructions for a block of
// pixels, or for one or two of a device's thread; with a bound of how far it may be from the reference's, or without.
//
// Term says what a step's term is and in which arithmetic, of which pixels, and what is noted of it (terms.hpp); Sweep, for which
// orientations of the crystal it is computed (sweeps.hpp; a device has others); Sums, what is made of the terms (accumulators.hpp).

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/kernel/sums/terms.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// A traced thread has one pixel.
template <class Term, class Sweep, class Sums = typename Term::Sums>
class alignas(Term::Block::alignment) Sum {
public:
    using Block = typename Term::Block;
    using Entry = typename Term::Entry;
    using Trace = typename Term::Trace;
    static constexpr bool has_narrow_spots = Term::has_narrow_spots;
    static_assert(Block::capacity == 1 || !Trace::enabled);

    NBHYBRID_HOST_DEVICE Sum(const PlanView& plan, const PixelBounds& bounds, Sweep& sweep, Trace trace = {})
        : plan_(plan),
          bounds_(bounds),
          sweep_(sweep),
          factors_(plan),
          term_(plan, bounds, trace),
          sums_(bounds, Term::unit(plan.crystal)),
          trace_(trace) {
        NBHYBRID_TRACED(trace_.begin(plan, factors_.multiplies_terms()));
    }

    NBHYBRID_HOST_DEVICE void enter_subpixel(const Block& block) { factors_.enter_subpixel(block); }

    NBHYBRID_HOST_DEVICE bool add_source(const Block& block) {
        factors_.template enter_source<Term::decides>(block);
        term_.enter_source(block);
        sums_.enter_source(block);
        NBHYBRID_TRACED(trace_.source(block));
        const bool goes_on = sweep_.run(plan_, bounds_.support, block, *this);
        sums_.leave_source(factors_);
        return goes_on;
    }

    // One orientation, for all lanes.
    NBHYBRID_HOST_DEVICE void step(const Block& block, [[maybe_unused]] int phi, [[maybe_unused]] int domain, const Axes& axes) {
        NBHYBRID_TRACED(trace_.begin_step(axes));
        add_step(block, Term::entry(axes), 0, block.count);
        NBHYBRID_TRACED(trace_.end_step(block, phi, domain, plan_.crystal.water, sums_.so_far(0, factors_)));
    }

    // Of an orientation at its place in the sweep, which does not matter here.
    void add_orientation(const Block& block, std::int64_t, const Axes& axes, int begin, int end) {
        add_step(block, Term::entry(axes), begin, end);
    }

    // Lanes begin ... end - 1, by groups.
    NBHYBRID_HOST_DEVICE void add_step(const Block& block, const Entry& axes, int begin, int end) {
        typename Term::Step steps[Block::parts];
        bool is_near = false;
        for_each_part(begin, end, [&](const PartLanes& lanes) {
            is_near |= term_.find_indices(axes, term_.scattering(block, lanes.part), steps[lanes.part], lanes);
        });
        if (!is_near && !Trace::enabled) return;
        unsigned present = 0;
        for_each_part(begin, end, [&](const PartLanes& lanes) {
            present |= term_.find_prefactors(steps[lanes.part], lanes, factors_) << static_cast<unsigned>(lanes.part);
        });
        // Of a step that adds nothing a trace alone wants the factor.
        if (!is_near || (present == 0 && !Trace::enabled)) return;
        for_each_run(present, begin, end, [&](int first, int last) {
            for_each_part(first, last, [&](PartLanes lanes) {
                lanes.counts = is_by_groups || (present >> static_cast<unsigned>(lanes.part) & 1U) != 0;
                term_.add_terms(axes, term_.scattering(block, lanes.part), steps[lanes.part], lanes, factors_, sums_);
            });
        });
    }

    NBHYBRID_HOST_DEVICE PixelFactors<Block>& factors() { return factors_; }

    // put(i, value, is_decided) for each pixel.
    template <class Put>
    NBHYBRID_HOST_DEVICE void finish(Block& block, Put put) {
        sums_.end();
        NBHYBRID_TRACED(trace_.factors(block));
        factors_.leave_terms(block);
        const DecisionScale scale(plan_, bounds_.relative, bounds_.absolute_intensity * factors_.largest_weight(block));
        for (int i = 0; i < block.count; ++i) {
            const PixelTotal total = sweep_.combine(sums_.total(i));
            const BoundedFactors f = factors_.at_end(block, i);
            float value = 0;
            bool is_decided = true;
            if constexpr (Term::decides) is_decided = decide(scale, total, f, value, trace_);
            else value = untested_pixel(scale, total.intensity, f, trace_);
            NBHYBRID_TRACED(trace_.end(total.intensity, value));
            put(i, value, is_decided);
        }
    }

private:
    static constexpr bool is_by_groups = Block::lanes_of_part > 1;

    template <class Work>
    NBHYBRID_HOST_DEVICE static void for_each_part(int begin, int end, Work work) {
        if constexpr (is_by_groups) {
            work(PartLanes{0, begin, end});
        } else {
            NBHYBRID_UNROLL
            for (int part = 0; part < Block::parts; ++part) work(PartLanes{part, 0, 1});
        }
    }

    // work(first, last) for each run of lanes, by groups, that have a prefactor; of a thread's pixels, for all.
    template <class Work>
    NBHYBRID_HOST_DEVICE static void for_each_run(unsigned present, int begin, int end, Work work) {
        if constexpr (!is_by_groups) {
            work(begin, end);
        } else {
            constexpr int group = terms::lanes_of_a_group;
            const unsigned all = (~0U >> static_cast<unsigned>(32 - (end - begin) / group)) << static_cast<unsigned>(begin / group);
            for (int first = begin; first < end;) {
                int last = (~present & all) == 0 ? end : first;
                while (last < end && (present >> static_cast<unsigned>(last / group) & 1U) != 0) last += group;
                if (last > first) work(first, last);
                first = last + group;
            }
        }
    }

    const PlanView& plan_;
    const PixelBounds& bounds_;
    Sweep& sweep_;
    PixelFactors<Block> factors_;
    Term term_;
    Sums sums_;
    Trace trace_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
