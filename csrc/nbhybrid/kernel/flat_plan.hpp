#pragma once
// Plans as one piece of memory, for a device: which arrays lie where, and the views of a copy.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// What a device computes the images of a set in. `double_is_slow`: float32 is many times as fast on it.
Arithmetic arithmetic_of(const std::vector<const Plan*>& plans, Engine engine, bool double_is_slow);

// The plans of a set are alike: images of a batch, or panels of a detector. What they have in common is there once.
class FlatPlans {
public:
    // What the scalar path alone reads is left out. The plans must outlive the pieces, and have one table of amplitudes or none.
    FlatPlans(const std::vector<const Plan*>& plans, Arithmetic arithmetic);

    struct Piece {
        const void* from;
        std::size_t bytes;
        std::size_t offset;  // in the copy
    };
    const std::vector<Piece>& pieces() const { return pieces_; }
    std::size_t bytes() const { return bytes_; }
    // The table is a piece of its own; there may be none. For the `fast` engine it is one of squares in float32, which must be
    // filled, or kept from plans before with the same table.
    void fill_squares();
    void keep_squares(const PlanView& before);
    const void* table() const;
    std::size_t table_bytes() const;
    // The views of copies of the pieces and of the table with these addresses, in whosever memory.
    std::vector<PlanView> at(const void* base, const void* table) const;

private:
    // Where in a view the pointer to a piece stands.
    struct Member {
        std::size_t place, piece;
    };

    void flatten(PlanView& view);
    template <class T>
    void add(PlanView& view, const T*& member, std::size_t count);
    void add_pairs(PlanView& view);
    const std::vector<Vec3>& curved_table_of(const PlanView& view);

    std::vector<PlanView> views_;
    std::vector<std::vector<Member>> members_;  // of each view
    bool has_squares_;
    std::vector<float> squares_;
    std::vector<std::vector<PairAxes>> pairs_;
    std::vector<std::vector<Vec3>> curved_;
    std::vector<std::size_t> curved_views_;  // the first view with each of them
    std::vector<Piece> pieces_;
    std::size_t bytes_ = 0;
};

}  // namespace nbhybrid::kernel
