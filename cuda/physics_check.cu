// Keeps the physics headers and the loop nest fit for the device: every function of theirs is compiled here for a kernel.

#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/numerics/bounded_exponential.hpp"
#include "nbhybrid/numerics/bounded_sine.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/rotation.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid {

using OnePixel = kernel::PixelBlock<1>;

// Sums the amplitudes of a pixel's steps, times the lattice factors of all crystal shapes.
struct AmplitudeSum {
    const PlanView& plan;
    double sum = 0;

    __device__ void enter_subpixel(const OnePixel&) {}
    __device__ bool add_source(const OnePixel& block) {
        return kernel::for_each_later_orientation(plan.orientation, [&](int, int, const Axes& axes) { return step(block, axes); });
    }
    __device__ bool step(const OnePixel& block, const Axes& axes) {
        const CrystalStage& c = plan.crystal;
        const Vec3 index = physics::miller_index(axes.a, axes.b, axes.c, block.scattering[0]);
        const physics::Indices nearest = physics::nearest_indices(index);
        const Vec3 offset = physics::offset_of(index, nearest);
        const double in_cells = terms::offset_in_cells_squared(offset, c.cells);
        const double of_spot = terms::offset_squared(offset, c.spots);
        const double lattice = terms::square_axis_factor(index.x, c.cells.x) + terms::round_factor(in_cells, c.cells, c.fudge) +
                               terms::gauss_factor(of_spot, c.cells, c.fudge) + terms::tophat_factor(of_spot, c.cells, c.fudge);
        const double amplitude = terms::leaves_table(c.amplitudes, index)
                                     ? terms::nearest_amplitude(c.amplitudes, nearest.h, nearest.k, nearest.l)
                                     : terms::tricubic_amplitude(c.amplitudes, index);
        const double reduced = numerics::reduced_phase(lattice, numerics::nearest_multiple_of_pi(lattice));
        const double bounded = numerics::sine_of_reduced(reduced) + numerics::accurate_sine_of_reduced(reduced) +
                               numerics::cosine_of_reduced(reduced) + numerics::exponential(-reduced) +
                               numerics::quotient(reduced, lattice, 1.0 / lattice);
        sum += amplitude * lattice * bounded;
        return true;
    }
};

__global__ void walk_all_pixels(PlanView plan, double water_thickness, Vec3 turn, double* image) {
    OnePixel block;
    kernel::begin_block(static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x), block);
    AmplitudeSum visitor{plan};
    kernel::walk_block(plan, block, visitor);
    image[kernel::pixel_index(plan, block.slow, block.fast[0])] =
        physics::photons_per_steradian(visitor.sum, plan.scale.fluence, static_cast<double>(plan.scale.steps)) +
        physics::water_background(plan.scale.fluence, water_thickness) + norm(physics::rotate_xyz(block.position[0], turn));
}

}  // namespace nbhybrid
