#include "nbhybrid/kernel/flat_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/pair_lattice.hpp"

namespace nbhybrid::kernel {

namespace {

// More than any of the types needs.
constexpr std::size_t alignment = 256;

std::size_t product(int u, int v) { return static_cast<std::size_t>(u) * static_cast<std::size_t>(v); }

// A power of 4 that the square of no amplitude exceeds, so that their squares in it fit float32.
double unit_for(const double* values, std::size_t count, double other) {
    double largest = std::fabs(other);
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(values[i]));
    return largest > 0.0 && std::isfinite(largest) ? std::ldexp(1.0, 2 * (std::ilogb(largest) + 1)) : 1.0;
}

}  // namespace

Arithmetic arithmetic_of(const Plan& plan, Engine engine, bool double_is_slow) {
    if (engine == Engine::exact || !plan.bounds().not_in_float.empty()) return Arithmetic::exact;
    const OrientationStage& o = plan.view().orientation;
    // Many orientations are made from those of phi steps and of domains, which takes double.
    const bool has_all = o.domains == nullptr || o.later_sweep_table != nullptr;
    const bool in_pairs = double_is_slow && has_all && has_pair_version(plan.shape()) && pairs_suffice(plan.view().crystal);
    return in_pairs ? Arithmetic::floats : Arithmetic::mixed;
}

static_assert(std::is_trivially_copyable_v<PlanView>, "the view is copied to devices byte by byte");

FlatPlan::FlatPlan(const Plan& plan, Arithmetic arithmetic) : view_(plan.view()) {
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
    if (arithmetic == Arithmetic::floats) add_pairs();
    add_amplitudes(arithmetic != Arithmetic::exact);
    o.first_sweep = nullptr;
    o.first_sweep_table = nullptr;
    view_.carry_over.axis_uses = nullptr;
    view_.carry_over.axis_entries = nullptr;
}

void FlatPlan::add_pairs() {
    OrientationStage& o = view_.orientation;
    const std::size_t all = product(o.n_phi, o.n_domains);
    pairs_.reserve(all);
    for (std::size_t i = 0; i < all; ++i) {
        const Axes axes = later_orientation(o, static_cast<std::int64_t>(i));
        pairs_.push_back({physics::pair_of(axes.a), physics::pair_of(axes.b), physics::pair_of(axes.c)});
    }
    o.later_pairs = pairs_.data();
    add(o.later_pairs, all);
}

void FlatPlan::add_amplitudes(bool as_squares) {
    physics::AmplitudeGrid& grid = view_.crystal.amplitudes;
    const std::size_t count = static_cast<std::size_t>(grid.h_max - grid.h_min + 1) * grid.stride_h;
    if (!as_squares || grid.values == nullptr) {
        add(grid.values, count);
        return;
    }
    amplitudes_ = grid.values;
    grid.values = nullptr;
    add_piece(nullptr, count * sizeof(float), &grid.squares);
}

void FlatPlan::fill_squares() {
    if (amplitudes_ == nullptr) return;
    physics::AmplitudeGrid& grid = view_.crystal.amplitudes;
    squares_.resize(pieces_.back().bytes / sizeof(float));
    grid.square_unit = unit_for(amplitudes_, squares_.size(), grid.default_amplitude);
    const double scale = 1.0 / grid.square_unit;
    for (std::size_t i = 0; i < squares_.size(); ++i) squares_[i] = static_cast<float>(amplitudes_[i] * amplitudes_[i] * scale);
    pieces_.back().from = squares_.data();
}

template <class T>
void FlatPlan::add(const T*& member, std::size_t count) {
    if (member != nullptr) add_piece(member, count * sizeof(T), &member);
}

void FlatPlan::add_piece(const void* from, std::size_t bytes, const void* member) {
    pieces_.push_back({from, bytes, bytes_});
    members_.push_back(static_cast<std::size_t>(static_cast<const char*>(member) - reinterpret_cast<const char*>(&view_)));
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
