#pragma once
// The kernel that decides pixels by a rounding test, compiled for several levels of instructions. Only plain data passes between
// the copies and the rest.

#include <array>
#include <cstdint>

#include "nbhybrid/physics/crystal_shape.hpp"
#include "nbhybrid/plan/bounds.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

struct VectorBlock {
    static constexpr int capacity = 64;

    // Given: pixels of one row, none of them masked or one that carries state. Places behind them repeat one of them, so that there
    // are whole vectors.
    int slow = 0, count = 0;
    int fast[capacity] = {};
    // Found: the pixels' values, but for those whose bit is set in `undecided`.
    float pixels[capacity] = {};
    std::uint64_t undecided = 0;
    double solid_angles = 0;  // sum over all sub-pixels and layers of all pixels
};

// A sign that a run is to end, looked at now and then.
struct StopCheck {
    bool (*is_raised)(const void* sign) = nullptr;  // null: never
    const void* sign = nullptr;

    bool operator()() const { return is_raised != nullptr && is_raised(sign); }
};

// How the sines of a parallelepiped are found; other crystals are the same for all.
enum class SquareSines {
    of_offsets,  // of the indices from whole numbers: fast, but the phases differ from the reference's by roundings
    of_phases,   // the reference's own, reduced: for pixels that the first left undecided
    in_float,    // in float32, and the pixels are not decided but taken as they are: the `fast` engine
};

// False if the sign was up.
using VectorRender = bool (*)(const PlanView& plan, const PixelBounds& bounds, const StopCheck& is_stopped, VectorBlock& block);

// A function of numerics/ on arrays, as this copy computes it: result[i] = f(x[i], y[i]). For tests.
struct BoundedFunction {
    const char* name;
    void (*run)(const double* x, const double* y, double* result, std::int64_t count);
};

// By CrystalShape; null where another is as good.
using RenderOfShapes = std::array<VectorRender, physics::shape_count>;

struct VectorKernel {
    const char* isa;
    RenderOfShapes render[3];  // by SquareSines
    BoundedFunction functions[11];
};

// The copy for this processor, or for the level that the environment variable NBHYBRID_ISA names.
const VectorKernel& vector_kernel();
// The copy of this name.
const VectorKernel& vector_kernel(const char* isa);

}  // namespace nbhybrid::kernel
