#pragma once
// The lattice factor of a parallelepiped in float32, from phases in double: the `fast` engine.
//
// The square of the factor has 12 times the relative error of a sine and its argument, 2e-7 each at most. Near a reflection, where
// a single term may be most of an image, it is computed in double.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/bounded_lattice.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// sin(pi x) for |x| <= 1/2: relative error 5e-9 before roundings.
NBHYBRID_HOST_DEVICE inline float sine_of_half_turns(float x) {
    using physics::multiply_add;
    const float u = x * x;
    float p = multiply_add(0.07755592204651914F, u, -0.5982401101529866F);
    p = multiply_add(p, u, 2.550069444775675F);
    p = multiply_add(p, u, -5.167709672366695F);
    p = multiply_add(p, u, 3.1415926368106466F);
    return x * p;
}

// The phases of find_phases(), for each axis.
template <int width>
struct alignas(line_bytes) FloatPhases {
    float offset[3][width], turns[3][width];
};

// Of one axis. What is added to each offset keeps quotients from being 0/0.
template <bool has_table, int width, class Doubles, class Trace>
NBHYBRID_HOST_DEVICE inline void find_axis_in_float(const Vec3& axis, double cells, const VectorLanes<width>& scattering,
                                                    float* offsets, float* turns, Doubles& whole, int begin, int end,
                                                    [[maybe_unused]] Trace trace) {
    using physics::multiply_add;
    constexpr double never_zero = 1e-12;
    const Vec3 u = axis;
    for (int i = begin; i < end; ++i) {
        const double index = multiply_add(u.x, scattering.x[i], multiply_add(u.y, scattering.y[i], u.z * scattering.z[i]));
        const double integer = has_table ? nearest(index) : __builtin_rint(index);
        const double offset = (index - integer) + never_zero, product = cells * offset;
        offsets[i] = static_cast<float>(offset);
        turns[i] = static_cast<float>(product - __builtin_rint(product));
        if (has_table) whole[i] = integer;
        NBHYBRID_TRACED(trace.phase(index, half_turns(product, cells, integer)));
    }
}

// As find_phases(), with sums that round less often than the reference's.
template <bool has_table, int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void find_phases_in_float(const CrystalStage& crystal, const Axes& axes,
                                                      const VectorLanes<width>& scattering, FloatPhases<width>& f,
                                                      StepLanes<width>& s, int begin, int end, Trace trace = {}) {
    const Vec3 n = crystal.cells;
    find_axis_in_float<has_table>(axes.a, n.x, scattering, f.offset[0], f.turns[0], s.index.x, begin, end, trace);
    find_axis_in_float<has_table>(axes.b, n.y, scattering, f.offset[1], f.turns[1], s.index.y, begin, end, trace);
    find_axis_in_float<has_table>(axes.c, n.z, scattering, f.offset[2], f.turns[2], s.index.z, begin, end, trace);
    if (!has_table) return;
    const TablePlaces place(crystal.amplitudes);
    for (int i = begin; i < end; ++i) s.place[i] = place(s.index[i]);
}

// The squares of the factors.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void square_crystal_in_float(const FloatPhases<width>& f, StepLanes<width>& s, int begin, int end,
                                                         [[maybe_unused]] Trace trace = {}) {
    for (int i = begin; i < end; ++i) {
        float above = 1.0F, below = 1.0F;
        for (int axis = 0; axis < 3; ++axis) {
            const float sine_above = sine_of_half_turns(f.turns[axis][i]), sine_below = sine_of_half_turns(f.offset[axis][i]);
            above *= sine_above;
            below *= sine_below;
            NBHYBRID_TRACED(trace.sines(static_cast<double>(sine_above), static_cast<double>(sine_below)));
        }
        const float factor = above / below;
        s.lattice[i] = static_cast<double>(factor * factor);
    }
}

// How many lanes are near a reflection.
template <int width>
NBHYBRID_HOST_DEVICE inline std::int64_t near_reflections(const CrystalStage& crystal, const StepLanes<width>& s, int begin,
                                                          int end) {
    const double bright = crystal.bright_square;
    std::int64_t near = 0;
    // So that what is not a number is near.
    for (int i = begin; i < end; ++i) near += s.lattice[i] < bright ? 0 : 1;
    return near;
}

// The squares of the lattice factors, in double, of those groups that have a lane near a reflection.
template <int width, class Trace = NoTrace>
NBHYBRID_HOST_DEVICE inline void compute_bright_in_double(const CrystalStage& crystal, const Axes& axes,
                                                          const VectorLanes<width>& scattering, StepLanes<width>& s, int begin,
                                                          int end, Trace trace = {}) {
    constexpr int lanes = width < lanes_of_a_group ? width : lanes_of_a_group;
    for (int group = begin; group < end; group += lanes_of_a_group) {
        const int last = group + lanes;
        if (near_reflections(crystal, s, group, last) == 0) continue;
        find_phases<false>(crystal, axes, scattering, s, group, last, trace);
        multiply_sines(s, group, last, trace);
        for (int i = group; i < last; ++i) {
            const double factor = s.lattice[i] / s.lattice_error[i];
            s.lattice[i] = factor * factor;
        }
        for (int i = group; i < last; ++i)
            if (!(__builtin_fabs(s.lattice_error[i]) > smallest_product))
                s.lattice[i] = careful_square(physics::miller_index(axes.a, axes.b, axes.c, scattering[i]), crystal.cells, trace);
    }
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
