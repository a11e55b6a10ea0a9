#include "nbhybrid/kernel/render.hpp"

#include "nbhybrid/kernel/dispatch.hpp"

namespace nbhybrid::kernel {

namespace {

// The records of the traced pixels of a block, in no particular order. A pixel may be asked for more than once.
std::vector<PixelRecord*> traced_in(TraceRequest& traces, const Block& block) {
    std::vector<PixelRecord*> found;
    for (PixelRecord& record : traces.pixels)
        if (record.slow == block.slow && record.fast >= block.fast_first && record.fast <= block.fast_last)
            found.push_back(&record);
    return found;
}

template <CrystalShape shape>
PixelValue render_traced(const PlanView& view, PixelRecord& record, bool steps, const StopSign& stop) {
    RecordTrace trace(record, steps);
    return render_pixel<shape>(view, record.slow, record.fast, stop, trace);
}

template <CrystalShape shape>
double render_block(const PlanView& view, const Block& block, float* image, TraceRequest& traces, const StopSign& stop) {
    const std::vector<PixelRecord*> traced = traced_in(traces, block);
    NoTrace none;
    double solid_angles = 0;
    for (int fast = block.fast_first; fast <= block.fast_last && !stop.is_up(); ++fast) {
        const PixelIndex pixel = pixel_index(view, block.slow, fast);
        if (is_masked(view.detector, pixel)) continue;
        PixelValue value;
        bool is_traced = false;
        for (PixelRecord* record : traced) {
            if (record->fast != fast) continue;
            value = render_traced<shape>(view, *record, traces.steps, stop);
            is_traced = true;
        }
        if (!is_traced) value = render_pixel<shape>(view, block.slow, fast, stop, none);
        image[pixel] = value.photons;
        solid_angles += value.solid_angles;
    }
    return solid_angles;
}

}  // namespace

RenderTotals render(const Plan& plan, float* image, TraceRequest& traces, int threads, StopSign& stop, const Watch& watch) {
    const PlanView& view = plan.view();
    const Blocks blocks(view.detector.region);
    // One sum a block, added up in loop order: the same total for any number of threads.
    std::vector<double> solid_angles(static_cast<std::size_t>(blocks.count()));
    with_shape(plan.shape(), [&](auto shape) {
        for_each_block(blocks, threads, stop, watch, [&](const Block& block) {
            solid_angles[static_cast<std::size_t>(block.number)] =
                render_block<decltype(shape)::value>(view, block, image, traces, stop);
        });
    });
    RenderTotals totals;
    for (const double sum : solid_angles) totals.solid_angles += sum;
    return totals;
}

void trace_pixel(const Plan& plan, PixelRecord& record) {
    const StopSign never;
    with_shape(plan.shape(), [&](auto shape) { render_traced<decltype(shape)::value>(plan.view(), record, false, never); });
}

}  // namespace nbhybrid::kernel
