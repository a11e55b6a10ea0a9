#pragma once
// A plan as one piece of memory, for a device: which arrays lie where, and the view of a copy.

#include <cstddef>
#include <vector>

#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

class FlatPlan {
public:
    // What the scalar path alone reads is left out. The plan must outlive its pieces. The table of amplitudes, if there is one, is
    // the last.
    explicit FlatPlan(const Plan& plan);

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

    PlanView view_;
    std::vector<Vec3> curved_;
    std::vector<Piece> pieces_;
    std::vector<std::size_t> members_;  // where in the view the pointers to them stand
    std::size_t bytes_ = 0;
};

}  // namespace nbhybrid::kernel
