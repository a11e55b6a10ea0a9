#pragma once
// Lets a test show that a comparison of traces finds an error in any factor: a program that is compiled with NBHYBRID_PERTURB
// defines a function that changes the value of its choice. In every other build values pass through and nothing is compiled.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {
inline namespace NBHYBRID_ISA {

#ifdef NBHYBRID_PERTURB
double perturbed(const char* name, double value);
#else
NBHYBRID_HOST_DEVICE constexpr double perturbed(const char*, double value) { return value; }
#endif

// The first component stands for the vector.
NBHYBRID_HOST_DEVICE inline Vec3 perturbed(const char* name, const Vec3& v) { return {perturbed(name, v.x), v.y, v.z}; }

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid
