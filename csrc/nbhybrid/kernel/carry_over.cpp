#include "nbhybrid/kernel/carry_over.hpp"

#include <atomic>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/kernel/sums/reference_sum.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {

namespace {

using OnePixel = PixelBlock<1>;

// visit(pixel, block) for pixels in loop order, without those masked, until it returns false; the block is of that pixel.
template <class Visit>
void for_each_pixel(const PlanView& plan, StopSign& stop, Visit visit) {
    const Region& region = plan.detector.region;
    for (int slow = region.slow_first; slow <= region.slow_last; ++slow) {
        for (int fast = region.fast_first; fast <= region.fast_last; ++fast) {
            const PixelIndex pixel = pixel_index(plan, slow, fast);
            if (is_masked(plan.detector, pixel)) continue;
            OnePixel block;
            begin_block(slow, fast, block);
            if (!visit(pixel, block)) return;
            if (stop.is_up()) throw Interrupted();
        }
    }
}

// Leaves the sweeps out, and ends the walk at the first, or does not.
struct NoSum {
    bool goes_on;

    void enter_subpixel(const OnePixel&) {}
    bool add_source(const OnePixel&) const { return goes_on; }
};

PixelIndex find_first_sweep(const PlanView& plan, StopSign& stop) {
    PixelIndex found = no_pixel;
    for_each_pixel(plan, stop, [&](PixelIndex pixel, OnePixel& block) {
        NoSum seeker{false};
        if (!walk_block(plan, block, seeker, CarriedState(plan, pixel))) found = pixel;
        return found == no_pixel;
    });
    return found;
}

// Looks for the first lane with a step that would be looked up and whose neighbourhood leaves the table.
template <physics::CrystalShape shape, int width>
class MissSeeker {
public:
    using Block = PixelBlock<width>;

    MissSeeker(const PlanView& plan, CarriedState& carried, const StopSign& stop) : plan_(plan), carried_(carried), stop_(stop) {}

    // Its number; the width of a block if there is none.
    int first_lane() const { return first_; }
    void enter_subpixel(const Block&) {}
    bool add_source(const Block& block) {
        return stop_.is_up() || carried_.sweep(plan_.orientation, [&](int, int, const Axes& axes) { return look_at(block, axes); });
    }

private:
    bool look_at(const Block& block, const Axes& axes) {
        for (int j = 0; j < block.n_live && block.live[j] < first_; ++j)
            if (misses(physics::miller_index(axes.a, axes.b, axes.c, block.scattering[block.live[j]]))) first_ = block.live[j];
        return first_ > 0;
    }

    bool misses(const Vec3& index) const {
        const CrystalStage& crystal = plan_.crystal;
        if (!terms::leaves_table(crystal.amplitudes, index)) return false;
        // The reference leaves a step with a lattice factor of 0 before it looks at the table.
        return crystal.water || terms::Shape<shape>::factor(crystal, index, physics::nearest_indices(index)).value != 0.0;
    }

    const PlanView& plan_;
    CarriedState& carried_;
    const StopSign& stop_;
    int first_ = width;
};

// The next pixels of a row that can go together, from `fast` on, which is moved behind them: without masked ones, and one that
// carries state alone. False at the end of the row.
template <class Block>
bool next_block(const PlanView& plan, const RowPart& part, int& fast, Block& block) {
    block.slow = part.slow;
    block.count = 0;
    for (bool is_alone = false; fast <= part.fast_last && block.count < Block::capacity && !is_alone; ++fast) {
        const PixelIndex pixel = pixel_index(plan, part.slow, fast);
        if (is_masked(plan.detector, pixel)) continue;
        is_alone = carries_state(plan, pixel);
        if (is_alone && block.count > 0) break;
        block.fast[block.count++] = fast;
    }
    return block.count > 0;
}

template <physics::CrystalShape shape>
PixelIndex first_miss_of(const PlanView& plan, const StopSign& stop, const RowPart& part, PixelIndex known) {
    PixelBlock<block_width> block;
    int fast = part.fast_first;
    while (next_block(plan, part, fast, block)) {
        const PixelIndex first = pixel_index(plan, part.slow, block.fast[0]);
        if (first >= known || stop.is_up()) return no_pixel;
        CarriedState carried(plan, first);
        MissSeeker<shape, block_width> seeker(plan, carried, stop);
        walk_block(plan, block, seeker, carried);
        if (seeker.first_lane() < block.count) return pixel_index(plan, part.slow, block.fast[seeker.first_lane()]);
    }
    return no_pixel;
}

template <physics::CrystalShape shape>
PixelIndex find_first_miss(const PlanView& plan, int threads, StopSign& stop, const Watch& watch) {
    std::atomic<PixelIndex> first{no_pixel};
    for_each_part(RowParts(plan.detector.region), threads, stop, watch, [&](const RowPart& part) {
        PixelIndex known = first.load();
        const PixelIndex pixel = first_miss_of<shape>(plan, stop, part, known);
        while (pixel < known && !first.compare_exchange_weak(known, pixel)) {
        }
    });
    return first.load();
}

// Visits pixels in loop order with the entry of the axes that is next when each begins, until visit(pixel, entry) returns false.
template <class Visit>
void follow_axis(const PlanView& plan, StopSign& stop, Visit visit) {
    int entry = 0;
    for_each_pixel(plan, stop, [&](PixelIndex pixel, OnePixel& block) {
        if (!visit(pixel, entry)) return false;
        NoSum user{true};
        CarriedState carried(plan, pixel);
        carried.axis_entry = entry;
        walk_block(plan, block, user, carried);
        entry = carried.axis_entry;
        return true;
    });
}

void resolve_axis(Plan& plan, StopSign& stop) {
    const PlanView& view = plan.view();
    const int last = view.beam.n_axes - 1;
    if (view.beam.axis_cycle == last) {
        std::vector<CarryOver::AxisUse> uses;
        follow_axis(view, stop, [&](PixelIndex pixel, int entry) {
            if (entry < last) uses.push_back({pixel, entry});
            return entry < last;
        });
        plan.set_axis_uses(std::move(uses));
        return;
    }
    std::vector<std::uint16_t> entries(static_cast<std::size_t>(view.detector.fast_pixels) *
                                       static_cast<std::size_t>(view.detector.slow_pixels));
    follow_axis(view, stop, [&](PixelIndex pixel, int entry) {
        entries[static_cast<std::size_t>(pixel)] = static_cast<std::uint16_t>(entry);
        return true;
    });
    plan.set_axis_entries(std::move(entries));
}

}  // namespace

void resolve_shared_carry_over(Plan& plan, StopSign& stop) {
    const PlanView& view = plan.view();
    const BeamStage& beam = view.beam;
    const bool uses_axis = beam.polarization_of == FactorOf::first_subpixel || beam.polarization_of == FactorOf::each_subpixel;
    if (beam.n_axes > 1 && beam.kahn_factor != 0.0 && uses_axis && !plan.knows_axis_uses()) resolve_axis(plan, stop);
    if (plan.sweeps_differ() && view.carry_over.first_sweep == no_pixel) plan.set_first_sweep(find_first_sweep(view, stop));
}

void resolve_carry_over(Plan& plan, int threads, StopSign& stop, const Watch& watch) {
    resolve_shared_carry_over(plan, stop);
    const PlanView& view = plan.view();
    if (view.crystal.interpolate && !view.crystal.interpolation_resumes)
        plan.set_interpolation_end(terms::with_shape(
            plan.shape(), [&](auto shape) { return find_first_miss<decltype(shape)::value>(view, threads, stop, watch); }));
}

}  // namespace nbhybrid::kernel
