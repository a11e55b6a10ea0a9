#include "nbhybrid/kernel/flat_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "check.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "scene.hpp"

namespace nbhybrid::test {

using kernel::Arithmetic;

namespace {

struct Prepared {
    Experiment experiment;
    std::unique_ptr<Plan> plan;
    explicit Prepared(Experiment e) : experiment(std::move(e)), plan(std::make_unique<Plan>(experiment)) { complete(*plan, 1); }
};

std::vector<unsigned char> copy_of(const kernel::FlatPlans& flat) {
    std::vector<unsigned char> copy(flat.bytes());
    for (const kernel::FlatPlans::Piece& piece : flat.pieces()) std::memcpy(copy.data() + piece.offset, piece.from, piece.bytes);
    return copy;
}

template <class T>
bool same_bytes(const T* u, const T* v, std::size_t count) {
    return std::memcmp(u, v, count * sizeof(T)) == 0;
}

}  // namespace

TEST("a flat plan holds what its plan does") {
    Experiment e = small_experiment("-mosaic 1 -mosaic_domains 7 -phi 0 -osc 1 -phisteps 3 -gauss_xtal");
    give_table(e, 3, 0);
    const Prepared one(e);
    const kernel::FlatPlans flat({one.plan.get()}, Arithmetic::exact);
    const std::vector<unsigned char> copy = copy_of(flat);
    const PlanView view = flat.at(copy.data(), nullptr).front(), &from = one.plan->view();
    CHECK(flat.table() == from.crystal.amplitudes.values);
    CHECK_EQ(flat.table_bytes(), std::size_t{7} * e.structure_factors->stride_h() * sizeof(double));
    CHECK(view.crystal.amplitudes.values == nullptr);
    CHECK(view.orientation.later_sweep_table != from.orientation.later_sweep_table);
    CHECK(same_bytes(view.orientation.later_sweep_table, from.orientation.later_sweep_table, 21));
    CHECK(same_bytes(view.orientation.components, from.orientation.components, 9 * 21));
    CHECK(same_bytes(view.beam.sources, from.beam.sources, 1));
    CHECK(view.orientation.first_sweep == nullptr);
}

TEST("plans of a set share what is equal") {
    const Prepared one(small_experiment("-curved_det -mosaic 1 -mosaic_domains 7")),
        same(small_experiment("-curved_det -mosaic 1 -mosaic_domains 7")),
        turned(small_experiment("-curved_det -mosaic 1 -mosaic_domains 7 -misset 11 20 30")),
        nearer(small_experiment("-curved_det -mosaic 1 -mosaic_domains 7 -distance 90"));
    const std::size_t alone = kernel::FlatPlans({one.plan.get()}, Arithmetic::exact).bytes();
    CHECK_EQ(kernel::FlatPlans({one.plan.get(), same.plan.get()}, Arithmetic::exact).bytes(), alone);
    const kernel::FlatPlans flat({one.plan.get(), turned.plan.get(), nearer.plan.get(), same.plan.get()}, Arithmetic::exact);
    const std::vector<unsigned char> copy = copy_of(flat);
    const std::vector<PlanView> views = flat.at(copy.data(), nullptr);
    CHECK(views[0].orientation.domains == views[1].orientation.domains);
    CHECK(views[0].detector.curved_positions == views[1].detector.curved_positions);
    CHECK(views[0].orientation.later_sweep_table != views[1].orientation.later_sweep_table);
    CHECK(same_bytes(views[1].orientation.later_sweep_table, turned.plan->view().orientation.later_sweep_table, 7));
    CHECK(views[0].detector.curved_positions != views[2].detector.curved_positions);
    CHECK(views[0].orientation.later_sweep_table == views[2].orientation.later_sweep_table);
    CHECK(views[0].detector.curved_positions == views[3].detector.curved_positions);
}

TEST("the arithmetic of a device: double is left out where it is slow and pairs suffice") {
    const auto of = [](const char* words, Engine engine, bool slow) {
        const Experiment e = small_experiment(words);
        const Plan plan(e);
        return kernel::arithmetic_of({&plan}, engine, slow);
    };
    CHECK_EQ(of("", Engine::exact, true), Arithmetic::exact);
    CHECK_EQ(of("", Engine::fast, false), Arithmetic::mixed);
    CHECK_EQ(of("", Engine::fast, true), Arithmetic::floats);
    CHECK_EQ(of("-gauss_xtal", Engine::fast, true), Arithmetic::floats);
    CHECK_EQ(of("-tophat_spots", Engine::fast, true), Arithmetic::floats);
    CHECK_EQ(of("-round_xtal", Engine::fast, true), Arithmetic::mixed);
    CHECK_EQ(of("-mosaic 1 -mosaic_domains 200 -phi 0 -osc 1 -phisteps 200", Engine::fast, true), Arithmetic::mixed);
    CHECK_EQ(of("-lambda 0.01", Engine::fast, true), Arithmetic::mixed);
    Experiment e = small_experiment("");
    e.crystal.cells.x = 2.5;
    const Plan last(e);
    CHECK_EQ(kernel::arithmetic_of({&last}, Engine::fast, true), Arithmetic::exact);
}

TEST("the orientations of a flat plan in pairs") {
    for (const char* words :
         {"-mosaic 1 -mosaic_domains 3 -phi 0 -osc 1 -phisteps 2", "-phi 0 -osc 1 -phisteps 5", "-mosaic_domains 4"}) {
        const Experiment e = small_experiment(words);
        const Plan plan(e);
        const kernel::FlatPlans flat({&plan}, Arithmetic::floats);
        const std::vector<unsigned char> memory = copy_of(flat);
        const PlanView view = flat.at(memory.data(), nullptr).front();
        const OrientationStage& o = plan.view().orientation;
        for (int i = 0; i < o.n_phi * o.n_domains; ++i) {
            const Vec3 found = kernel::later_orientation(o, i).b;
            const numerics::FloatPair y = view.orientation.later_pairs[i].b.y;
            CHECK(std::fabs(static_cast<double>(y.high) + static_cast<double>(y.low) - found.y) <= 1e-14 * std::fabs(found.y));
        }
    }
}

TEST("the amplitudes of a flat plan as squares, in units that none exceeds") {
    Experiment e = small_experiment("");
    give_table(e, 4, 5);
    const Plan plan(e);
    kernel::FlatPlans flat({&plan}, Arithmetic::mixed);
    flat.fill_squares();
    const terms::AmplitudeGrid grid = flat.at(nullptr, flat.table()).front().crystal.amplitudes;
    CHECK(grid.values == nullptr);
    const std::vector<double>& values = e.structure_factors->values;
    // The table has a margin that nobody reads.
    const std::size_t count = static_cast<std::size_t>(grid.h_max - grid.h_min + 1) * grid.stride_h;
    double largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double square = static_cast<double>(grid.squares[i]);
        CHECK(std::fabs(square * grid.square_unit - values[i] * values[i]) <= 6e-8 * values[i] * values[i]);
        largest = std::max(largest, square);
    }
    CHECK(largest <= 1.0 && largest >= 0.25);
    CHECK_EQ(flat.table_bytes(), count * sizeof(float));

    kernel::FlatPlans later({&plan}, Arithmetic::mixed);
    later.keep_squares(flat.at(nullptr, flat.table()).front());
    CHECK_EQ(later.at(nullptr, nullptr).front().crystal.amplitudes.square_unit, grid.square_unit);
    CHECK_EQ(later.table_bytes(), flat.table_bytes());
}

}  // namespace nbhybrid::test
