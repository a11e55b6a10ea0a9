#pragma once
// The intensity of the pixels of a block by vector instructions, with a bound of its distance from the reference's. Up to the
// arguments of the sines and exponentials everything is computed by the reference's own operations.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/bounded_factors.hpp"
#include "nbhybrid/kernel/bounded_lattice.hpp"
#include "nbhybrid/kernel/decision.hpp"
#include "nbhybrid/kernel/float_lattice.hpp"
#include "nbhybrid/kernel/segments.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// With `in_float` the pixels are not decided but taken as they are, and a parallelepiped's factors are in float32: the `fast`
// engine.
template <CrystalShape shape, bool in_float>
class alignas(line_bytes) BoundedSum {
public:
    static constexpr int width = VectorBlock::capacity;
    using Block = PixelBlock<width, BoundedMath>;

    BoundedSum(const PlanView& plan, const VectorMargins& margins, int pixels) : plan_(plan), margins_(margins), pixels_(pixels) {
        multiplies_terms_ = multiplies_terms(plan);
        const double start = plan.scale.background_is_scaled && !multiplies_terms_ ? plan.scale.background : 0.0;
        for (int i = 0; i < width; ++i) intensity_[i] = start, error_[i] = 0.0, angles_[i] = 0.0;
    }

    void enter_subpixel(const Block& block) {
        for (int i = 0; i < block.count; ++i) angles_[i] += block.solid_angle[i];
    }

    bool enter_source(const Block& block) {
        all_live_ = block.n_live == block.count;
        if (!all_live_) {
            for (int i = 0; i < width; ++i) live_[i] = 0.0;
            for (int j = 0; j < block.n_live; ++j) live_[block.live[j]] = 1.0;
        }
        if (multiplies_terms_) find_weights(block);
        if (!margins_.reach.is_limited) return true;
        segments_.set(block.scattering, block.count);
        if (plan_.orientation.components == nullptr || !segments_.has_whole()) return true;
        sweep_reached(block);
        return false;
    }

    bool step(const Block& block, int, int, const Axes& axes) {
        if (--until_look_ == 0) {
            until_look_ = steps_between_looks;
            if (margins_.is_stopped(margins_.sign)) return false;
        }
        if (!margins_.reach.is_limited) {
            add(block, axes, 0, block.count);
            return true;
        }
        add_reached(block, axes);
        return true;
    }

    // Writes the pixels and marks those that the bound does not decide.
    void finish(const Block& block, VectorBlock& result) {
        const Factors f = factors(block, Applied::at_end);
        const DecisionScale scale(plan_, margins_.relative, margins_.absolute_intensity * largest_weight_);
        const int count = block.count;
        std::int64_t undecided = 0;
        for (int i = 0; i < count; ++i) {
            unsure_[i] = decide(scale, intensity_[i], error_[i], f.of(i), result.pixels[i]) ? 0 : 1;
            undecided += unsure_[i];
        }
        result.solid_angles = total_of_angles();
        result.undecided = 0;
        if (in_float || undecided == 0) return;
        for (int i = 0; i < pixels_; ++i) result.undecided |= static_cast<std::uint64_t>(unsure_[i]) << static_cast<unsigned>(i);
    }

private:
    static constexpr int steps_between_looks = 256;

    void add(const Block& block, const Axes& axes, int begin, int end) {
        if constexpr (in_float && shape == CrystalShape::square) {
            find_fractions(axes, block.scattering, fractions_, begin, end);
            if (!look_up(begin, end)) return;
            square_crystal_in_float(plan_.crystal.cells, fractions_, begin, end);
            for (int i = begin; i < end; ++i) {
                const auto factor = static_cast<double>(fractions_.lattice[i]);
                lanes_.lattice[i] = factor * factor;
            }
            add_terms(begin, end);
            return;
        }
        find_indices(axes, block.scattering, lanes_, begin, end);
        if (!look_up(begin, end)) return;
        square_lattice_factors<shape>(plan_.crystal, lanes_, begin, end);
        add_terms(begin, end);
    }

    void add_reached(const Block& block, const Axes& axes) {
        constexpr int lanes = Segments<width>::lanes;
        for (unsigned bits = segments_.reached(axes, margins_.reach); bits != 0; bits &= bits - 1) {
            const int begin = __builtin_ctz(bits) * lanes;
            add(block, axes, begin, begin + lanes);
        }
    }

    // All orientations of the crystal, most of which reach no pixel of the block.
    void sweep_reached(const Block& block) {
        constexpr int group = 64;
        const OrientationStage& o = plan_.orientation;
        const Axes* const table = o.later_sweep_table != nullptr ? o.later_sweep_table : o.later_sweep;
        const std::int64_t all = static_cast<std::int64_t>(o.n_phi) * o.n_domains;
        std::int64_t reached[group];
        for (std::int64_t first = 0; first < all; first += group) {
            const int number = static_cast<int>(all - first < group ? all - first : group);
            reach_line(o.components, all, first, number, segments_.whole(), margins_.reach, reached);
            for (int i = 0; i < number; ++i)
                if (reached[i] != 0) add_reached(block, table[first + i]);
            if (margins_.is_stopped(margins_.sign)) return;
        }
    }

    // False if there is nothing to add.
    bool look_up(int begin, int end) {
        const physics::AmplitudeGrid& grid = plan_.crystal.amplitudes;
        if (grid.values != nullptr) {
            if constexpr (in_float && shape == CrystalShape::square) {
                if (!read_table_at(grid, fractions_, lanes_, begin, end)) return false;
            } else if (!read_table(grid, lanes_, begin, end)) {
                return false;
            }
        } else {
            const double square = grid.default_amplitude * grid.default_amplitude;
            for (int i = begin; i < end; ++i) lanes_.amplitude[i] = square;
        }
        if (!all_live_)
            for (int i = begin; i < end; ++i) lanes_.amplitude[i] *= live_[i];
        return true;
    }

    void add_terms(int begin, int end) {
        const StepLanes<width>& s = lanes_;
        if (multiplies_terms_) {
            for (int i = begin; i < end; ++i) {
                const double term = s.amplitude[i] * s.lattice[i] * weight_[i];
                intensity_[i] += term;
                error_[i] += term * weight_error_[i];
            }
        } else {
            for (int i = begin; i < end; ++i) intensity_[i] += s.amplitude[i] * s.lattice[i];
        }
        if constexpr (shape == CrystalShape::round)
            for (int i = begin; i < end; ++i)
                error_[i] += s.amplitude[i] * s.lattice_error[i] * (multiplies_terms_ ? weight_[i] : 1.0);
    }

    // The factors that enter in one way, and ones in place of the others.
    struct Factors {
        const double *capture, *capture_error, *polarization, *angle;
        double polarization_error;
        NBHYBRID_HOST_DEVICE BoundedFactors of(int i) const {
            return {capture[i], capture_error[i], polarization[i], polarization_error, angle[i]};
        }
    };
    Factors factors(const Block& block, Applied way) const {
        const bool captures = plan_.sensor.capture == way, polarizes = plan_.beam.polarization == way,
                   has_angle = plan_.detector.solid_angle == way;
        return {captures ? block.capture : constants_.ones, captures ? block.capture_error : constants_.zeros,
                polarizes ? block.polarization : constants_.ones, has_angle ? block.solid_angle : constants_.ones,
                polarizes && plan_.beam.is_corrected_for_polarization ? block.polarization_error : 0.0};
    }

    void find_weights(const Block& block) {
        const Factors f = factors(block, Applied::to_each_term);
        const double weight = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        for (int i = 0; i < block.count; ++i) weight_[i] = term_weight(f.of(i), weight, weight_error_[i]);
        for (int i = 0; i < block.count; ++i) largest_weight_ = weight_[i] > largest_weight_ ? weight_[i] : largest_weight_;
    }

    // By halves, so that it takes vectors.
    double total_of_angles() {
        for (int i = pixels_; i < width; ++i) angles_[i] = 0.0;
        for (int half = width / 2; half > 0; half /= 2)
            for (int i = 0; i < half; ++i) angles_[i] += angles_[i + half];
        return angles_[0];
    }

    struct Constants {
        double ones[width] = {}, zeros[width] = {};
        constexpr Constants() {
            for (double& one : ones) one = 1.0;
        }
    };
    static constexpr Constants constants_{};

    StepLanes<width> lanes_;
    FractionLanes<in_float ? width : 1> fractions_;
    Segments<width> segments_;
    double intensity_[width], error_[width], angles_[width];
    double weight_[width], weight_error_[width];  // of the terms of this source; the error is relative
    double live_[width];                          // 1, or 0 for a lane that the source does not reach
    std::int64_t unsure_[width];
    const PlanView& plan_;
    const VectorMargins& margins_;
    int pixels_;
    bool multiplies_terms_ = false, all_live_ = true;
    int until_look_ = steps_between_looks;
    double largest_weight_ = 1;
};

template <CrystalShape shape, bool in_float>
bool render_by_bounds(const PlanView& plan, const VectorMargins& margins, VectorBlock& result) {
    using Sum = BoundedSum<shape, in_float>;
    typename Sum::Block block;
    block.slow = result.slow;
    // Lanes that belong to no pixel repeat the last one, so that there are whole vectors.
    constexpr int lanes_of_a_vector = Segments<Sum::width>::lanes;
    block.count = (result.count + lanes_of_a_vector - 1) / lanes_of_a_vector * lanes_of_a_vector;
    for (int i = 0; i < Sum::width; ++i) block.fast[i] = i < result.count ? result.fast[i] : result.fast[result.count - 1];
    block.first_sweep = block.interpolate = false;
    block.axis_entry = plan.beam.n_axes - 1;
    Sum sum(plan, margins, result.count);
    if (!walk_block(plan, block, sum)) return false;
    sum.finish(block, result);
    return true;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
