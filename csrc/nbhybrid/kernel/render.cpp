#include "nbhybrid/kernel/render.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "nbhybrid/kernel/row_renderer.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {

namespace {

using Records = std::vector<PixelRecord>;
using TracedPixels = std::vector<PixelRecord*>;

// The records of the traced pixels of a part of a row. A pixel may be asked for more than once.
TracedPixels traced_in(Records& records, const RowPart& part) {
    TracedPixels found;
    for (PixelRecord& record : records)
        if (record.slow == part.slow && record.fast >= part.fast_first && record.fast <= part.fast_last) found.push_back(&record);
    return found;
}

template <physics::CrystalShape shape>
float render_traced(const PlanView& view, PixelRecord& record, bool steps, const StopSign& stop, double& solid_angles) {
    PixelBlock<1> block;
    begin_block(record.slow, record.fast, block);
    RecordTrace trace(record, steps);
    float pixel = 0;
    solid_angles = render_block<shape>(view, block, stop, trace, &pixel);
    return pixel;
}

// What renders a part of an image needs.
template <physics::CrystalShape shape>
class PartRenderer {
public:
    PartRenderer(const Plan& plan, const Way& way, const StopSign& stop) : view_(plan.view()), stop_(stop), row_(plan, way, stop) {}

    // Returns the sum of the solid angles.
    double render(const RowPart& part, float* image, Records& records, bool with_steps) {
        const TracedPixels traced = traced_in(records, part);
        const auto is_traced = [&](int fast) {
            return std::any_of(traced.begin(), traced.end(), [&](const PixelRecord* record) { return record->fast == fast; });
        };
        const PixelIndex first = pixel_index(view_, part.slow, part.fast_first);
        if (view_.detector.mask == nullptr && traced.empty()) {
            const int pixels = part.fast_last - part.fast_first + 1;
            fast_.resize(static_cast<std::size_t>(pixels));
            std::iota(fast_.begin(), fast_.end(), part.fast_first);
            return row_.render(part.slow, fast_, image + first);
        }
        fast_.clear();
        for (int fast = part.fast_first; fast <= part.fast_last; ++fast)
            if (!is_masked(view_.detector, pixel_index(view_, part.slow, fast)) && !is_traced(fast)) fast_.push_back(fast);
        values_.resize(fast_.size());
        double total = row_.render(part.slow, fast_, values_.data());
        for (std::size_t i = 0; i < fast_.size(); ++i) image[pixel_index(view_, part.slow, fast_[i])] = values_[i];
        for (PixelRecord* record : traced) {
            const PixelIndex pixel = pixel_index(view_, part.slow, record->fast);
            double solid_angles = 0;
            if (is_masked(view_.detector, pixel) || stop_.is_up()) continue;
            image[pixel] = render_traced<shape>(view_, *record, with_steps, stop_, solid_angles);
            // A pixel may be asked for more than once.
            if (record == *std::find_if(traced.begin(), traced.end(), [&](auto* other) { return other->fast == record->fast; }))
                total += solid_angles;
        }
        return total;
    }

    const RenderCounts& counts() const { return row_.counts(); }

private:
    const PlanView& view_;
    const StopSign& stop_;
    RowRenderer<shape> row_;
    std::vector<int> fast_;
    std::vector<float> values_;
};

// Pixels of a list in loop order, and where in the list they stand.
class PixelList {
public:
    PixelList(const PlanView& view, const std::vector<PixelAddress>& pixels) : view_(view), pixels_(pixels), order_(pixels.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t i, std::size_t j) { return index_of(i) < index_of(j); });
    }

    // Renders those from `first` on, before `last`, row by row.
    template <physics::CrystalShape shape>
    void render(RowRenderer<shape>& row, std::size_t first, std::size_t last, float* values) const {
        std::vector<int> fast;
        std::vector<std::size_t> places;
        std::vector<float> rendered;
        while (first < last) {
            fast.clear();
            places.clear();
            const int slow = pixels_[order_[first]].slow;
            for (; first < last && pixels_[order_[first]].slow == slow; ++first) {
                if (!is_rendered(view_, slow, pixels_[order_[first]].fast)) continue;
                fast.push_back(pixels_[order_[first]].fast);
                places.push_back(order_[first]);
            }
            rendered.resize(fast.size());
            row.render(slow, fast, rendered.data());
            for (std::size_t i = 0; i < places.size(); ++i) values[places[i]] = rendered[i];
        }
    }

private:
    PixelIndex index_of(std::size_t i) const { return pixel_index(view_, pixels_[i].slow, pixels_[i].fast); }

    const PlanView& view_;
    const std::vector<PixelAddress>& pixels_;
    std::vector<std::size_t> order_;
};

}  // namespace

void render_list(const Plan& plan, const std::vector<PixelAddress>& pixels, float* values, int threads, StopSign& stop,
                 const Watch& watch, const Way& way) {
    constexpr std::size_t most_each = 256;
    // Pixels that do not go through the vector kernel in blocks are shared out evenly, however few there are.
    const std::size_t even = (pixels.size() + static_cast<std::size_t>(4 * threads)) / static_cast<std::size_t>(4 * threads + 1);
    const std::size_t each = way.vector ? most_each : std::clamp<std::size_t>(even, 1, most_each);
    std::fill_n(values, pixels.size(), 0.0F);
    const PixelList list(plan.view(), pixels);
    const auto tasks = static_cast<std::int64_t>((pixels.size() + each - 1) / each);
    terms::with_shape(plan.shape(), [&](auto shape) {
        for_each_task(tasks, threads, stop, watch, [&](std::int64_t number) {
            const std::size_t first = static_cast<std::size_t>(number) * each;
            RowRenderer<decltype(shape)::value> row(plan, way, stop);
            list.render(row, first, std::min(first + each, pixels.size()), values);
        });
    });
}

RenderTotals render_region(const Plan& plan, float* image, Records& traced, bool with_steps, int threads, StopSign& stop,
                           const Watch& watch, const Way& way) {
    const RowParts parts(plan.view().detector.region);
    // One sum a part, added up in loop order: the same total for any number of threads.
    std::vector<double> solid_angles(static_cast<std::size_t>(parts.count()));
    RenderTotals totals;
    std::mutex mutex;
    terms::with_shape(plan.shape(), [&](auto shape) {
        for_each_part(parts, threads, stop, watch, [&](const RowPart& part) {
            PartRenderer<decltype(shape)::value> renderer(plan, way, stop);
            solid_angles[static_cast<std::size_t>(part.number)] = renderer.render(part, image, traced, with_steps);
            const std::lock_guard<std::mutex> guard(mutex);
            totals.counts.add(renderer.counts());
        });
    });
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
    terms::with_shape(plan.shape(), [&](auto shape) {
        return render_traced<decltype(shape)::value>(plan.view(), record, steps, never, solid_angles);
    });
}

}  // namespace nbhybrid::kernel
