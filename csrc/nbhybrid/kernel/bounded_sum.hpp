#pragma once
// The intensity of the pixels of a block by vector instructions, with a bound of its distance from the reference's. Up to the
// arguments of the sines and exponentials everything is computed by the reference's own operations.

#include <type_traits>

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/arithmetic.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/decision.hpp"
#include "nbhybrid/kernel/segments.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <physics::CrystalShape shape, SquareSines sines>
class alignas(line_bytes) BoundedSum {
public:
    static constexpr int width = VectorBlock::capacity;
    using Shape = terms::Shape<shape>;
    static constexpr bool in_float = sines == SquareSines::in_float;
    using Block = PixelBlock<width, std::conditional_t<in_float, QuickMath, BoundedMath>>;
    static constexpr bool sums_phase_slope = Shape::has_offset_phases && sines == SquareSines::of_offsets;

    BoundedSum(const PlanView& plan, const VectorMargins& margins, int pixels) : plan_(plan), margins_(margins), pixels_(pixels) {
        multiplies_terms_ = multiplies_terms(plan);
        has_table_ = plan.crystal.amplitudes.values != nullptr;
        for (int i = 0; i < width; ++i) intensity_[i] = 0.0;
        if constexpr (Shape::has_own_error)
            for (int i = 0; i < width; ++i) uncertainty_[i] = 0.0;
        if constexpr (sums_phase_slope)
            for (int i = 0; i < width; ++i) phase_slope_[i] = 0.0;
        if (multiplies_terms_)
            for (int i = 0; i < width; ++i) largest_weight_error_[i] = 0.0;
    }

    void enter_subpixel(const Block& block) {
        if (first_subpixel_)
            for (int i = 0; i < block.count; ++i) angles_[i] = block.solid_angle[i];
        else
            for (int i = 0; i < block.count; ++i) angles_[i] += block.solid_angle[i];
        first_subpixel_ = false;
    }

    bool enter_source(const Block& block) {
        set_scale(block);
        if constexpr (sums_phase_slope) find_largest_square(block);
        if (!margins_.support.is_limited) return true;
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
        if (!margins_.support.is_limited) {
            add(block, axes, 0, block.count);
            return true;
        }
        add_reached(block, axes);
        return true;
    }

    // Writes the pixels and marks those that the bound does not decide.
    void finish(const Block& block, VectorBlock& result) {
        result.solid_angles = total_of_angles();
        result.undecided = 0;
        const Factors f = factors(block, Applied::at_end);
        const DecisionScale scale(plan_, margins_.relative, margins_.absolute_intensity * largest_weight_);
        if constexpr (in_float) {
            for (int i = 0; i < block.count; ++i) result.pixels[i] = untested_pixel(scale, intensity_[i], f.of(i));
        } else {
            decide_all(scale, f, block.count, result);
        }
    }

private:
    static constexpr int steps_between_looks = 256;

    // The factors that enter in one way, and ones in place of the others.
    struct Factors {
        const double *capture, *capture_error, *polarization, *angle, *weight_error;
        double polarization_error;

        NBHYBRID_HOST_DEVICE BoundedFactors of(int i) const {
            return {capture[i], capture_error[i], polarization[i], polarization_error, angle[i], weight_error[i]};
        }
    };

    void decide_all(const DecisionScale& given, const Factors& f, int count, VectorBlock& result) {
        const DecisionScale scale = given;
        const double* const uncertainty = find_uncertainty(count);
        std::int64_t undecided = 0;
        for (int i = 0; i < count; ++i) {
            unsure_[i] = decide(scale, intensity_[i], uncertainty[i], f.of(i), result.pixels[i]) ? 0 : 1;
            undecided += unsure_[i];
        }
        if (undecided == 0) return;
        for (int i = 0; i < pixels_; ++i) result.undecided |= static_cast<std::uint64_t>(unsure_[i]) << static_cast<unsigned>(i);
    }

    void add(const Block& block, const Axes& axes, int begin, int end) {
        if constexpr (Shape::has_offset_phases && in_float) {
            add_square_in_float(block, axes, begin, end);
        } else if constexpr (sums_phase_slope) {
            add_square(block, axes, begin, end);
        } else {
            terms::find_indices(axes, block.scattering, lanes_, begin, end);
            if (has_table_) terms::find_places(plan_.crystal.amplitudes, lanes_, begin, end);
            for_each_run(begin, end, [&](int first, int last) {
                Shape::find_squares(plan_.crystal, lanes_, own_, first, last);
                add_products(intensity_, lanes_.lattice, first, last);
                if constexpr (Shape::has_own_error) add_products(uncertainty_, own_.error, first, last);
            });
        }
    }

    // Adds the lanes' values, times the amplitudes' squares.
    void add_products(double* sums, const double* values, int begin, int end) {
        if (has_amplitudes_)
            for (int i = begin; i < end; ++i) sums[i] += lanes_.amplitude[i] * values[i];
        else
            for (int i = begin; i < end; ++i) sums[i] += values[i];
    }

    void add_square_in_float(const Block& block, const Axes& axes, int begin, int end) {
        const CrystalStage& crystal = plan_.crystal;
        const terms::AmplitudeGrid& grid = crystal.amplitudes;
        if (has_table_) terms::find_phases_in_float<true>(crystal, grid, axes, block.scattering, phases_, lanes_, begin, end);
        else terms::find_phases_in_float<false>(crystal, grid, axes, block.scattering, phases_, lanes_, begin, end);
        terms::find_squares_in_float(phases_, lanes_, begin, end);
        for_each_run(begin, end, [&](int first, int last) {
            if (terms::count_bright(crystal, lanes_, first, last) != 0)
                terms::find_bright_in_double(crystal, grid, axes, block.scattering, own_, lanes_, first, last);
            add_products(intensity_, lanes_.lattice, first, last);
        });
    }

    static Vec3 index_of(const Block& block, const Axes& axes, int i) {
        return physics::miller_index(axes.a, axes.b, axes.c, block.scattering[i]);
    }

    void add_square(const Block& block, const Axes& axes, int begin, int end) {
        const CrystalStage& crystal = plan_.crystal;
        const terms::AmplitudeGrid& grid = crystal.amplitudes;
        if (has_table_) terms::find_phases_of_offsets<true>(crystal, grid, axes, block.scattering, own_, lanes_, begin, end);
        else terms::find_phases_of_offsets<false>(crystal, grid, axes, block.scattering, own_, lanes_, begin, end);
        for_each_run(begin, end, [&](int first, int last) {
            terms::multiply_scaled_sines(own_, first, last);
            const bool some_are_near = has_amplitudes_ ? add_quotients<true>(first, last) : add_quotients<false>(first, last);
            if (some_are_near) add_near_integers(block, axes, first, last);
        });
    }

    // From the products of sines. True if there are lanes with an index near an integer, where that of the denominator is too
    // small.
    template <bool has_amplitudes>
    bool add_quotients(int begin, int end) {
        const double half_shift = margins_.half_shift;
        std::int64_t near_integer = 0;
        for (int i = begin; i < end; ++i) {
            const double above = own_.numerator[i], below = own_.denominator[i], inverse = 1.0 / below;
            const bool is_plain = __builtin_fabs(below) > terms::smallest_scaled_sines;
            const double quotient = is_plain ? inverse * inverse : 0.0;
            const double square = has_amplitudes ? lanes_.amplitude[i] * quotient : quotient;
            intensity_[i] += square * (above * above);
            phase_slope_[i] += square * (__builtin_fabs(above) + half_shift);
            near_integer += is_plain ? 0 : 1;
        }
        return near_integer != 0;
    }

    void add_near_integers(const Block& block, const Axes& axes, int begin, int end) {
        for (int i = begin; i < end; ++i) {
            if (__builtin_fabs(own_.denominator[i]) > terms::smallest_scaled_sines) continue;
            const double square = terms::square_near_integer(index_of(block, axes, i), plan_.crystal.cells);
            intensity_[i] += has_amplitudes_ ? lanes_.amplitude[i] * square : square;
        }
    }

    // work(first, last) for each run of lanes, by groups, that have an amplitude. With a table, their places must be known.
    template <class Work>
    void for_each_run(int begin, int end, Work work) {
        if (!has_table_) {
            work(begin, end);
            return;
        }
        const unsigned present = find_amplitudes(begin, end);
        for (int first = begin; first < end;) {
            int last = first;
            while (last < end && (present >> static_cast<unsigned>(last / terms::lanes_of_a_group) & 1U) != 0)
                last += terms::lanes_of_a_group;
            if (last > first) work(first, last);
            first = last + terms::lanes_of_a_group;
        }
    }

    void add_reached(const Block& block, const Axes& axes) {
        constexpr int lanes = Segments<width>::lanes;
        for (unsigned bits = segments_.reached(axes, margins_.support); bits != 0; bits &= bits - 1) {
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
            reach_line(o.components, all, first, number, segments_.whole(), margins_.support, reached);
            for (int i = 0; i < number; ++i)
                if (reached[i] != 0) add_reached(block, table[first + i]);
            if (margins_.is_stopped(margins_.sign)) return;
        }
    }

    // What the amplitudes' squares are multiplied by for this source. Without a table the square itself, which is the same for all,
    // is left for the end.
    void set_scale(const Block& block) {
        const bool all_live = block.n_live == block.count;
        if (multiplies_terms_) find_weights(block);
        is_scaled_ = multiplies_terms_ || !all_live;
        has_amplitudes_ = has_table_ || is_scaled_;
        if (!is_scaled_) return;
        for (int i = 0; i < width; ++i) scale_[i] = all_live ? weight_[i] : 0.0;
        for (int j = 0; !all_live && j < block.n_live; ++j)
            scale_[block.live[j]] = multiplies_terms_ ? weight_[block.live[j]] : 1.0;
        for (int i = 0; !has_table_ && i < width; ++i) lanes_.amplitude[i] = scale_[i];
    }

    // From the places of the table's entries. Which groups have one that is not 0.
    unsigned find_amplitudes(int begin, int end) {
        const unsigned present = terms::read_places(plan_.crystal.amplitudes, lanes_, begin, end);
        for (int i = begin; is_scaled_ && i < end; ++i) lanes_.amplitude[i] *= scale_[i];
        return present;
    }

    void find_largest_square(const Block& block) {
        const bool is_first = !knows_square_;
        for (int i = 0; i < block.count; ++i) {
            const double square = dot(block.scattering[i], block.scattering[i]);
            largest_square_[i] = is_first || square > largest_square_[i] ? square : largest_square_[i];
        }
        knows_square_ = true;
    }

    // Of the intensities. Those of a parallelepiped come from the reference's phases, which differ from ours by roundings in
    // proportion to the scattering vector. Its length s is at most (s^2 / c + c) / 2, for any c.
    const double* find_uncertainty(int count) {
        if constexpr (sums_phase_slope) {
            if (!knows_square_) return constants_.zeros;  // no source has reached a pixel
            const double centre = largest_square_[0] > 0.0 ? __builtin_sqrt(largest_square_[0]) : 1.0;
            const double half = 0.501 * margins_.shift_per_scattering, inverse = 1.0 / centre;
            for (int i = 0; i < count; ++i)
                uncertainty_[i] = phase_slope_[i] * (half * numerics::multiply_add(largest_square_[i], inverse, centre));
            return uncertainty_;
        }
        return Shape::has_own_error ? uncertainty_ : constants_.zeros;
    }

    Factors factors(const Block& block, Applied way) const {
        const bool captures = plan_.sensor.capture == way && (!plan_.sensor.counts_all || plan_.sensor.recomputes),
                   polarizes = plan_.beam.polarization == way, has_angle = plan_.detector.solid_angle == way;
        return {captures ? block.capture.values() : constants_.ones,
                captures ? block.capture.errors() : constants_.zeros,
                polarizes ? block.polarization : constants_.ones,
                has_angle ? block.solid_angle : constants_.ones,
                multiplies_terms_ ? largest_weight_error_ : constants_.zeros,
                polarizes && plan_.beam.is_corrected_for_polarization ? block.polarization_error : 0.0};
    }

    void find_weights(const Block& block) {
        const Factors f = factors(block, Applied::to_each_term);
        const double weight = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        for (int i = 0; i < block.count; ++i) {
            double error = 0;
            weight_[i] = term_weight(f.of(i), weight, error);
            if (in_float) weight_[i] = f.capture[i] * f.polarization[i] * f.angle[i] * weight;
            largest_weight_error_[i] = error > largest_weight_error_[i] ? error : largest_weight_error_[i];
        }
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

    terms::StepLanes<width> lanes_;
    typename Shape::template Lanes<width> own_;
    terms::FloatPhases<in_float ? width : 1> phases_;
    Segments<width> segments_;
    double intensity_[width], angles_[width];
    double uncertainty_[width];                         // of the intensity
    double phase_slope_[sums_phase_slope ? width : 1];  // of a parallelepiped: how fast the intensity changes with the phases
    double largest_square_[width];                      // of the scattering vectors
    double weight_[width];                              // of the terms of this source
    double largest_weight_error_[width];                // relative
    double scale_[width];                               // the same, or 0 for a lane that the source does not reach
    std::int64_t unsure_[width];
    const PlanView& plan_;
    const VectorMargins& margins_;
    int pixels_;
    bool multiplies_terms_ = false, has_table_ = false, has_amplitudes_ = false, is_scaled_ = false, first_subpixel_ = true,
         knows_square_ = false;
    int until_look_ = steps_between_looks;
    double largest_weight_ = 1;
};

template <physics::CrystalShape shape, SquareSines sines>
bool render_by_bounds(const PlanView& plan, const VectorMargins& margins, VectorBlock& result) {
    using Sum = BoundedSum<shape, sines>;
    typename Sum::Block block;
    block.slow = result.slow;
    constexpr int lanes_of_a_vector = Segments<Sum::width>::lanes;
    block.count = (result.count + lanes_of_a_vector - 1) / lanes_of_a_vector * lanes_of_a_vector;
    for (int i = 0; i < Sum::width; ++i) block.fast[i] = result.fast[i];
    block.first_sweep = block.interpolate = false;
    block.axis_entry = plan.beam.n_axes - 1;
    Sum sum(plan, margins, result.count);
    if (!walk_block(plan, block, sum)) return false;
    sum.finish(block, result);
    return true;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
