#include "nbhybrid/kernel/flat_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {

namespace {

// More than any of the types needs.
constexpr std::size_t alignment = 256;

std::size_t product(int u, int v) { return static_cast<std::size_t>(u) * static_cast<std::size_t>(v); }

std::size_t place_of(const PlanView& view, const void* member) {
    return static_cast<std::size_t>(static_cast<const char*>(member) - reinterpret_cast<const char*>(&view));
}

bool same_bits(const Vec3& u, const Vec3& v) { return std::memcmp(&u, &v, sizeof(Vec3)) == 0; }

// Whether the table of a curved detector's positions is that of another plan.
bool same_positions(const PlanView& u, const PlanView& v) {
    const DetectorStage &c = u.detector, &d = v.detector;
    const auto same_region = [](const Region& r, const Region& s) {
        return r.fast_first == s.fast_first && r.fast_last == s.fast_last && r.slow_first == s.slow_first &&
               r.slow_last == s.slow_last;
    };
    return same_bits(c.fast_axis, d.fast_axis) && same_bits(c.slow_axis, d.slow_axis) && same_bits(c.normal, d.normal) &&
           same_bits(c.origin, d.origin) && same_bits(c.beam, d.beam) && c.pixel_size == d.pixel_size && c.distance == d.distance &&
           c.oversample == d.oversample && same_region(c.region, d.region) && u.sensor.layers == v.sensor.layers &&
           u.sensor.layer_thickness == v.sensor.layer_thickness;
}

// A power of 4 that the square of no amplitude exceeds, so that their squares in it fit float32.
double unit_for(const double* values, std::size_t count, double other) {
    double largest = std::fabs(other);
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(values[i]));
    return largest > 0.0 && std::isfinite(largest) ? std::ldexp(1.0, 2 * (std::ilogb(largest) + 1)) : 1.0;
}

std::size_t table_entries(const terms::AmplitudeGrid& grid) {
    return grid.values == nullptr ? 0 : static_cast<std::size_t>(grid.h_max - grid.h_min + 1) * grid.stride_h;
}

Arithmetic arithmetic_of(const Plan& plan, Engine engine, bool double_is_slow) {
    if (engine == Engine::exact || !plan.bounds().unsupported_in_float.empty()) return Arithmetic::exact;
    const OrientationStage& o = plan.view().orientation;
    // Many orientations are made from those of phi steps and of domains, which takes double.
    const bool has_all = o.domains == nullptr || o.later_sweep_table != nullptr;
    const bool in_pairs = double_is_slow && has_all && terms::has_pair_version(plan.shape()) &&
                          terms::pairs_suffice(plan.view().crystal.largest_index, plan.view().crystal.cells);
    return in_pairs ? Arithmetic::floats : Arithmetic::mixed;
}

}  // namespace

Arithmetic arithmetic_of(const std::vector<const Plan*>& plans, Engine engine, bool double_is_slow) {
    // What all of them can be had in: the most precise comes first.
    Arithmetic all = Arithmetic::floats;
    for (const Plan* plan : plans) all = std::min(all, arithmetic_of(*plan, engine, double_is_slow));
    return all;
}

static_assert(std::is_trivially_copyable_v<PlanView>, "the view is copied to devices byte by byte");

FlatPlans::FlatPlans(const std::vector<const Plan*>& plans, Arithmetic arithmetic)
    : members_(plans.size()), has_squares_(arithmetic != Arithmetic::exact) {
    for (const Plan* plan : plans) views_.push_back(plan->view());
    for (PlanView& view : views_) {
        flatten(view);
        if (arithmetic == Arithmetic::floats) add_pairs(view);
    }
}

std::size_t FlatPlans::table_bytes() const {
    return table_entries(views_.front().crystal.amplitudes) * (has_squares_ ? sizeof(float) : sizeof(double));
}

const void* FlatPlans::table() const {
    if (has_squares_) return squares_.data();
    return views_.front().crystal.amplitudes.values;
}

void FlatPlans::fill_squares() {
    const terms::AmplitudeGrid& grid = views_.front().crystal.amplitudes;
    if (!has_squares_ || grid.values == nullptr) return;
    squares_.resize(table_entries(grid));
    const double unit = unit_for(grid.values, squares_.size(), grid.default_amplitude), scale = 1.0 / unit;
    for (std::size_t i = 0; i < squares_.size(); ++i) squares_[i] = static_cast<float>(grid.values[i] * grid.values[i] * scale);
    for (PlanView& view : views_) view.crystal.amplitudes.square_unit = unit;
}

void FlatPlans::keep_squares(const PlanView& before) {
    for (PlanView& view : views_) view.crystal.amplitudes.square_unit = before.crystal.amplitudes.square_unit;
}

void FlatPlans::add_pairs(PlanView& view) {
    OrientationStage& o = view.orientation;
    const std::size_t all = product(o.n_phi, o.n_domains);
    std::vector<PairAxes> pairs;
    pairs.reserve(all);
    for (std::size_t i = 0; i < all; ++i) {
        const Axes axes = later_orientation(o, static_cast<std::int64_t>(i));
        pairs.push_back({numerics::pair_of(axes.a), numerics::pair_of(axes.b), numerics::pair_of(axes.c)});
    }
    pairs_.push_back(std::move(pairs));
    o.later_pairs = pairs_.back().data();
    add(view, o.later_pairs, all);
}

void FlatPlans::flatten(PlanView& view) {
    OrientationStage& o = view.orientation;
    const std::size_t all = product(o.n_phi, o.n_domains);
    if (view.detector.curved) {
        const std::vector<Vec3>& table = curved_table_of(view);
        view.detector.curved_positions = table.data();
        add(view, view.detector.curved_positions, table.size());
    }
    add(view, view.detector.mask, product(view.detector.fast_pixels, view.detector.slow_pixels));
    add(view, view.beam.sources, static_cast<std::size_t>(view.beam.n_sources));
    add(view, view.beam.axes, static_cast<std::size_t>(view.beam.n_axes));
    add(view, o.later_sweep, static_cast<std::size_t>(o.n_phi));
    add(view, o.domains, static_cast<std::size_t>(o.n_domains));
    add(view, o.later_sweep_table, all);
    add(view, o.components, all * sizeof(Axes) / sizeof(double));
    o.first_sweep = nullptr;
    o.first_sweep_table = nullptr;
    view.carry_over.axis_uses = nullptr;
    view.carry_over.axis_entries = nullptr;
}

const std::vector<Vec3>& FlatPlans::curved_table_of(const PlanView& view) {
    for (std::size_t i = 0; i < curved_.size(); ++i)
        if (same_positions(views_[curved_views_[i]], view)) return curved_[i];
    curved_views_.push_back(static_cast<std::size_t>(&view - views_.data()));
    curved_.push_back(curved_table(view));
    return curved_.back();
}

// A piece with the bytes of one that the first plan has in the same place is not there twice.
template <class T>
void FlatPlans::add(PlanView& view, const T*& member, std::size_t count) {
    if (member == nullptr) return;
    const std::size_t bytes = count * sizeof(T), place = place_of(view, &member);
    std::vector<Member>& members = members_[static_cast<std::size_t>(&view - views_.data())];
    for (const Member& known : members_.front()) {
        const Piece& piece = pieces_[known.piece];
        if (known.place != place || piece.bytes != bytes) continue;
        if (piece.from != member && std::memcmp(piece.from, member, bytes) != 0) continue;
        members.push_back({place, known.piece});
        return;
    }
    members.push_back({place, pieces_.size()});
    pieces_.push_back({member, bytes, bytes_});
    bytes_ += (bytes + alignment - 1) / alignment * alignment;
}

std::vector<PlanView> FlatPlans::at(const void* base, const void* table) const {
    std::vector<PlanView> views = views_;
    for (std::size_t i = 0; i < views.size(); ++i) {
        for (const Member& member : members_[i]) {
            const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + pieces_[member.piece].offset;
            const void* const pointer =
                reinterpret_cast<const void*>(address);  // NOLINT(performance-no-int-to-ptr): it is an address of a device
            std::memcpy(reinterpret_cast<char*>(&views[i]) + member.place, &pointer, sizeof pointer);
        }
        terms::AmplitudeGrid& grid = views[i].crystal.amplitudes;
        if (grid.values == nullptr) continue;
        grid.values = has_squares_ ? nullptr : static_cast<const double*>(table);
        grid.squares = has_squares_ ? static_cast<const float*>(table) : nullptr;
    }
    return views;
}

}  // namespace nbhybrid::kernel
