#include <algorithm>
#include <cstring>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/device_launch.hpp"

namespace nbhybrid::kernel {

namespace {

constexpr Way scalar_way{Engine::exact, false, false};

PixelAddress address_of(const PlanView& view, PixelIndex pixel) {
    return {static_cast<int>(pixel / view.detector.fast_pixels), static_cast<int>(pixel % view.detector.fast_pixels)};
}

// The pixel that is_left_to_scalar(), if there is one.
std::vector<PixelIndex> left_to_scalar(const PlanView& view) {
    const PixelIndex pixel = view.carry_over.first_sweep;
    if (pixel == no_pixel) return {};
    const PixelAddress address = address_of(view, pixel);
    if (!is_rendered(view, address.slow, address.fast)) return {};
    return {pixel};
}

std::int64_t rendered_pixels(const PlanView& view) {
    const Region& r = view.detector.region;
    std::int64_t count = 0;
    for (int slow = r.slow_first; slow <= r.slow_last; ++slow) {
        if (view.detector.mask == nullptr) count += r.fast_last - r.fast_first + 1;
        else
            for (int fast = r.fast_first; fast <= r.fast_last; ++fast)
                count += is_masked(view.detector, pixel_index(view, slow, fast)) ? 0 : 1;
    }
    return count;
}

// By the scalar path, on no more threads than so few pixels are worth.
void render_few(const Plan& plan, const std::vector<PixelAddress>& pixels, float* values, int threads, StopSign& stop,
                const Watch& watch) {
    const double steps = static_cast<double>(pixels.size()) * steps_of_pixel(plan.view());
    render_pixels(plan, pixels, values, useful_threads(threads, steps), stop, watch, scalar_way);
}

// The scalar path's values of these pixels.
std::vector<float> scalar_values(const Plan& plan, const std::vector<PixelIndex>& pixels, int threads, StopSign& stop,
                                 const Watch& watch) {
    std::vector<PixelAddress> addresses;
    addresses.reserve(pixels.size());
    for (const PixelIndex pixel : pixels) addresses.push_back(address_of(plan.view(), pixel));
    std::vector<float> values(pixels.size());
    render_few(plan, addresses, values.data(), threads, stop, watch);
    return values;
}

// Pixels of an image in the host's memory that differ from the scalar path's.
std::int64_t count_wrong(const Plan& plan, const float* image, int threads, StopSign& stop, const Watch& watch) {
    const auto pixels =
        static_cast<std::size_t>(plan.view().detector.fast_pixels) * static_cast<std::size_t>(plan.view().detector.slow_pixels);
    std::vector<float> again(pixels);
    TraceRequest none;
    render(plan, again.data(), none, threads, stop, watch, scalar_way);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < pixels; ++i) wrong += std::memcmp(&again[i], image + i, sizeof(float)) != 0 ? 1 : 0;
    return wrong;
}

// For the few pixels that a device has left: the share of the work that is done does not begin anew.
Watch at_the_end_of(const Watch& watch) {
    if (!watch) return nullptr;
    return [&watch](double) { return watch(1.0); };
}

// What the host renders of an image that a device has tried.
struct Remainder {
    std::vector<PixelIndex> pixels;
    std::vector<float> values;

    Remainder(const Plan& plan, const DeviceTotals& decided) : pixels(left_to_scalar(plan.view())) {
        pixels.insert(pixels.end(), decided.undecided.begin(), decided.undecided.end());
    }

    double steps(const Plan& plan) const { return static_cast<double>(pixels.size()) * steps_of_pixel(plan.view()); }

    void render(const Plan& plan, int threads, StopSign& stop, const Watch& watch) {
        if (!pixels.empty()) values = scalar_values(plan, pixels, threads, stop, watch);
    }

    void place(float* image, std::vector<float*>& places, std::vector<float>& all) const {
        for (const PixelIndex pixel : pixels) places.push_back(image + pixel);
        all.insert(all.end(), values.begin(), values.end());
    }
};

std::string obstacle_of(const Plan& plan) {
    if (!plan.bounds().unusable.empty()) return plan.bounds().unusable;
    if (plan.view().crystal.interpolate) return obstacle_of_interpolation;
    constexpr double most_bytes = 4.0 * 1024 * 1024 * 1024;
    if (plan.view().detector.curved && curved_table_bytes(plan.view()) > most_bytes)
        return "a table of the positions on the curved detector (-curved_det) would take more than 4 GiB";
    return "";
}

}  // namespace

std::string device_refusal(const Plan& plan) {
    const std::string obstacle = obstacle_of(plan);
    return obstacle.empty() ? "" : "no device can take this run, since " + obstacle + "; choose device cpu";
}

void check_fits(const Plan& plan, const Device& device) {
    const std::string refusal = device_refusal(plan);
    if (!refusal.empty()) throw DeviceError(device.name() + ": " + refusal);
}

RenderTotals render_on(Device& device, const Plan& plan, const DeviceImages& image, TraceRequest& traces, int threads,
                       StopSign& stop, const Watch& watch, const Way& way) {
    RenderTotals totals;
    const DeviceTotals decided = device.decide(image, watch).front();
    totals.solid_angles = decided.solid_angles;
    // Of an image that stays on the device nobody asks for counts, and a mask takes longer to count than to render.
    if (!image.on_device) totals.counts.pixels = rendered_pixels(plan.view());
    totals.counts.undecided = static_cast<std::int64_t>(decided.undecided.size());
    Remainder rest(plan, decided);
    rest.render(plan, threads, stop, at_the_end_of(watch));
    totals.counts.scalar = static_cast<std::int64_t>(rest.pixels.size());
    std::vector<float*> places;
    std::vector<float> values;
    rest.place(image.values.front(), places, values);
    trace_on(device, plan, traces);
    if (!places.empty()) device.set(image, places, values);
    if (way.verify && way.engine == Engine::exact && !image.on_device)
        totals.counts.wrong = count_wrong(plan, image.values.front(), threads, stop, watch);
    return totals;
}

void trace_on(Device& device, const Plan& plan, TraceRequest& traces) {
    std::vector<PixelRecord*> records;
    std::vector<PixelIndex> pixels;
    for (PixelRecord& record : traces.pixels) {
        if (!is_rendered(plan.view(), record.slow, record.fast)) continue;
        const PixelIndex pixel = pixel_index(plan.view(), record.slow, record.fast);
        if (is_left_to_scalar(plan.view(), pixel)) {
            trace_pixel(plan, record, traces.steps);
            record.by = TracedBy::scalar_path_for_device;
        } else {
            records.push_back(&record);
            pixels.push_back(pixel);
        }
    }
    if (pixels.empty()) return;
    std::vector<PixelRecord> traced = device.trace(pixels, traces.steps);
    for (std::size_t i = 0; i < traced.size(); ++i) *records[i] = std::move(traced[i]);
}

void render_set_on(Device& device, const std::vector<const Plan*>& plans, const DeviceImages& images, int threads, StopSign& stop,
                   const Watch& watch) {
    const std::vector<DeviceTotals> decided = device.decide(images, watch);
    const auto count = static_cast<std::int64_t>(plans.size());
    std::vector<Remainder> rests;
    double steps = 0;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        rests.emplace_back(*plans[i], decided[i]);
        steps += rests.back().steps(*plans[i]);
    }
    const Watch its_watch = at_the_end_of(watch);
    const int useful = useful_threads(threads, steps);
    // The few pixels of many images are work for a thread each, those of few images for all threads.
    const bool side_by_side = count >= 2 * static_cast<std::int64_t>(useful);
    for_each_task(count, side_by_side ? useful : callers_thread, stop, its_watch, [&](std::int64_t number) {
        const auto i = static_cast<std::size_t>(number);
        rests[i].render(*plans[i], side_by_side ? callers_thread : useful, stop, side_by_side ? nullptr : its_watch);
    });
    std::vector<float*> places;
    std::vector<float> values;
    for (std::size_t i = 0; i < plans.size(); ++i) rests[i].place(images.values[i], places, values);
    if (!places.empty()) device.set(images, places, values);
}

void render_pixels_on(Device& device, const Plan& plan, const std::vector<PixelAddress>& pixels, const DeviceImages& values,
                      int threads, StopSign& stop, const Watch& watch) {
    const PlanView& view = plan.view();
    std::vector<PixelIndex> list(pixels.size());
    std::vector<PixelIndex> places;  // that the host renders; those of pixels that nobody renders are among them, as 0
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        list[i] = pixel_index(view, pixels[i].slow, pixels[i].fast);
        if (!is_rendered(view, pixels[i].slow, pixels[i].fast) || is_left_to_scalar(view, list[i]))
            places.push_back(static_cast<PixelIndex>(i));
    }
    const DeviceTotals decided = device.decide_list(list, values, watch);
    places.insert(places.end(), decided.undecided.begin(), decided.undecided.end());
    std::vector<PixelAddress> addresses;
    std::vector<float*> targets;
    for (const PixelIndex place : places) {
        addresses.push_back(pixels[static_cast<std::size_t>(place)]);
        targets.push_back(values.values.front() + place);
    }
    std::vector<float> again(places.size());
    render_few(plan, addresses, again.data(), threads, stop, at_the_end_of(watch));
    if (!places.empty()) device.set(values, targets, again);
}

}  // namespace nbhybrid::kernel
