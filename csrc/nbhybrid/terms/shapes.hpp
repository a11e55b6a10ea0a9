#pragma once
// All crystal shapes, and from the value of a run to a template parameter, once for each launch.

#include <array>
#include <type_traits>

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"
#include "nbhybrid/terms/gauss.hpp"
#include "nbhybrid/terms/round.hpp"
#include "nbhybrid/terms/square.hpp"
#include "nbhybrid/terms/tophat.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

template <physics::CrystalShape shape>
using ShapeConstant = std::integral_constant<physics::CrystalShape, shape>;

// Calls run(ShapeConstant<...>).
template <class Run, int number = 0>
auto with_shape(physics::CrystalShape shape, Run run) {
    constexpr auto this_shape = static_cast<physics::CrystalShape>(number);
    if constexpr (number + 1 < physics::shape_count)
        if (shape != this_shape) return with_shape<Run, number + 1>(shape, run);
    return run(ShapeConstant<this_shape>{});
}

inline bool has_pair_version(physics::CrystalShape shape) {
    return with_shape(shape, [](auto chosen) { return Shape<decltype(chosen)::value>::has_pair_version; });
}

// make(ShapeConstant<...>) of each shape, in the order of the enumeration.
template <class Make, int... numbers>
constexpr auto of_each_shape(Make make, std::integer_sequence<int, numbers...>) {
    return std::array{make(ShapeConstant<static_cast<physics::CrystalShape>(numbers)>{})...};
}
template <class Make>
constexpr auto of_each_shape(Make make) {
    return of_each_shape(make, std::make_integer_sequence<int, physics::shape_count>{});
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
