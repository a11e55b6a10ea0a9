#include "nbhybrid/run/simulator.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/carry_over.hpp"

namespace nbhybrid::run {

namespace {

// Records of traced steps are held in memory.
constexpr double most_trace_bytes = 4.0 * 1024 * 1024 * 1024;

double pixels_of(const Region& r) {
    return static_cast<double>(r.fast_last - r.fast_first + 1) * static_cast<double>(r.slow_last - r.slow_first + 1);
}

}  // namespace

Simulator::Simulator(Experiment experiment, int threads, const kernel::Way& way)
    : experiment_(std::move(experiment)), way_(way), plan_(std::make_unique<Plan>(experiment_)) {
    kernel::StopSign stop;
    kernel::resolve_carry_over(*plan_, useful_threads(threads, pixels_of(plan_->view().detector.region)), stop, nullptr);
    const PixelIndex end = plan_->view().carry_over.interpolation_ends;
    if (end == no_pixel) return;
    const int fast_pixels = experiment_.detector.fast_pixels;
    warnings_.add("interpolation-sticky",
                  format("amplitudes are not interpolated from pixel (%lld, %lld) on, which leaves the table",
                         static_cast<long long>(end / fast_pixels), static_cast<long long>(end % fast_pixels)) +
                      how_to_correct(Defect::interpolation_sticky));
}

int Simulator::useful_threads(int threads, double pixels) const {
    return kernel::useful_threads(threads, pixels * kernel::steps_of_pixel(plan_->view()));
}

void Simulator::check_inside(const kernel::PixelAddress& pixel) const {
    const Detector& d = experiment_.detector;
    if (pixel.slow < 0 || pixel.slow >= d.slow_pixels || pixel.fast < 0 || pixel.fast >= d.fast_pixels)
        throw ModelError(format("pixel (%d, %d): the image has %d x %d (slow x fast) pixels", pixel.slow, pixel.fast, d.slow_pixels,
                                d.fast_pixels));
}

void Simulator::use_device(std::shared_ptr<kernel::Device> device) {
    kernel::check_fits(*plan_, *device);
    device->load({plan_.get()}, way_.engine, false);
    device_ = std::move(device);
}

kernel::RenderTotals Simulator::run(const kernel::DeviceImages& image, kernel::TraceRequest& traces, int threads,
                                    const kernel::Watch& watch) const {
    kernel::StopSign stop;
    return kernel::render_on(*device_, *plan_, image, traces, threads, stop, watch, way_);
}

kernel::RenderTotals Simulator::run(float* image, kernel::TraceRequest& traces, int threads, const kernel::Watch& watch) const {
    if (device_) return run(kernel::DeviceImages{{image}, false, 0, true}, traces, threads, watch);
    const Detector& d = experiment_.detector;
    const bool every_pixel_is_rendered = d.mask.empty() && pixels_of(d.region) == static_cast<double>(d.pixels());
    if (!every_pixel_is_rendered) std::fill_n(image, static_cast<std::size_t>(d.pixels()), 0.0F);
    kernel::StopSign stop;
    const double pixels = pixels_of(plan_->view().detector.region);
    return kernel::render(*plan_, image, traces, useful_threads(threads, pixels), stop, watch, way_);
}

void Simulator::run_pixels(const std::vector<kernel::PixelAddress>& pixels, float* values, int threads,
                           const kernel::Watch& watch) const {
    if (device_) {
        run_pixels(pixels, kernel::DeviceImages{{values}}, threads, watch);
        return;
    }
    for (const kernel::PixelAddress& pixel : pixels) check_inside(pixel);
    kernel::StopSign stop;
    kernel::render_pixels(*plan_, pixels, values, useful_threads(threads, static_cast<double>(pixels.size())), stop, watch, way_);
}

void Simulator::run_pixels(const std::vector<kernel::PixelAddress>& pixels, const kernel::DeviceImages& values, int threads,
                           const kernel::Watch& watch) const {
    for (const kernel::PixelAddress& pixel : pixels) check_inside(pixel);
    kernel::StopSign stop;
    kernel::render_pixels_on(*device_, *plan_, pixels, values, threads, stop, watch);
}

std::vector<kernel::PixelRecord> Simulator::trace(const std::vector<kernel::PixelAddress>& pixels, bool steps) const {
    check_trace_size(*plan_, pixels.size(), steps);
    kernel::TraceRequest traces;
    traces.steps = steps;
    for (const kernel::PixelAddress& pixel : pixels) {
        check_inside(pixel);
        traces.pixels.emplace_back();
        traces.pixels.back().slow = pixel.slow;
        traces.pixels.back().fast = pixel.fast;
    }
    if (device_) {
        kernel::trace_on(*device_, *plan_, traces);
        return std::move(traces.pixels);
    }
    for (kernel::PixelRecord& record : traces.pixels)
        if (kernel::is_rendered(plan_->view(), record.slow, record.fast)) kernel::trace_pixel(*plan_, record, steps);
    return std::move(traces.pixels);
}

void check_trace_size(const Plan& plan, std::size_t pixels, bool steps) {
    const double each = static_cast<double>(plan.view().scale.steps) * plan.view().sensor.layers;
    const double bytes = steps ? each * static_cast<double>(pixels * sizeof(kernel::StepRecord)) : 0;
    if (bytes > most_trace_bytes)
        throw SizeError(
            format("a trace of the steps of %zu pixels, %.10g steps each, takes %.3g GiB; at most 4 are possible: trace "
                   "fewer pixels",
                   pixels, each, bytes / (1024.0 * 1024 * 1024)));
}

}  // namespace nbhybrid::run
