#pragma once
// The shapes that a crystal can have. Each is a file under terms/: its formula in every arithmetic, and how far it may be off.

namespace nbhybrid::physics {

enum class CrystalShape { square, round, gauss, tophat };

inline constexpr int shape_count = 4;

// What people and files call them, in the order of the enumeration.
inline constexpr const char* shape_names[shape_count] = {"square", "round", "gauss", "tophat"};

constexpr const char* name_of(CrystalShape shape) { return shape_names[static_cast<int>(shape)]; }

}  // namespace nbhybrid::physics
