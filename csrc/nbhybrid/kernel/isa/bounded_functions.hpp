#pragma once
// For tests: the functions of numerics/ and the slopes of shapes, on arrays, by the copy of the kernel that includes this.

#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/numerics/bounded_exponential.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/terms/round.hpp"
#include "nbhybrid/terms/square.hpp"

#define NBHYBRID_TEXT_OF(name) #name
#define NBHYBRID_TEXT(name) NBHYBRID_TEXT_OF(name)

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using Number = double (*)(double x, double y);

template <Number function>
inline void on_arrays(const double* x, const double* y, double* result, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) result[i] = function(x[i], y[i]);
}

inline double reduced(double phase) { return numerics::reduced_phase(phase, numerics::nearest_multiple_of_pi(phase)); }
inline double sine(double x, double) { return numerics::sine_of_reduced(reduced(x)); }
inline double accurate_sine(double x, double) { return numerics::accurate_sine_of_reduced(reduced(x)); }
inline double scaled_sine(double x, double) { return numerics::scaled_sine(x) * numerics::sine_of_scaled; }
inline double cosine(double x, double) { return numerics::cosine_of_reduced(reduced(x)); }
inline double exponential(double x, double) { return numerics::exponential(x); }
inline double quotient(double x, double y) { return numerics::quotient(x, y, 1.0 / y); }
// Of an axis of n cells at the offset d from a reflection.
inline double axis(double d, double n) { return terms::axis_with_slope(d, n).factor; }
inline double axis_by_offset(double d, double n) { return terms::axis_with_slope(d, n).offset; }
inline double axis_by_cells(double d, double n) { return terms::axis_with_slope(d, n).cells; }
// Of the square of an argument.
inline double sphere(double square, double) { return terms::sphere_with_slope(square).value; }
inline double sphere_by_square(double square, double) { return terms::sphere_with_slope(square).slope; }

// clang-format off
#define NBHYBRID_BOUNDED_FUNCTIONS                                                                  \
    {{"sine", &on_arrays<&sine>}, {"accurate_sine", &on_arrays<&accurate_sine>},                    \
     {"scaled_sine", &on_arrays<&scaled_sine>}, {"cosine", &on_arrays<&cosine>},                    \
     {"exponential", &on_arrays<&exponential>}, {"quotient", &on_arrays<&quotient>},                \
     {"axis", &on_arrays<&axis>}, {"axis_by_offset", &on_arrays<&axis_by_offset>},                  \
     {"axis_by_cells", &on_arrays<&axis_by_cells>}, {"sphere", &on_arrays<&sphere>},                \
     {"sphere_by_square", &on_arrays<&sphere_by_square>}}
// clang-format on

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
