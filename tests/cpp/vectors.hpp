#pragma once
// Vectors and numbers that are the same but for a tolerance.

#include <cmath>

#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {

inline bool near(double found, double expected, double tolerance) { return std::fabs(found - expected) <= tolerance; }
inline bool near(const Vec3& u, const Vec3& v, double tolerance) { return norm(u - v) <= tolerance; }

inline const Vec3 ex{1, 0, 0}, ey{0, 1, 0}, ez{0, 0, 1};

}  // namespace nbhybrid
