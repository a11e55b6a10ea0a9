#include "nbhybrid/kernel/render.hpp"

#include <algorithm>
#include <numeric>

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

// Pixels of a list in loop order, and where in the list they stand.
class PixelList {
public:
    PixelList(const PlanView& view, const std::vector<PixelAddress>& pixels) : view_(view), pixels_(pixels), order_(pixels.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t i, std::size_t j) { return index_of(i) < index_of(j); });
    }

    // Renders those from `first` on, before `last`, in blocks of pixels of one row.
    template <CrystalShape shape>
    void render(std::size_t first, std::size_t last, float* values, const StopSign& stop) const {
        NoTrace none;
        PixelBlock<block_width> block;
        float rendered[block_width];
        while (first < last && !stop.is_up()) {
            std::size_t places[block_width];
            fill(first, last, block, places);
            if (block.count == 0) continue;
            render_block<shape>(view_, block, stop, none, rendered);
            for (int i = 0; i < block.count; ++i) values[places[i]] = rendered[i];
        }
    }

private:
    PixelIndex index_of(std::size_t i) const { return pixel_index(view_, pixels_[i].slow, pixels_[i].fast); }

    void fill(std::size_t& first, std::size_t last, PixelBlock<block_width>& block, std::size_t* places) const {
        block.count = 0;
        for (; first < last && block.count < block_width; ++first) {
            const auto [slow, fast] = pixels_[order_[first]];
            if (!is_rendered(view_, slow, fast)) continue;
            const bool by_itself = carries_state(view_, index_of(order_[first]));
            if (block.count > 0 && (by_itself || slow != block.slow)) return;
            places[block.count] = order_[first];
            if (block.count == 0) begin_block(view_, slow, fast, block);
            else block.fast[block.count++] = fast;
            if (by_itself) {
                ++first;
                return;
            }
        }
    }

    const PlanView& view_;
    const std::vector<PixelAddress>& pixels_;
    std::vector<std::size_t> order_;
};

}  // namespace

void render_pixels(const Plan& plan, const std::vector<PixelAddress>& pixels, float* values, int threads, StopSign& stop,
                   const Watch& watch) {
    constexpr std::size_t each = 256;
    std::fill_n(values, pixels.size(), 0.0F);
    const PixelList list(plan.view(), pixels);
    const auto tasks = static_cast<std::int64_t>((pixels.size() + each - 1) / each);
    with_shape(plan.shape(), [&](auto shape) {
        for_each_task(tasks, threads, stop, watch, [&](std::int64_t number) {
            const std::size_t first = static_cast<std::size_t>(number) * each;
            list.render<decltype(shape)::value>(first, std::min(first + each, pixels.size()), values, stop);
        });
    });
}

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
