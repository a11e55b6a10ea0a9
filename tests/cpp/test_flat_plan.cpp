#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "check.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"
#include "scene.hpp"

using namespace nbhybrid;
using kernel::Arithmetic;
using kernel::FlatPlan;
using test::give_table;
using test::small_experiment;

namespace {

std::vector<unsigned char> copied(const FlatPlan& flat) {
    std::vector<unsigned char> memory(flat.bytes());
    for (const FlatPlan::Piece& piece : flat.pieces()) std::memcpy(memory.data() + piece.offset, piece.from, piece.bytes);
    return memory;
}

}  // namespace

TEST("the arithmetic of a device: double is left out where it is slow and pairs suffice") {
    const auto of = [](const char* words, Engine engine, bool slow) {
        const Experiment e = small_experiment(words);
        return kernel::arithmetic_of(Plan(e), engine, slow);
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
    CHECK_EQ(kernel::arithmetic_of(Plan(e), Engine::fast, true), Arithmetic::exact);
}

TEST("the orientations of a flat plan in pairs") {
    for (const char* words :
         {"-mosaic 1 -mosaic_domains 3 -phi 0 -osc 1 -phisteps 2", "-phi 0 -osc 1 -phisteps 5", "-mosaic_domains 4"}) {
        const Experiment e = small_experiment(words);
        const Plan plan(e);
        const FlatPlan flat(plan, Arithmetic::floats);
        const std::vector<unsigned char> memory = copied(flat);
        const PlanView view = flat.at(memory.data());
        const OrientationStage& o = plan.view().orientation;
        for (int i = 0; i < o.n_phi * o.n_domains; ++i) {
            const Vec3 found = kernel::later_orientation(o, i).b;
            const FloatPair y = view.orientation.later_pairs[i].b.y;
            CHECK(std::fabs(static_cast<double>(y.high) + static_cast<double>(y.low) - found.y) <= 1e-14 * std::fabs(found.y));
        }
    }
}

TEST("the amplitudes of a flat plan as squares, in units that none exceeds") {
    Experiment e = small_experiment("");
    give_table(e, 4, 5);
    const Plan plan(e);
    FlatPlan flat(plan, Arithmetic::mixed);
    flat.fill_squares();
    const std::vector<unsigned char> memory = copied(flat);
    const physics::AmplitudeGrid grid = flat.at(memory.data()).crystal.amplitudes;
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
    CHECK_EQ(flat.pieces().back().bytes, count * sizeof(float));

    FlatPlan later(plan, Arithmetic::mixed);
    later.keep_squares(flat.at(memory.data()));
    CHECK_EQ(later.at(memory.data()).crystal.amplitudes.square_unit, grid.square_unit);
    CHECK_EQ(later.bytes(), flat.bytes());
}
