#pragma once
// The shapes that a crystal can have. Each is a file under terms/: its formula in every arithmetic, and how far it may be off.

#include <iterator>

namespace nbhybrid::physics {

// A row a shape: its name, and whether it has spots of a width of their own, in the metric of terms/spot_metric.hpp. The rows also
// make the names that Python and files know.
#define NBHYBRID_CRYSTAL_SHAPES(ROW) \
    ROW(square, false)               \
    ROW(round, false)                \
    ROW(gauss, true)                 \
    ROW(tophat, true)

#define NBHYBRID_ENUMERATOR(name, has_spots) name,
#define NBHYBRID_NAME(name, has_spots) #name,
#define NBHYBRID_HAS_SPOTS(name, has_spots) has_spots,

enum class CrystalShape { NBHYBRID_CRYSTAL_SHAPES(NBHYBRID_ENUMERATOR) };

// In the order of the enumeration.
inline constexpr const char* shape_names[] = {NBHYBRID_CRYSTAL_SHAPES(NBHYBRID_NAME)};
inline constexpr bool shapes_with_spots[] = {NBHYBRID_CRYSTAL_SHAPES(NBHYBRID_HAS_SPOTS)};
inline constexpr int shape_count = static_cast<int>(std::size(shape_names));

#undef NBHYBRID_ENUMERATOR
#undef NBHYBRID_NAME
#undef NBHYBRID_HAS_SPOTS
#undef NBHYBRID_CRYSTAL_SHAPES

constexpr const char* name_of(CrystalShape shape) { return shape_names[static_cast<int>(shape)]; }
constexpr bool has_spots(CrystalShape shape) { return shapes_with_spots[static_cast<int>(shape)]; }

}  // namespace nbhybrid::physics
