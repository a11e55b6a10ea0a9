#pragma once
// A traced pixel as named values, in the order in which they were computed.

#include <array>
#include <vector>

#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::trace {

struct Quantity {
    const char* name;
    int count;     // 1 or 3 values
    bool integer;  // they are whole numbers
    std::array<double, 3> values;
};

// A marker without values, put among the quantities where interpolation ended; compare its address.
inline constexpr char interpolation_ends[] = "interpolation_ends";

// Of a record that was rendered.
std::vector<Quantity> quantities_of(const Plan& plan, const kernel::PixelRecord& record);

}  // namespace nbhybrid::trace
