#pragma once
// The functions of physics/bounded_math.hpp on arrays, as the copy of the kernel that includes this computes them. For tests.

#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/physics/bounded_math.hpp"

#define NBHYBRID_TEXT_OF(name) #name
#define NBHYBRID_TEXT(name) NBHYBRID_TEXT_OF(name)

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using Number = double (*)(double x, double y);

template <Number function>
inline void on_arrays(const double* x, const double* y, double* result, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) result[i] = function(x[i], y[i]);
}

inline double reduced(double phase) { return physics::reduced_phase(phase, physics::nearest_multiple_of_pi(phase)); }
inline double sine(double x, double) { return physics::sine_of_reduced(reduced(x)); }
inline double accurate_sine(double x, double) { return physics::accurate_sine_of_reduced(reduced(x)); }
inline double scaled_sine(double x, double) { return physics::scaled_sine(x) * physics::sine_of_scaled; }
inline double cosine(double x, double) { return physics::cosine_of_reduced(reduced(x)); }
inline double exponential(double x, double) { return physics::exponential(x); }
inline double quotient(double x, double y) { return physics::quotient(x, y, 1.0 / y); }

// clang-format off
#define NBHYBRID_BOUNDED_FUNCTIONS                                                  \
    {{"sine", &on_arrays<&sine>}, {"accurate_sine", &on_arrays<&accurate_sine>},    \
     {"scaled_sine", &on_arrays<&scaled_sine>}, {"cosine", &on_arrays<&cosine>},    \
     {"exponential", &on_arrays<&exponential>}, {"quotient", &on_arrays<&quotient>}}
// clang-format on

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
