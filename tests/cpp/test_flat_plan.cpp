#include "nbhybrid/kernel/flat_plan.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include "check.hpp"
#include "scene.hpp"

namespace nbhybrid::test {

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
    const kernel::FlatPlans flat({one.plan.get()});
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
    const std::size_t alone = kernel::FlatPlans({one.plan.get()}).bytes();
    CHECK_EQ(kernel::FlatPlans({one.plan.get(), same.plan.get()}).bytes(), alone);
    const kernel::FlatPlans flat({one.plan.get(), turned.plan.get(), nearer.plan.get(), same.plan.get()});
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

}  // namespace nbhybrid::test
