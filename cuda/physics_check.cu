// Keeps the physics headers and the loop nest fit for the device: everything in them that a kernel will call is compiled here.

#include "nbhybrid/kernel/pixel_walk.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/structure_factor.hpp"

namespace nbhybrid {
namespace {

// Sums the squared amplitudes of a pixel's steps.
struct AmplitudeSum {
    const CrystalStage& crystal;
    double sum = 0;

    __device__ void enter_subpixel(const kernel::WalkState&) {}
    __device__ bool enter_source(const kernel::WalkState&) { return true; }
    __device__ bool step(const kernel::WalkState& at, int, int, const Axes& axes) {
        const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, at.scattering);
        const double nearest = physics::nearest_amplitude(crystal.amplitudes, physics::nearest_index(index.x),
                                                          physics::nearest_index(index.y), physics::nearest_index(index.z));
        const double between =
            physics::leaves_table(crystal.amplitudes, index) ? nearest : physics::tricubic_amplitude(crystal.amplitudes, index);
        const double lattice =
            physics::square_axis_factor(index.x, crystal.cells.x) +
            physics::round_factor(physics::offset_in_cells_squared(index, crystal.cells), crystal.cells, crystal.fudge) +
            physics::gauss_factor(index.x, crystal.cells, crystal.fudge) +
            physics::tophat_factor(index.x, crystal.cells, crystal.fudge);
        sum += between * lattice;
        return true;
    }
};

__global__ void walk_all_pixels(PlanView plan, float* image) {
    kernel::WalkState at;
    at.slow = static_cast<int>(blockIdx.x);
    at.fast = static_cast<int>(threadIdx.x);
    AmplitudeSum visitor{plan.crystal};
    kernel::walk_pixel(plan, at, visitor);
    image[kernel::pixel_index(plan, at.slow, at.fast)] =
        static_cast<float>(physics::photons_per_steradian(visitor.sum, plan.scale.fluence, 1.0));
}

}  // namespace
}  // namespace nbhybrid
