#pragma once
// Derivatives of pixels, compiled for several levels of instructions. Only plain data passes between the copies and the rest.

#include <array>
#include <cstdint>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"
#include "nbhybrid/plan/bounds.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/plan/plan_numbers.hpp"

namespace nbhybrid::kernel {

// Pixels of one row, as those of a VectorBlock; and what is found of them beside the derivatives.
struct SlopePixels {
    static constexpr int capacity = VectorBlock::capacity;
    int slow = 0, count = 0;
    int fast[capacity] = {};
    double values[capacity] = {};  // before they are rounded to float32
};

// What a sum over pixels, each times its upstream number, changes with: the numbers of a source...
struct RaySums {
    Vec3 direction, e, b;  // of its photons; of the frame of its polarization, which is made of direction and axis
    double wavelength = 0, weight = 0;
};

// ...and of a plan. Of lists there are addresses alone.
struct CotangentSums {
    StageNumbersT<double> stages;
    Axes* orientations = nullptr;  // null: nobody wants them
    RaySums* rays = nullptr;
    // Of the squares of the table's amplitudes, in the order of the table; null: nobody wants them. And which part has been
    // written.
    double* squares = nullptr;
    std::int64_t first_square = INT64_MAX, last_square = -1;
    double default_square = 0;
};

// A direction in which the numbers of a plan move.
struct Tangent {
    const StageNumbersT<double>* stages = nullptr;
    const Axes* orientations = nullptr;
    const RayNumbers* rays = nullptr;
    const double* squares = nullptr;  // of the table's amplitudes, in its order; null: they stay
};

// Directions that are looked at together.
struct Tangents {
    static constexpr int most = 8;
    int count = 0;
    Tangent of[most];
};

// False if the sign was up. The results are added to.
using Backward = bool (*)(const PlanView&, const PixelBounds&, const StopCheck&, SlopePixels&, const double* upstream,
                          CotangentSums&);
// `slopes`: of each pixel as many as there are directions.
using Forward = bool (*)(const PlanView&, const PixelBounds&, const StopCheck&, SlopePixels&, const Tangents&, double* slopes);

struct SlopeKernel {
    std::array<Backward, physics::shape_count> backward;
    std::array<Forward, physics::shape_count> forward;
};

// The copy for this processor, or for the level that the environment variable NBHYBRID_ISA names.
const SlopeKernel& slope_kernel();

}  // namespace nbhybrid::kernel
