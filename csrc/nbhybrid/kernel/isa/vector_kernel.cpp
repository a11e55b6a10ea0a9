// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/kernel/bounded_sum.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

namespace {

using Number = double (*)(double x, double y);

template <Number function>
void on_arrays(const double* x, const double* y, double* result, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) result[i] = function(x[i], y[i]);
}

double reduced(double phase) { return physics::reduced_phase(phase, physics::nearest_multiple_of_pi(phase)); }
double sine(double x, double) { return physics::sine_of_reduced(reduced(x)); }
double accurate_sine(double x, double) { return physics::accurate_sine_of_reduced(reduced(x)); }
double scaled_sine(double x, double) { return physics::scaled_sine(x) * physics::sine_of_scaled; }
double cosine(double x, double) { return physics::cosine_of_reduced(reduced(x)); }
double exponential(double x, double) { return physics::exponential(x); }
double quotient(double x, double y) { return physics::quotient(x, y, 1.0 / y); }

}  // namespace

#define NBHYBRID_TEXT_OF(name) #name
#define NBHYBRID_TEXT(name) NBHYBRID_TEXT_OF(name)

#define NBHYBRID_SHAPES(sines)                                                                      \
    {&render_by_bounds<CrystalShape::square, sines>, &render_by_bounds<CrystalShape::round, sines>, \
     &render_by_bounds<CrystalShape::gauss, sines>, &render_by_bounds<CrystalShape::tophat, sines>}

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA),
    {NBHYBRID_SHAPES(SquareSines::of_offsets),
     {&render_by_bounds<CrystalShape::square, SquareSines::of_phases>, nullptr, nullptr, nullptr},
     NBHYBRID_SHAPES(SquareSines::in_float)},
    {{"sine", &on_arrays<&sine>},
     {"accurate_sine", &on_arrays<&accurate_sine>},
     {"scaled_sine", &on_arrays<&scaled_sine>},
     {"cosine", &on_arrays<&cosine>},
     {"exponential", &on_arrays<&exponential>},
     {"quotient", &on_arrays<&quotient>}}};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
