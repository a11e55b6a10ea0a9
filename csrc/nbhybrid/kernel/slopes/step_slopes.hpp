#pragma once
// One step of some pixels with its slopes: |F|^2, F_latt^2 and how this changes with the index, the cells and the fudge factor.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/slopes/slope_kernel.hpp"
#include "nbhybrid/kernel/walk/arithmetic.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

inline constexpr int slope_width = SlopePixels::capacity;
using SlopeBlock = PixelBlock<slope_width, BoundedMath>;
using LaneVectors = VectorLanes<slope_width>;
struct alignas(line_bytes) LaneNumbers {
    double values[slope_width];
    double& operator[](int i) { return values[i]; }
    double operator[](int i) const { return values[i]; }
};

template <physics::CrystalShape shape>
class alignas(line_bytes) StepSlopes {
public:
    explicit StepSlopes(const PlanView& plan) : crystal_(plan.crystal), has_table_(terms::has_table(plan.crystal.amplitudes)) {}

    // Of lanes begin ... end - 1. False if all amplitudes are 0 and `wants_zeros` is not set: then no more is found.
    bool find(const Axes& axes, const LaneVectors& scattering, bool wants_zeros, int begin, int end) {
        terms::find_indices(axes, scattering, lanes_, begin, end);
        if (!find_amplitudes(wants_zeros, begin, end)) return false;
        const terms::CrystalForm& form = crystal_;
        for (int i = begin; i < end; ++i) {
            const terms::SquareSlope s = terms::Shape<shape>::square_with_slope(form, physics::offset_of(lanes_.index[i]));
            square_[i] = s.value;
            index_.set(i, s.index);
            cells_.set(i, s.cells);
            fudge_[i] = s.fudge;
        }
        return true;
    }

    // |F|^2.
    double prefactor(int i) const { return lanes_.prefactor[i]; }
    int place(int i) const { return has_table_ ? lanes_.place[i] : -1; }
    double square(int i) const { return square_[i]; }
    Vec3 by_index(int i) const { return index_[i]; }
    Vec3 by_cells(int i) const { return cells_[i]; }
    double by_fudge(int i) const { return fudge_[i]; }

private:
    bool find_amplitudes(bool wants_zeros, int begin, int end) {
        const terms::AmplitudeGrid& grid = crystal_.amplitudes;
        if (!has_table_) {
            const double square = grid.default_amplitude * grid.default_amplitude;
            for (int i = begin; i < end; ++i) lanes_.prefactor[i] = square;
            return true;
        }
        terms::find_places(grid, lanes_, begin, end);
        return terms::read_places(grid, lanes_, begin, end) != 0 || wants_zeros;
    }

    const CrystalStage& crystal_;
    bool has_table_;
    terms::StepLanes<slope_width> lanes_;
    LaneNumbers square_, fudge_;
    LaneVectors index_, cells_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
