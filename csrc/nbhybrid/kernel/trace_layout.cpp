#include "nbhybrid/kernel/trace_layout.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace nbhybrid::kernel {

static_assert(std::is_trivially_copyable_v<PixelNotes> && std::is_trivially_copyable_v<PassNote> &&
                  std::is_trivially_copyable_v<StepRecord>,
              "notes are copied from devices byte by byte");

namespace {

constexpr std::size_t most_bytes_together = std::size_t{64} << 20U;

std::size_t passes_of(const PlanView& plan) {
    const auto oversample = static_cast<std::size_t>(plan.detector.oversample);
    return static_cast<std::size_t>(plan.sensor.layers) * oversample * oversample;
}

std::size_t steps_of(const PlanView& plan) {
    return static_cast<std::size_t>(plan.scale.steps) * static_cast<std::size_t>(plan.sensor.layers);
}

void append_pass(const PassNote& pass, PixelRecord& record) {
    record.events.push_back({TraceEvent::Kind::source, record.sources.size()});
    record.sources.push_back(pass.source);
    if (pass.has_first_step == 0) return;
    const std::size_t number = record.first_steps.size();
    record.events.push_back({TraceEvent::Kind::first_step, number});
    record.first_steps.push_back(pass.first_step);
    if (pass.has_amplitude != 0) record.events.push_back({TraceEvent::Kind::first_amplitude, number});
}

}  // namespace

TraceLayout::TraceLayout(const PlanView& plan, std::size_t pixels, bool with_steps)
    : pixels_(pixels),
      passes_each_(passes_of(plan)),
      steps_each_(with_steps ? steps_of(plan) : 0),
      passes_at_(pixels * sizeof(PixelNotes)),
      steps_at_(passes_at_ + pixels * passes_each_ * sizeof(PassNote)) {}

std::vector<PixelNotes> TraceLayout::heads(const PlanView& plan, const PixelIndex* pixels, void* base) const {
    auto* const bytes = static_cast<unsigned char*>(base);
    std::vector<PixelNotes> heads(pixels_);
    for (std::size_t i = 0; i < pixels_; ++i) {
        heads[i].slow = static_cast<int>(pixels[i] / plan.detector.fast_pixels);
        heads[i].fast = static_cast<int>(pixels[i] % plan.detector.fast_pixels);
        heads[i].passes = reinterpret_cast<PassNote*>(bytes + passes_at_) + i * passes_each_;
        if (steps_each_ != 0) heads[i].steps = reinterpret_cast<StepRecord*>(bytes + steps_at_) + i * steps_each_;
    }
    return heads;
}

PixelRecord TraceLayout::record(const unsigned char* copy, std::size_t i) const {
    PixelNotes head;
    std::memcpy(static_cast<void*>(&head), copy + i * sizeof head, sizeof head);
    PixelRecord record;
    record.slow = head.slow;
    record.fast = head.fast;
    record.rendered = true;
    for (std::size_t j = 0; j < static_cast<std::size_t>(head.n_passes); ++j) {
        PassNote pass;
        std::memcpy(static_cast<void*>(&pass), copy + passes_at_ + (i * passes_each_ + j) * sizeof pass, sizeof pass);
        append_pass(pass, record);
    }
    record.steps.resize(static_cast<std::size_t>(head.n_steps));
    if (!record.steps.empty())
        std::memcpy(static_cast<void*>(record.steps.data()), copy + steps_at_ + i * steps_each_ * sizeof(StepRecord),
                    record.steps.size() * sizeof(StepRecord));
    record.last_step = head.last_step;
    record.last_axes = head.last_axes;
    record.last_position = head.last_position;
    record.last_scattering = head.last_scattering;
    record.final_values = head.final_values;
    record.by = TracedBy::device;
    record.rounding = head.rounding;
    record.error_bound = head.error_bound;
    return record;
}

std::size_t pixels_traced_together(const PlanView& plan, bool with_steps) {
    return std::max<std::size_t>(1, most_bytes_together / TraceLayout(plan, 1, with_steps).bytes());
}

}  // namespace nbhybrid::kernel
