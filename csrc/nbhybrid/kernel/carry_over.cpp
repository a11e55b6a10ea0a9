#include "nbhybrid/kernel/carry_over.hpp"

#include <algorithm>
#include <atomic>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/dispatch.hpp"

namespace nbhybrid::kernel {

namespace {

// Visits pixels in loop order, without those masked, until visit(slow, fast) returns false.
template <class Visit>
void for_each_pixel(const PlanView& plan, StopSign& stop, Visit visit) {
    const Region& region = plan.detector.region;
    for (int slow = region.slow_first; slow <= region.slow_last; ++slow) {
        for (int fast = region.fast_first; fast <= region.fast_last; ++fast) {
            if (is_masked(plan.detector, pixel_index(plan, slow, fast))) continue;
            if (!visit(slow, fast)) return;
            if (stop.is_up()) throw Interrupted();
        }
    }
}

// Ends the walk at the first sweep.
struct SweepSeeker {
    bool found = false;

    void enter_subpixel(const WalkState&) {}
    bool enter_source(const WalkState&) {
        found = true;
        return true;
    }
    bool step(const WalkState&, int, int, const Axes&) { return false; }
};

PixelIndex find_first_sweep(const PlanView& plan, StopSign& stop) {
    PixelIndex found = no_pixel;
    for_each_pixel(plan, stop, [&](int slow, int fast) {
        SweepSeeker seeker;
        WalkState at;
        at.slow = slow, at.fast = fast;
        walk_pixel(plan, at, seeker);
        if (seeker.found) found = pixel_index(plan, slow, fast);
        return !seeker.found;
    });
    return found;
}

// Ends the walk at the first step that would be looked up and whose neighbourhood leaves the table.
template <CrystalShape shape>
class MissSeeker {
public:
    MissSeeker(const PlanView& plan, const StopSign& stop) : crystal_(plan.crystal), stop_(stop) {}

    bool found() const { return found_; }
    void enter_subpixel(const WalkState&) {}
    bool enter_source(const WalkState&) { return !stop_.is_up(); }
    bool step(const WalkState& at, int, int, const Axes& axes) {
        const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, at.scattering);
        if (!physics::leaves_table(crystal_.amplitudes, index)) return true;
        const Indices nearest{physics::nearest_index(index.x), physics::nearest_index(index.y), physics::nearest_index(index.z)};
        // The reference leaves a step with a lattice factor of 0 before it looks at the table.
        found_ = crystal_.water || lattice_factor<shape>(crystal_, index, nearest).value != 0.0;
        return !found_;
    }

private:
    const CrystalStage& crystal_;
    const StopSign& stop_;
    bool found_ = false;
};

template <CrystalShape shape>
PixelIndex find_first_miss(const PlanView& plan, int threads, StopSign& stop, const Watch& watch) {
    std::atomic<PixelIndex> first{no_pixel};
    for_each_block(Blocks(plan.detector.region), threads, stop, watch, [&](const Block& block) {
        for (int fast = block.fast_first; fast <= block.fast_last; ++fast) {
            const PixelIndex pixel = pixel_index(plan, block.slow, fast);
            PixelIndex known = first.load();
            if (pixel >= known || stop.is_up()) return;
            if (is_masked(plan.detector, pixel)) continue;
            MissSeeker<shape> seeker(plan, stop);
            WalkState at;
            at.slow = block.slow, at.fast = fast;
            walk_pixel(plan, at, seeker);
            if (!seeker.found()) continue;
            while (pixel < known && !first.compare_exchange_weak(known, pixel)) {
            }
            return;
        }
    });
    return first.load();
}

// Counts the uses of the polarization axis until it has settled, usually within a pixel or two.
struct UseCounter {
    void enter_subpixel(const WalkState&) {}
    bool enter_source(const WalkState&) { return false; }
    bool step(const WalkState&, int, int, const Axes&) { return true; }
};

std::vector<CarryOver::AxisUses> count_axis_uses(const PlanView& plan, StopSign& stop) {
    std::vector<CarryOver::AxisUses> uses;
    std::int64_t before = 0;
    PlanView counting = plan;
    for_each_pixel(plan, stop, [&](int slow, int fast) {
        const CarryOver::AxisUses here{pixel_index(plan, slow, fast), before};
        uses.push_back(here);
        counting.carry_over.axis_uses = &here;
        counting.carry_over.n_axis_uses = 1;
        UseCounter counter;
        WalkState at;
        at.slow = slow, at.fast = fast;
        walk_pixel(counting, at, counter);
        before = at.axis_uses;
        return before < plan.beam.n_axes - 1;
    });
    return uses;
}

}  // namespace

void resolve_carry_over(Plan& plan, int threads, StopSign& stop, const Watch& watch) {
    const PlanView& view = plan.view();
    if (view.beam.n_axes > 1 && view.beam.kahn_factor != 0.0 && view.beam.polarization)
        plan.set_axis_uses(count_axis_uses(view, stop));
    if (plan.sweeps_differ()) plan.set_first_sweep(find_first_sweep(view, stop));
    if (view.crystal.interpolate)
        plan.set_interpolation_end(with_shape(
            plan.shape(), [&](auto shape) { return find_first_miss<decltype(shape)::value>(view, threads, stop, watch); }));
}

}  // namespace nbhybrid::kernel
