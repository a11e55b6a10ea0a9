#pragma once
// The intensity of the pixels of a block by vector instructions, with a bound of its distance from the reference's. Up to the
// arguments of the sines and exponentials everything is computed by the reference's own operations.

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/block_walk.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/physics/lattice_factor.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/structure_factor.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

using physics::CrystalShape;

// The factors of a pixel without the library's functions, and how far they may be from those with them.
struct BoundedMath {
    static constexpr bool keeps_all_bits = false;

    // cos(2 psi) sin^2(2 theta) = E^2 - B^2 with the ray's components along E and B.
    struct Polarization {
        Polarization(double kahn, const Vec3& towards, const Vec3& along) : kahn_factor(kahn), incident(towards) {
            b = normalized(cross(along, incident));
            e = normalized(cross(incident, b));
            const double skew = __builtin_fabs(dot(b, incident)) + __builtin_fabs(dot(e, incident)) + __builtin_fabs(dot(e, b)) +
                                __builtin_fabs(dot(e, e) - 1.0) + __builtin_fabs(dot(b, b) - 1.0) +
                                __builtin_fabs(dot(incident, incident) - 1.0);
            error = 20 * physics::rounding;
            if (kahn != 0.0) error += __builtin_fabs(kahn) * (4 * skew + 60 * physics::rounding);
        }
        double kahn_factor;
        Vec3 incident, e, b;
        double error;
    };

    template <class Block>
    static void polarize(const Polarization& p, Block& block, int i, const Vec3& diffracted) {
        const double along = dot(p.incident, diffracted), e = dot(diffracted, p.e), b = dot(diffracted, p.b);
        block.polarization[i] = 0.5 * (1.0 + along * along - p.kahn_factor * (e * e - b * b));
        block.polarization_error = p.error;
    }

    static double solid_angle(const DetectorStage& d, double path) {
        const double square = path * path;
        return d.point_pixel ? 1.0 / square : d.pixel_size * d.pixel_size * d.close_distance / (square * path);
    }

    template <class Block>
    static void capture(const SensorStage& sensor, Block& block, int i, double cos_incidence) {
        const double front = absorbed(-block.layer * sensor.layer_thickness * sensor.attenuation / cos_incidence);
        const double back = absorbed(-(block.layer + 1) * sensor.layer_thickness * sensor.attenuation / cos_incidence);
        block.capture[i] = front - back;
        block.capture_error[i] = (physics::exponential_error + 6 * physics::rounding) * (front + back);
    }

    // exp(x), and not-a-number beyond the range of exponential(); less than its range is no less than 0.
    static double absorbed(double x) {
        const double inside = x < -700.0 ? -700.0 : x;
        return physics::exponential(inside) + (x <= 700.0 ? 0.0 : __builtin_nan(""));
    }
};

template <CrystalShape shape>
class alignas(line_bytes) BoundedSum {
public:
    static constexpr int width = VectorBlock::capacity;
    using Block = PixelBlock<width, BoundedMath>;

    BoundedSum(const PlanView& plan, const VectorMargins& margins, int pixels) : plan_(plan), margins_(margins), pixels_(pixels) {
        multiplies_terms_ = plan.sensor.capture == Applied::to_each_term || plan.beam.polarization == Applied::to_each_term ||
                            plan.detector.solid_angle == Applied::to_each_term || plan.beam.weighted;
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
        return true;
    }

    bool step(const Block& block, int, int, const Axes& axes) {
        if (--until_look_ == 0) {
            until_look_ = steps_between_looks;
            if (margins_.is_stopped(margins_.sign)) return false;
        }
        if (!look_up(block, axes)) return true;
        square_lattice_factors(block.count);
        add_terms(block.count);
        return true;
    }

    // Writes the pixels and marks those that the bound does not decide.
    void finish(const Block& block, VectorBlock& result) {
        const ScaleStage& scale = plan_.scale;
        const double one = physics::photons_per_steradian(1.0, scale.fluence, static_cast<double>(scale.steps));
        const double one_error = 1.01 * __builtin_fabs(one);
        const double background = scale.background_is_scaled ? 0.0 : scale.background;
        const Factors f = factors(block, Applied::at_end);
        const double relative = margins_.relative, absolute = margins_.absolute_intensity,
                     polarization_error = f.polarization_error;
        const int count = block.count;
        std::int64_t undecided = 0;
        for (int i = 0; i < count; ++i) {
            const double base = one * intensity_[i] + background;
            const double base_error = __builtin_fabs(base) * relative + one_error * (error_[i] + absolute);
            const double capture = __builtin_fabs(f.capture[i]), polarization = __builtin_fabs(f.polarization[i]),
                         angle = __builtin_fabs(f.angle[i]);
            const double factor_error =
                angle * (capture * polarization_error + (polarization + polarization_error) * f.capture_error[i]);
            const double photons = base * f.capture[i] * f.polarization[i] * f.angle[i];
            const double error = base_error * (capture * polarization * angle + factor_error) + __builtin_fabs(base) * factor_error;
            result.pixels[i] = static_cast<float>(0.0 + photons);
            // A factor that might be 0 is computed again by the reference.
            const bool sure = (f.capture_error[i] < capture) & (polarization_error < polarization) &
                              (static_cast<float>(photons - error) == static_cast<float>(photons + error));
            unsure_[i] = sure ? 0 : 1;
            undecided += unsure_[i];
        }
        result.solid_angles = total_of_angles();
        result.undecided = 0;
        if (undecided == 0) return;
        for (int i = 0; i < pixels_; ++i) result.undecided |= static_cast<std::uint64_t>(unsure_[i]) << static_cast<unsigned>(i);
    }

private:
    static constexpr int steps_between_looks = 256;

    // The indices of the step, and the amplitudes squared. False if all of these are 0.
    bool look_up(const Block& block, const Axes& axes) {
        const Axes local = axes;
        for (int i = 0; i < block.count; ++i) index_.set(i, physics::miller_index(local.a, local.b, local.c, block.scattering[i]));
        const physics::AmplitudeGrid grid = plan_.crystal.amplitudes;
        if (grid.values == nullptr) {
            if (!all_live_ || !amplitudes_are_set_)
                for (int i = 0; i < block.count; ++i)
                    amplitude_[i] = grid.default_amplitude * grid.default_amplitude * (all_live_ ? 1.0 : live_[i]);
            amplitudes_are_set_ = all_live_;
            return true;
        }
        return read_table(grid, block.count);
    }

    bool read_table(const physics::AmplitudeGrid& grid, int count) {
        const double h_min = grid.h_min, h_max = grid.h_max, k_min = grid.k_min, k_max = grid.k_max, l_min = grid.l_min,
                     l_max = grid.l_max;
        const auto stride_h = static_cast<double>(grid.stride_h), stride_k = static_cast<double>(grid.stride_k);
        for (int i = 0; i < count; ++i) {
            const double h = nearest(index_.x[i]), k = nearest(index_.y[i]), l = nearest(index_.z[i]);
            const bool inside = (h >= h_min) & (h <= h_max) & (k >= k_min) & (k <= k_max) & (l >= l_min) & (l <= l_max);
            const double place = (h - h_min) * stride_h + (k - k_min) * stride_k + (l - l_min);
            place_[i] = static_cast<int>(inside ? place : -1.0);
        }
        for (int i = 0; i < count; ++i) amplitude_[i] = place_[i] >= 0 ? grid.values[place_[i]] : grid.default_amplitude;
        std::int64_t present = 0;
        for (int i = 0; i < count; ++i) {
            amplitude_[i] *= amplitude_[i];
            present += amplitude_[i] != 0.0 ? 1 : 0;
        }
        if (!all_live_)
            for (int i = 0; i < count; ++i) amplitude_[i] *= live_[i];
        return present != 0;
    }

    static double nearest(double index) { return __builtin_ceil(index - 0.5); }

    void square_lattice_factors(int count) {
        const Vec3 n = plan_.crystal.cells;
        if constexpr (shape == CrystalShape::square) square_crystal(count, n);
        else if constexpr (shape == CrystalShape::round) round_crystal(count, n);
        else spot(count, n);
    }

    // The sine of N times the phase of an axis, and of the phase itself.
    static void multiply_axis(double index, double n, double& above, double& below) {
        const double phase = pi * index, product = phase * n;
        above *= physics::sine_of_reduced(physics::reduced_phase(product, physics::nearest_multiple_of_pi(product)));
        below *= physics::sine_of_reduced(physics::reduced_phase(phase, nearest(index)));
    }

    // An axis of a single cell needs no exception: the quotient is 1 within its error.
    void square_crystal(int count, const Vec3& n) {
        std::int64_t odd = 0;
        for (int i = 0; i < count; ++i) {
            double above = 1.0, below = 1.0;
            multiply_axis(index_.x[i], n.x, above, below);
            multiply_axis(index_.y[i], n.y, above, below);
            multiply_axis(index_.z[i], n.z, above, below);
            const double factor = above / below;
            lattice_[i] = factor * factor;
            odd += lattice_[i] != lattice_[i] ? 1 : 0;
        }
        if (odd != 0)
            for (int i = 0; i < count; ++i)
                if (lattice_[i] != lattice_[i]) lattice_[i] = at_origin_of_an_axis(index_[i], n);
    }

    // An index of exactly 0 gives 0/0, where the axis's factor is N.
    static double at_origin_of_an_axis(const Vec3& index, const Vec3& n) {
        const double indices[] = {index.x, index.y, index.z}, cells[] = {n.x, n.y, n.z};
        double factor = 1.0;
        for (int axis = 0; axis < 3; ++axis) {
            double above = 1.0, below = 1.0;
            if (indices[axis] != 0.0) multiply_axis(indices[axis], cells[axis], above, below);
            factor *= indices[axis] == 0.0 ? cells[axis] : above / below;
        }
        return factor * factor;
    }

    Vec3 offset(int i) const {
        const Vec3 index = index_[i];
        return {index.x - nearest(index.x), index.y - nearest(index.y), index.z - nearest(index.z)};
    }

    void round_crystal(int count, const Vec3& n) {
        // Of sine over x less cosine, ours and the library's together.
        constexpr double difference_error = physics::accurate_sine_error + physics::cosine_error + 5e-16 + 16 * physics::rounding;
        const double fudge = plan_.crystal.fudge, peak = n.x * n.y * n.z * 0.723601254558268;
        std::int64_t odd = 0;
        for (int i = 0; i < count; ++i) {
            const double x = pi * __builtin_sqrt(physics::offset_in_cells_squared(offset(i), n) * fudge);
            const double r = physics::reduced_phase(x, physics::nearest_multiple_of_pi(x));
            const double scale = 3.0 * peak / (x * x);
            const double factor = scale * (physics::accurate_sine_of_reduced(r) / x - physics::cosine_of_reduced(r));
            const double error = 1.01 * scale * difference_error;
            lattice_[i] = factor * factor;
            lattice_error_[i] = (2 * __builtin_fabs(factor) + error) * error;
            odd += lattice_[i] != lattice_[i] ? 1 : 0;
        }
        if (odd == 0) return;
        for (int i = 0; i < count; ++i) {
            const Vec3 d = offset(i);
            if (d.x != 0.0 || d.y != 0.0 || d.z != 0.0) continue;
            lattice_[i] = peak * peak;
            lattice_error_[i] = 0.0;
        }
    }

    void spot(int count, const Vec3& n) {
        const CrystalStage& c = plan_.crystal;
        const Vec3 a_star = c.a_star, b_star = c.b_star, c_star = c.c_star;
        const double fudge = c.fudge, peak = n.x * n.y * n.z, square = peak * peak;
        if constexpr (shape == CrystalShape::gauss) {
            const double scale = -2.0 * square / 0.63 * fudge;
            constexpr Vec3 one{1.0, 1.0, 1.0};
            for (int i = 0; i < count; ++i) {
                const double exponent = scale * physics::offset_in_reciprocal_space_squared(offset(i), a_star, b_star, c_star, one);
                lattice_[i] = square * physics::exponential(exponent < -700.0 ? -700.0 : exponent);
            }
        } else {
            for (int i = 0; i < count; ++i) {
                const double r2 = physics::offset_in_reciprocal_space_squared(offset(i), a_star, b_star, c_star, n);
                lattice_[i] = r2 * fudge < 0.3969 ? square : 0.0;
            }
        }
    }

    void add_terms(int count) {
        if (multiplies_terms_) {
            for (int i = 0; i < count; ++i) {
                const double term = amplitude_[i] * lattice_[i] * weight_[i];
                intensity_[i] += term;
                error_[i] += term * weight_error_[i];
            }
        } else {
            for (int i = 0; i < count; ++i) intensity_[i] += amplitude_[i] * lattice_[i];
        }
        if constexpr (shape == CrystalShape::round)
            for (int i = 0; i < count; ++i) error_[i] += amplitude_[i] * lattice_error_[i] * (multiplies_terms_ ? weight_[i] : 1.0);
    }

    // The factors that enter in one way, and ones in place of the others.
    struct Factors {
        const double *capture, *capture_error, *polarization, *angle;
        double polarization_error;
    };
    Factors factors(const Block& block, Applied way) const {
        const bool captures = plan_.sensor.capture == way, polarizes = plan_.beam.polarization == way,
                   has_angle = plan_.detector.solid_angle == way;
        return {captures ? block.capture : constants_.ones, captures ? block.capture_error : constants_.zeros,
                polarizes ? block.polarization : constants_.ones, has_angle ? block.solid_angle : constants_.ones,
                polarizes && plan_.beam.is_corrected_for_polarization ? block.polarization_error : 0.0};
    }

    // What the terms of a source are multiplied by; not-a-number where a factor is negative or might be 0.
    void find_weights(const Block& block) {
        const Factors f = factors(block, Applied::to_each_term);
        const double weight = plan_.beam.weighted ? plan_.beam.sources[block.source].weight : 1.0;
        for (int i = 0; i < block.count; ++i) {
            const double capture_error = f.capture_error[i] / f.capture[i],
                         polarization_error = f.polarization_error / f.polarization[i];
            const double product = f.capture[i] * f.polarization[i] * f.angle[i] * weight;
            const bool sure = (product >= 0.0) & (capture_error >= 0.0) & (capture_error < 0.5) & (polarization_error >= 0.0) &
                              (polarization_error < 0.5);
            weight_[i] = sure ? product : __builtin_nan("");
            weight_error_[i] =
                1.01 * (capture_error + polarization_error + capture_error * polarization_error) + 16 * physics::rounding;
        }
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

    VectorLanes<width> index_;
    double intensity_[width], error_[width], angles_[width];
    double amplitude_[width];                       // squared
    double lattice_[width], lattice_error_[width];  // squared; the error of that
    double weight_[width], weight_error_[width];    // of the terms of this source; the error is relative
    double live_[width];                            // 1, or 0 for a lane that the source does not reach
    std::int64_t unsure_[width];
    int place_[width];  // in the table, -1 outside
    const PlanView& plan_;
    const VectorMargins& margins_;
    int pixels_;
    bool multiplies_terms_ = false, all_live_ = true, amplitudes_are_set_ = false;
    int until_look_ = steps_between_looks;
};

template <CrystalShape shape>
bool render_by_bounds(const PlanView& plan, const VectorMargins& margins, VectorBlock& result) {
    using Sum = BoundedSum<shape>;
    typename Sum::Block block;
    block.slow = result.slow;
    block.count = 0;
    // Lanes that belong to no pixel repeat the last one, so that there are whole vectors.
    constexpr int lanes_of_a_vector = 8;
    while (block.count < result.count || block.count % lanes_of_a_vector != 0) {
        const int last = result.count - 1;
        block.fast[block.count] = result.fast[block.count < last ? block.count : last];
        ++block.count;
    }
    block.first_sweep = block.interpolate = false;
    block.axis_entry = plan.beam.n_axes - 1;
    Sum sum(plan, margins, result.count);
    if (!walk_block(plan, block, sum)) return false;
    sum.finish(block, result);
    return true;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
