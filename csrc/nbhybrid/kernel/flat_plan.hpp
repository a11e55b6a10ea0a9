#pragma once
// A plan as one piece of memory, for a device: which arrays lie where, and the view of a copy.

#include <cstddef>
#include <vector>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// What a device computes this plan in. `double_is_slow`: float32 is many times as fast on it.
Arithmetic arithmetic_of(const Plan& plan, Engine engine, bool double_is_slow);

class FlatPlan {
public:
    // What the scalar path alone reads is left out. The plan must outlive its pieces. The table of amplitudes, if there is one, is
    // the last: for the `fast` engine as squares in float32, which must be filled, or kept from a plan before with the same table.
    FlatPlan(const Plan& plan, Arithmetic arithmetic);
    void fill_squares();
    void keep_squares(const PlanView& before) { view_.crystal.amplitudes.square_unit = before.crystal.amplitudes.square_unit; }

    struct Piece {
        const void* from;
        std::size_t bytes;
        std::size_t offset;  // in the copy
    };
    const std::vector<Piece>& pieces() const { return pieces_; }
    std::size_t bytes() const { return bytes_; }
    // The view of a copy whose first byte has this address, in whosever memory.
    PlanView at(const void* base) const;

private:
    template <class T>
    void add(const T*& member, std::size_t count);
    void add_pairs();
    void add_amplitudes(bool as_squares);
    void add_piece(const void* from, std::size_t bytes, const void* member);

    PlanView view_;
    std::vector<Vec3> curved_;
    std::vector<PairAxes> pairs_;
    const double* amplitudes_ = nullptr;  // that must become squares
    std::vector<float> squares_;
    std::vector<Piece> pieces_;
    std::vector<std::size_t> members_;  // where in the view the pointers to them stand
    std::size_t bytes_ = 0;
};

}  // namespace nbhybrid::kernel
