#include "nbhybrid/kernel/flat_plan.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "nbhybrid/kernel/curved_table.hpp"

namespace nbhybrid::kernel {

namespace {

// More than any of the types needs.
constexpr std::size_t alignment = 256;

std::size_t product(int u, int v) { return static_cast<std::size_t>(u) * static_cast<std::size_t>(v); }

}  // namespace

static_assert(std::is_trivially_copyable_v<PlanView>, "the view is copied to devices byte by byte");

FlatPlan::FlatPlan(const Plan& plan) : view_(plan.view()) {
    OrientationStage& o = view_.orientation;
    const std::size_t all = product(o.n_phi, o.n_domains);
    if (view_.detector.curved) {
        curved_ = curved_table(view_);
        view_.detector.curved_positions = curved_.data();
        add(view_.detector.curved_positions, curved_.size());
    }
    add(view_.detector.mask, product(view_.detector.fast_pixels, view_.detector.slow_pixels));
    add(view_.beam.sources, static_cast<std::size_t>(view_.beam.n_sources));
    add(view_.beam.axes, static_cast<std::size_t>(view_.beam.n_axes));
    add(o.later_sweep, static_cast<std::size_t>(o.n_phi));
    add(o.domains, static_cast<std::size_t>(o.n_domains));
    add(o.later_sweep_table, all);
    add(o.components, all * sizeof(Axes) / sizeof(double));
    physics::AmplitudeGrid& grid = view_.crystal.amplitudes;
    add(grid.values, static_cast<std::size_t>(grid.h_max - grid.h_min + 1) * grid.stride_h);
    o.first_sweep = nullptr;
    o.first_sweep_table = nullptr;
    view_.carry_over.axis_uses = nullptr;
    view_.carry_over.axis_entries = nullptr;
}

template <class T>
void FlatPlan::add(const T*& member, std::size_t count) {
    if (member == nullptr) return;
    const std::size_t bytes = count * sizeof(T);
    pieces_.push_back({member, bytes, bytes_});
    members_.push_back(static_cast<std::size_t>(reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&view_)));
    bytes_ += (bytes + alignment - 1) / alignment * alignment;
}

PlanView FlatPlan::at(const void* base) const {
    PlanView view = view_;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + pieces_[i].offset;
        const void* const pointer = reinterpret_cast<const void*>(address);
        std::memcpy(reinterpret_cast<char*>(&view) + members_[i], &pointer, sizeof pointer);
    }
    return view;
}

}  // namespace nbhybrid::kernel
