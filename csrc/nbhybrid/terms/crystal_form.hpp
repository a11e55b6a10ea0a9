#pragma once
// What the lattice factor of a crystal depends on besides the index, whatever its shape.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/numerics/lanes.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/terms/spot_metric.hpp"

namespace nbhybrid::terms {

struct CrystalForm {
    Vec3 cells;                // numbers of unit cells along a, b and c, each >= 1
    SpotMetric<double> spots;  // of gauss and tophat
    double fudge;              // the squared distance from a reflection is multiplied by it; not for a parallelepiped
    double bright_square;      // of a parallelepiped's factor: one of a thousand steps is brighter
    double largest_index;      // of Miller, in any orientation
    bool has_fractions;        // of cells: a parallelepiped's sines are then those of offsets from reflections, not of indices
};

struct LatticeFactor {
    double value = 1;
    Vec3 along_axes{1, 1, 1};  // of a parallelepiped
};

inline namespace NBHYBRID_ISA {

// What a shape is: terms/shapes.hpp names the files. Each has
//
//   factor(form, index, nearest)          F_latt by the C library's functions, with the bits of the reference
//   find_squares(form, step, own, ...)    F_latt^2 of the lanes of a step by the functions of numerics/, and in own.error how far
//                                         it may be off, if has_own_error
//   Lanes<width>                          what find_squares needs room for
//   relative_error(largest_phase)         of F_latt^2, theirs and ours together: docs/exactness.md, "A term"
//   has_tails                             F_latt^2 is not exactly 0 far from reflections
//   has_offset_phases                     the parallelepiped's ways of its own
//   InPairs                               F_latt^2 without double, if has_pair_version
//   square_with_slope(form, offset)       F_latt^2 as a smooth function of the offset from the nearest reflection, and how it
//                                         changes; of spots, in cells of the crystal
//
// and, if its spots have a width of their own (physics/crystal_shape.hpp), so that orientations can be passed over,
//
//   support(largest, smallest)            the |offset|^2, times the fudge factor, beyond which a term is below `smallest` of a sum
//                                         whose largest is `largest`
//   underflow                             if has_tails: what theirs may have where ours is 0, for a largest of 1
template <physics::CrystalShape shape>
struct Shape;

// F_latt^2 with its derivatives by the index (the reflection stays), by the numbers of cells and by the fudge factor.
struct SquareSlope {
    double value;
    Vec3 index, cells;
    double fudge;
};

// Of a square that is a function of the numbers of cells, N_a N_b N_c squared, and of an offset in cells of the crystal, |d N|^2.
// `by_offset`: the slope for a change of |d N|^2, `by_fudge`: for one of the fudge factor.
NBHYBRID_HOST_DEVICE inline SquareSlope slope_by_offset_in_cells(double value, double by_offset, double by_fudge, const Vec3& d,
                                                                 const Vec3& n) {
    const Vec3 in_cells{d.x * n.x, d.y * n.y, d.z * n.z};
    const double twice = 2.0 * by_offset, twice_value = 2.0 * value;
    return {value,
            {twice * in_cells.x * n.x, twice * in_cells.y * n.y, twice * in_cells.z * n.z},
            {twice_value / n.x + twice * in_cells.x * d.x, twice_value / n.y + twice * in_cells.y * d.y,
             twice_value / n.z + twice * in_cells.z * d.z},
            by_fudge};
}

// Of the library's functions, relative: more than a unit in the last place, as glibc documents for sin, cos and exp.
inline constexpr double library_error = 2.3e-16;

// Lanes of pixels are left out of a step eight at a time.
inline constexpr int lanes_of_a_group = 8;

// One step of some pixels.
template <int width>
struct alignas(numerics::line_bytes) StepLanes {
    numerics::VectorLanes<width> index;
    int place[width];         // of the nearest entry in the table of amplitudes, -1 outside
    double square[width];     // F_latt^2
    double prefactor[width];  // what it is multiplied by: |F|^2, and the other factors of the term
};

template <int width, class Axes>
NBHYBRID_HOST_DEVICE inline void find_indices(const Axes& axes, const numerics::VectorLanes<width>& scattering,
                                              StepLanes<width>& step, int begin, int end) {
    const Axes local = axes;
    for (int i = begin; i < end; ++i) step.index.set(i, physics::miller_index(local.a, local.b, local.c, scattering[i]));
}

// Of versions without double whose terms are in units of the peak.
struct InPairsOfPeak {
    static constexpr bool has_bright = false;
    NBHYBRID_HOST_DEVICE static double unit(const CrystalForm& form) { return product_of(form.cells) * product_of(form.cells); }
};

// For shapes that need no room of their own.
template <int width>
struct NoLanes {};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
