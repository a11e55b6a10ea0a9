#pragma once
// From a runtime value to a template parameter, once for each launch.

#include <type_traits>

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Calls run(std::integral_constant<CrystalShape, ...>).
template <class Run>
auto with_shape(physics::CrystalShape shape, Run run) {
    using physics::CrystalShape;
    switch (shape) {
        case CrystalShape::round: return run(std::integral_constant<CrystalShape, CrystalShape::round>{});
        case CrystalShape::gauss: return run(std::integral_constant<CrystalShape, CrystalShape::gauss>{});
        case CrystalShape::tophat: return run(std::integral_constant<CrystalShape, CrystalShape::tophat>{});
        case CrystalShape::square: break;
    }
    return run(std::integral_constant<CrystalShape, CrystalShape::square>{});
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
