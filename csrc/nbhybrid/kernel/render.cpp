#include "nbhybrid/kernel/render.hpp"

#include <algorithm>

#include "nbhybrid/kernel/dispatch.hpp"

namespace nbhybrid::kernel {

namespace {

using TracedPixels = std::vector<PixelRecord*>;

// The records of the traced pixels of a part of a row. A pixel may be asked for more than once.
TracedPixels traced_in(TraceRequest& traces, const RowPart& part) {
    TracedPixels found;
    for (PixelRecord& record : traces.pixels)
        if (record.slow == part.slow && record.fast >= part.fast_first && record.fast <= part.fast_last) found.push_back(&record);
    return found;
}

template <CrystalShape shape>
float render_traced(const PlanView& view, PixelRecord& record, bool steps, const StopSign& stop, double& solid_angles) {
    PixelBlock<1> block;
    begin_block(view, record.slow, record.fast, block);
    RecordTrace trace(record, steps);
    float pixel = 0;
    solid_angles = render_block<shape>(view, block, stop, trace, &pixel);
    return pixel;
}

// Renders a part of a row and returns the sum of its solid angles.
template <CrystalShape shape>
double render_part(const PlanView& view, const RowPart& part, float* image, TraceRequest& traces, const StopSign& stop) {
    const TracedPixels traced = traced_in(traces, part);
    const auto is_traced = [&](int fast) {
        return std::any_of(traced.begin(), traced.end(), [&](const PixelRecord* record) { return record->fast == fast; });
    };
    NoTrace none;
    PixelBlock<block_width> block;
    float pixels[block_width];
    double total = 0;
    int fast = part.fast_first;
    while (!stop.is_up() && next_block(view, part.slow, fast, part.fast_last, is_traced, block)) {
        double solid_angles = 0;
        if (block.count == 1 && is_traced(block.fast[0])) {
            for (PixelRecord* record : traced)
                if (record->fast == block.fast[0])
                    pixels[0] = render_traced<shape>(view, *record, traces.steps, stop, solid_angles);
        } else {
            solid_angles = render_block<shape>(view, block, stop, none, pixels);
        }
        total += solid_angles;
        for (int i = 0; i < block.count; ++i) image[pixel_index(view, part.slow, block.fast[i])] = pixels[i];
    }
    return total;
}

}  // namespace

RenderTotals render(const Plan& plan, float* image, TraceRequest& traces, int threads, StopSign& stop, const Watch& watch) {
    const PlanView& view = plan.view();
    const RowParts parts(view.detector.region);
    // One sum a part, added up in loop order: the same total for any number of threads.
    std::vector<double> solid_angles(static_cast<std::size_t>(parts.count()));
    with_shape(plan.shape(), [&](auto shape) {
        for_each_part(parts, threads, stop, watch, [&](const RowPart& part) {
            solid_angles[static_cast<std::size_t>(part.number)] =
                render_part<decltype(shape)::value>(view, part, image, traces, stop);
        });
    });
    RenderTotals totals;
    for (const double sum : solid_angles) totals.solid_angles += sum;
    return totals;
}

bool is_rendered(const PlanView& plan, int slow, int fast) {
    const Region& r = plan.detector.region;
    const bool inside = slow >= r.slow_first && slow <= r.slow_last && fast >= r.fast_first && fast <= r.fast_last;
    return inside && !is_masked(plan.detector, pixel_index(plan, slow, fast));
}

void trace_pixel(const Plan& plan, PixelRecord& record, bool steps) {
    const StopSign never;
    double solid_angles = 0;
    with_shape(plan.shape(),
               [&](auto shape) { return render_traced<decltype(shape)::value>(plan.view(), record, steps, never, solid_angles); });
}

}  // namespace nbhybrid::kernel
