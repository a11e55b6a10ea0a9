#include "nbhybrid/kernel/device_render.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/render.hpp"

namespace nbhybrid::kernel {

namespace {

// Images that go through a device together have about so many pixels, which keep a large one busy for several rounds; and are not
// more than this, each with a plan of its own.
constexpr std::int64_t pixels_of_group = std::int64_t{1} << 21U, most_images_of_group = 256;

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
    render_list(plan, pixels, values, useful_threads(threads, steps), stop, watch, scalar_way);
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
    std::vector<PixelRecord> none;
    render_region(plan, again.data(), none, false, threads, stop, watch, scalar_way);
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

std::string unsupported_option_of(const Plan& plan) {
    if (!plan.bounds().unsupported_option.empty()) return plan.bounds().unsupported_option;
    if (plan.view().crystal.interpolate) return unsupported_interpolation;
    constexpr double most_bytes = 4.0 * 1024 * 1024 * 1024;
    if (plan.view().detector.curved && curved_table_bytes(plan.view()) > most_bytes)
        return "a table of the positions on the curved detector (-curved_det) would take more than 4 GiB";
    return "";
}

// The images of a request that go through a device together.
class Group {
public:
    Group(const RenderRequest& request, std::int64_t first, std::int64_t count, int threads)
        : request_(request), first_(static_cast<std::size_t>(first)), threads_(threads), owners_(static_cast<std::size_t>(count)) {
        StopSign never;
        const bool side_by_side = count >= 2 * static_cast<std::int64_t>(threads);
        for_each_task(count, side_by_side ? threads : callers_thread, never, nullptr, [&](std::int64_t i) {
            owners_[static_cast<std::size_t>(i)] = request.plans->plan(first + i, side_by_side ? callers_thread : threads);
        });
        for (const std::shared_ptr<const Plan>& plan : owners_) plans_.push_back(plan.get());
    }

    void load(DeviceUse& use) const {
        if (use.holds == DeviceUse::Holds::plans) return;
        for (const Plan* plan : plans_) check_fits(*plan, *use.device);
        use.device->load(plans_, request_.way.engine, use.holds == DeviceUse::Holds::amplitudes);
        use.holds = DeviceUse::Holds::amplitudes;
    }

    void render(Device& device, StopSign& stop, const Watch& watch, RenderResult& result) const {
        Target target = request_.target;
        const auto begin = request_.target.images.begin() + static_cast<std::ptrdiff_t>(first_);
        target.images.assign(begin, begin + static_cast<std::ptrdiff_t>(plans_.size()));
        const std::vector<DeviceTotals> decided = device.decide(target, request_.wanted.solid_angles, watch);
        const std::vector<Remainder> rests = render_rest(decided, stop, watch);
        if (!result.records.empty()) trace_on(device, *plans_.front(), result.records, request_.trace.steps);
        std::vector<float*> places;
        std::vector<float> values;
        for (std::size_t i = 0; i < plans_.size(); ++i) rests[i].place(target.images[i], places, values);
        if (!places.empty()) device.set(target, places, values);
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            RenderTotals& totals = result.images[first_ + i];
            totals.solid_angles = decided[i].solid_angles;
            totals.counts.undecided = static_cast<std::int64_t>(decided[i].undecided.size());
            totals.counts.scalar = static_cast<std::int64_t>(rests[i].pixels.size());
            // Of an image that stays on the device nobody asks for more, and a mask takes longer to count than to render.
            if (target.on_device) continue;
            totals.counts.pixels = rendered_pixels(plans_[i]->view());
            if (request_.way.verify && request_.way.engine == Engine::exact)
                totals.counts.wrong = count_wrong(*plans_[i], target.images[i], threads_, stop, watch);
        }
    }

private:
    // The few pixels of many images are work for a thread each, those of few images for all threads.
    std::vector<Remainder> render_rest(const std::vector<DeviceTotals>& decided, StopSign& stop, const Watch& watch) const {
        std::vector<Remainder> rests;
        double steps = 0;
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            rests.emplace_back(*plans_[i], decided[i]);
            steps += rests.back().steps(*plans_[i]);
        }
        const auto count = static_cast<std::int64_t>(plans_.size());
        const Watch its_watch = at_the_end_of(watch);
        const int useful = useful_threads(threads_, steps);
        const bool side_by_side = count >= 2 * static_cast<std::int64_t>(useful);
        for_each_task(count, side_by_side ? useful : callers_thread, stop, its_watch, [&](std::int64_t number) {
            const auto i = static_cast<std::size_t>(number);
            rests[i].render(*plans_[i], side_by_side ? callers_thread : useful, stop, side_by_side ? nullptr : its_watch);
        });
        return rests;
    }

    const RenderRequest& request_;
    const std::size_t first_;
    const int threads_;
    std::vector<std::shared_ptr<const Plan>> owners_;
    std::vector<const Plan*> plans_;
};

// A device for each thread that asks.
class DevicePool {
public:
    explicit DevicePool(const std::vector<DeviceUse>& devices) : idle_(devices) {}

    DeviceUse take() {
        const std::lock_guard<std::mutex> guard(mutex_);
        DeviceUse use = idle_.back();
        idle_.pop_back();
        return use;
    }
    void give_back(DeviceUse use) {
        const std::lock_guard<std::mutex> guard(mutex_);
        idle_.push_back(std::move(use));
    }

private:
    std::mutex mutex_;
    std::vector<DeviceUse> idle_;
};

// Of the images of a request. Those whose plans a device holds already go through it all at once.
std::int64_t size_of_group(const RenderRequest& request) {
    const std::int64_t count = request.plans->count();
    if (count == 0 || request.devices.front().holds == DeviceUse::Holds::plans) return std::max<std::int64_t>(1, count);
    return std::clamp<std::int64_t>(pixels_of_group / request.plans->pixels(0), 1, most_images_of_group);
}

}  // namespace

std::string device_refusal(const Plan& plan) {
    const std::string option = unsupported_option_of(plan);
    return option.empty() ? "" : "no device can take this run, since " + option + "; choose device cpu";
}

void check_fits(const Plan& plan, const Device& device) {
    const std::string refusal = device_refusal(plan);
    if (!refusal.empty()) throw DeviceError(device.name() + ": " + refusal);
}

void trace_on(Device& device, const Plan& plan, std::vector<PixelRecord>& all, bool with_steps) {
    std::vector<PixelRecord*> records;
    std::vector<PixelIndex> pixels;
    for (PixelRecord& record : all) {
        if (!is_rendered(plan.view(), record.slow, record.fast)) continue;
        const PixelIndex pixel = pixel_index(plan.view(), record.slow, record.fast);
        if (is_left_to_scalar(plan.view(), pixel)) {
            trace_pixel(plan, record, with_steps);
            record.by = TracedBy::scalar_path_for_device;
        } else {
            records.push_back(&record);
            pixels.push_back(pixel);
        }
    }
    if (pixels.empty()) return;
    std::vector<PixelRecord> traced = device.trace(pixels, with_steps);
    for (std::size_t i = 0; i < traced.size(); ++i) *records[i] = std::move(traced[i]);
}

void render_on_devices(const RenderRequest& request, StopSign& stop, RenderResult& result) {
    const std::int64_t count = request.plans->count(), size = size_of_group(request), groups = (count + size - 1) / size;
    DevicePool pool(request.devices);
    const auto render = [&](std::int64_t number, int threads, const Watch& watch) {
        const std::int64_t first = number * size;
        const Group group(request, first, std::min(size, count - first), threads);
        DeviceUse use = pool.take();
        group.load(use);
        group.render(*use.device, stop, watch, result);
        pool.give_back(std::move(use));
    };
    if (request.devices.size() == 1) {
        for (std::int64_t i = 0; i < groups; ++i) render(i, request.threads, part_of(request.watch, i, groups));
        return;
    }
    const auto workers = static_cast<int>(request.devices.size());
    const int threads_each = std::max(1, request.threads / workers);
    for_each_task(groups, workers, stop, request.watch,
                  [&](std::int64_t i) { render(i, threads_each, [&](double) { return !stop.is_up(); }); });
}

void render_list_on(Device& device, const Plan& plan, const RenderRequest& request, StopSign& stop) {
    const PlanView& view = plan.view();
    const std::vector<PixelAddress>& pixels = *request.pixels;
    std::vector<PixelIndex> list(pixels.size());
    std::vector<PixelIndex> places;  // that the host renders; those of pixels that nobody renders are among them, as 0
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        list[i] = pixel_index(view, pixels[i].slow, pixels[i].fast);
        if (!is_rendered(view, pixels[i].slow, pixels[i].fast) || is_left_to_scalar(view, list[i]))
            places.push_back(static_cast<PixelIndex>(i));
    }
    const DeviceTotals decided = device.decide_list(list, request.target, request.watch);
    places.insert(places.end(), decided.undecided.begin(), decided.undecided.end());
    std::vector<PixelAddress> addresses;
    std::vector<float*> memory;
    for (const PixelIndex place : places) {
        addresses.push_back(pixels[static_cast<std::size_t>(place)]);
        memory.push_back(request.target.images.front() + place);
    }
    std::vector<float> values(places.size());
    render_few(plan, addresses, values.data(), request.threads, stop, at_the_end_of(request.watch));
    if (!places.empty()) device.set(request.target, memory, values);
}

}  // namespace nbhybrid::kernel
