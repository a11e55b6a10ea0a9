#include "nbhybrid/kernel/render_request.hpp"

#include <algorithm>
#include <cstring>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/device_render.hpp"
#include "nbhybrid/kernel/render.hpp"

namespace nbhybrid::kernel {

namespace {

// Records of traced steps are held in memory.
constexpr double most_trace_bytes = 4.0 * 1024 * 1024 * 1024;

bool are_finite(const float* values, std::int64_t count) {
    constexpr std::uint32_t exponent = 0x7f800000;
    std::uint32_t found = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, values + i, sizeof bits);
        found |= (bits & exponent) == exponent ? 1U : 0U;
    }
    return found == 0;
}

void check_inside(const Plan& plan, const std::vector<PixelAddress>& pixels) {
    const DetectorStage& d = plan.view().detector;
    for (const PixelAddress& pixel : pixels)
        if (pixel.slow < 0 || pixel.slow >= d.slow_pixels || pixel.fast < 0 || pixel.fast >= d.fast_pixels)
            throw ModelError(format("pixel (%d, %d): the image has %d x %d (slow x fast) pixels", pixel.slow, pixel.fast,
                                    d.slow_pixels, d.fast_pixels));
}

// Of a list of pixels, and of traces.
std::shared_ptr<const Plan> only_plan(const RenderRequest& request) {
    if (request.plans->count() != 1) throw ModelError("pixels and traces are of one image, expected one panel or orientation");
    return request.plans->plan(0, request.threads);
}

std::vector<PixelRecord> begin_records(const Plan& plan, const TraceRequest& trace) {
    check_inside(plan, trace.pixels);
    check_trace_size(plan, trace.pixels.size(), trace.steps);
    std::vector<PixelRecord> records(trace.pixels.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].slow = trace.pixels[i].slow;
        records[i].fast = trace.pixels[i].fast;
    }
    return records;
}

void trace_alone(const RenderRequest& request, std::vector<PixelRecord>& records) {
    const std::shared_ptr<const Plan> plan = only_plan(request);
    if (!request.devices.empty()) {
        trace_on(*request.devices.front().device, *plan, records, request.trace.steps);
        return;
    }
    for (PixelRecord& record : records)
        if (is_rendered(plan->view(), record.slow, record.fast)) trace_pixel(*plan, record, request.trace.steps);
}

void render_pixels(const RenderRequest& request, StopSign& stop) {
    const std::shared_ptr<const Plan> plan = only_plan(request);
    const std::vector<PixelAddress>& pixels = *request.pixels;
    check_inside(*plan, pixels);
    if (!request.devices.empty()) {
        render_list_on(*request.devices.front().device, *plan, request, stop);
        return;
    }
    const double steps = static_cast<double>(pixels.size()) * steps_of_pixel(plan->view());
    render_list(*plan, pixels, request.target.images.front(), useful_threads(request.threads, steps), stop, request.watch,
                request.way);
}

// An image on the processor, with zeros where nothing is rendered.
RenderTotals render_image(const Plan& plan, float* image, const RenderRequest& request, std::vector<PixelRecord>& traced,
                          int threads, StopSign& stop, const Watch& watch) {
    const DetectorStage& d = plan.view().detector;
    const Region& r = d.region;
    const std::int64_t pixels = std::int64_t{d.fast_pixels} * d.slow_pixels;
    const std::int64_t in_region = std::int64_t{r.fast_last - r.fast_first + 1} * (r.slow_last - r.slow_first + 1);
    if (d.mask != nullptr || in_region != pixels) std::fill_n(image, pixels, 0.0F);
    const int useful = useful_threads(threads, static_cast<double>(in_region) * steps_of_pixel(plan.view()));
    return render_region(plan, image, traced, request.trace.steps, useful, stop, watch, request.way);
}

// Side by side no image waits for the slowest thread of another; but a few large ones would leave threads idle.
void render_on_processor(const RenderRequest& request, StopSign& stop, RenderResult& result) {
    const PlanSource& plans = *request.plans;
    const std::int64_t count = plans.count();
    const auto render = [&](std::int64_t number, int threads, const Watch& watch) {
        const auto i = static_cast<std::size_t>(number);
        const std::shared_ptr<const Plan> plan = plans.plan(number, threads);
        // Traces are of the only image: of others there are none.
        result.images[i] = render_image(*plan, request.target.images[i], request, result.records, threads, stop, watch);
        if (request.wanted.finite) result.images[i].is_finite = are_finite(request.target.images[i], plans.pixels(number));
    };
    const int useful = useful_threads(request.threads, plans.steps());
    if (count >= 2 * static_cast<std::int64_t>(useful))
        for_each_task(count, useful, stop, request.watch, [&](std::int64_t i) { render(i, callers_thread, nullptr); });
    else
        for (std::int64_t i = 0; i < count; ++i) render(i, useful, part_of(request.watch, i, count));
}

void render_images(const RenderRequest& request, StopSign& stop, RenderResult& result) {
    if (request.devices.empty()) {
        render_on_processor(request, stop, result);
        return;
    }
    render_on_devices(request, stop, result);
    if (!request.wanted.finite || request.target.on_device) return;
    for (std::size_t i = 0; i < result.images.size(); ++i)
        result.images[i].is_finite = are_finite(request.target.images[i], request.plans->pixels(static_cast<std::int64_t>(i)));
}

}  // namespace

Target Target::spread(const PlanSource& plans) const {
    Target target = *this;
    if (images.size() != 1) return target;
    target.images.clear();
    float* next = images.front();
    for (std::int64_t i = 0; i < plans.count(); next += plans.pixels(i++)) target.images.push_back(next);
    return target;
}

bool RenderResult::is_finite() const {
    return std::all_of(images.begin(), images.end(), [](const RenderTotals& totals) { return totals.is_finite; });
}

RenderResult render(const RenderRequest& request) {
    StopSign stop;
    RenderResult result;
    if (!request.trace.pixels.empty()) result.records = begin_records(*only_plan(request), request.trace);
    result.images.resize(request.target.images.size());
    if (request.pixels) {
        render_pixels(request, stop);
        if (request.wanted.finite && !request.target.on_device)
            result.images.front().is_finite =
                are_finite(request.target.images.front(), static_cast<std::int64_t>(request.pixels->size()));
    } else if (!request.target.images.empty()) {
        render_images(request, stop, result);
        return result;
    }
    if (!result.records.empty()) trace_alone(request, result.records);
    return result;
}

void check_trace_size(const Plan& plan, std::size_t pixels, bool steps) {
    const double each = steps_of_pixel(plan.view());
    const double bytes = steps ? each * static_cast<double>(pixels * sizeof(StepRecord)) : 0;
    if (bytes > most_trace_bytes)
        throw SizeError(
            format("a trace of the steps of %zu pixels, %.10g steps each, takes %.3g GiB; at most 4 are possible: trace "
                   "fewer pixels",
                   pixels, each, bytes / (1024.0 * 1024 * 1024)));
}

}  // namespace nbhybrid::kernel
