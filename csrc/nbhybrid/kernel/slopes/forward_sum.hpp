#pragma once
// The pixels of a block and how they change along some directions of the plan's numbers: forwards, from these to rays, factors and
// indices, and to the pixels.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/slopes/ray_factors.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// How a direction moves the rays of a block.
class RayTangents {
public:
    // Before anything else.
    void begin(const PlanView& plan, const SlopeBlock& block, const Tangent& moving) {
        plan_ = &plan;
        block_ = &block;
        moving_ = moving.stages;
        moving_rays_ = moving.rays;
        for (int i = 0; i < block.count; ++i) capture_[i] = polarization_[i] = solid_angle_[i] = 0.0;
    }

    void enter_subpixel() {
        const PointOfPixels here = PointOfPixels::subpixel(*plan_, block_->layer, block_->sub_slow, block_->sub_fast);
        positions().push(here, *moving_, direction_);
        for (int i = 0; i < block_->count; ++i) {
            const Vec3 moves = direction_[i];
            direction_.set(i, across(moves, block_->diffracted[i], block_->path[i]));
            path_[i] = dot(moves, block_->diffracted[i]);
        }
        const FactorOf angle = plan_->detector.solid_angle_of, capture = plan_->sensor.capture_of;
        if (angle == FactorOf::each_subpixel || (angle == FactorOf::first_subpixel && block_->is_first_subpixel()))
            for (int i = 0; i < block_->count; ++i) solid_angle_[i] = move_solid_angle(block_->path[i], path_[i]);
        if (angle == FactorOf::pixel_centre && block_->is_first_subpixel()) enter_centre();
        if (capture != FactorOf::nothing && (capture == FactorOf::each_subpixel || block_->is_first_of_layer()))
            for (int i = 0; i < block_->count; ++i) capture_[i] = move_capture(i);
    }

    // Then scattering(i) and factor(i) are those of this source.
    void enter_source() {
        const IncidentRay& ray = plan_->beam.sources[block_->source];
        const RayNumbers& moves = moving_rays_[block_->source];
        const double inverse = 1.0 / ray.wavelength;
        for (int i = 0; i < block_->count; ++i)
            scattering_.set(i, inverse * (direction_[i] - moves.direction - moves.wavelength * block_->scattering[i]));
        find_polarization(moves.direction);
        fluence_ = quotient_or_zero(moving_->fluence, plan_->scale.fluence);
    }

    Vec3 scattering(int i) const { return scattering_[i]; }
    // Of the source, as it is: it may be 0 and move.
    double weight() const { return moving_rays_[block_->source].weight; }
    // Of all other factors, relative.
    double factor(int i) const { return fluence_ + capture_[i] + polarization_[i] + solid_angle_[i]; }
    double end_factor(int i) const {
        return (plan_->sensor.capture == Applied::at_end ? capture_[i] : 0.0) +
               (plan_->beam.polarization == Applied::at_end ? polarization_[i] : 0.0) +
               (plan_->detector.solid_angle == Applied::at_end ? solid_angle_[i] : 0.0);
    }
    // Of the background's photons, relative.
    double background() const {
        const ScaleStage& s = plan_->scale;
        return quotient_or_zero(moving_->background, s.background) +
               (s.background_is_scaled ? quotient_or_zero(moving_->fluence, s.fluence) : 0.0);
    }

private:
    static double quotient_or_zero(double x, double y) { return y != 0.0 ? x / y : 0.0; }

    double move_solid_angle(double path, double path_moves) const {
        const terms::SolidAngleSlope s = solid_angle_of(*plan_, path);
        const double moves = s.path * path_moves + s.pixel_size * moving_->pixel_size + s.close_distance * moving_->close_distance;
        return quotient_or_zero(moves, s.value);
    }

    double move_capture(int i) const {
        const Vec3 direction = block_->diffracted[i];
        const terms::CaptureSlope s = capture_of(*plan_, block_->layer, direction);
        const double moves = s.layer_thickness * moving_->layer_thickness + s.attenuation * moving_->attenuation +
                             s.cos_incidence * (dot(direction_[i], plan_->detector.normal) + dot(direction, moving_->normal));
        return quotient_or_zero(moves, s.value);
    }

    void enter_centre() {
        LaneVectors moves;
        positions().push(PointOfPixels::centre(), *moving_, moves);
        for (int i = 0; i < block_->count; ++i) {
            const double path = norm(block_->centre[i]);
            solid_angle_[i] = move_solid_angle(path, dot(moves[i], block_->centre[i]) / path);
        }
    }

    // The frame of a source moves with the direction and the axis that it is made of.
    struct MovingFrame {
        terms::PolarizationFrame frame;
        Vec3 incident, e, b;
    };
    MovingFrame moving_frame(const Vec3& incident_moves) const {
        using numerics::Dual;
        const terms::PolarizationFrame frame = frame_of(*plan_, block_->source);
        const auto with_slopes = [](const Vec3& v, const Vec3& s) { return Vec3T<Dual>{{v.x, s.x}, {v.y, s.y}, {v.z, s.z}}; };
        const BeamStage& beam = plan_->beam;
        const Vec3T<Dual> incident = with_slopes(frame.incident, incident_moves),
                          axis = with_slopes(beam.axes[beam.n_axes - 1], moving_->polarization_axis);
        const auto [e, b] = terms::polarization_axes(axis, incident);
        return {frame, incident_moves, {e.x.slope, e.y.slope, e.z.slope}, {b.x.slope, b.y.slope, b.z.slope}};
    }

    void find_polarization(const Vec3& incident_moves) {
        const FactorOf of = plan_->beam.polarization_of;
        if (of == FactorOf::nothing || (of == FactorOf::first_subpixel && !block_->is_first_step())) return;
        const MovingFrame m = moving_frame(incident_moves);
        if (of != FactorOf::pixel_centre) {
            for (int i = 0; i < block_->count; ++i)
                polarization_[i] = move_polarization(m, i, block_->diffracted[i], direction_[i]);
            return;
        }
        LaneVectors moves;
        positions().push(PointOfPixels::centre(), *moving_, moves);
        for (int i = 0; i < block_->count; ++i) {
            const double path = norm(block_->centre[i]);
            const Vec3 direction = (1.0 / path) * block_->centre[i];
            polarization_[i] = move_polarization(m, i, direction, across(moves[i], direction, path));
        }
    }

    double move_polarization(const MovingFrame& m, int i, const Vec3& direction, const Vec3& direction_moves) const {
        const terms::PolarizationSlope s = m.frame.slope(direction);
        const double moves = dot(s.diffracted, direction_moves) + dot(s.incident, m.incident) + dot(s.e, m.e) + dot(s.b, m.b) +
                             s.kahn * moving_->kahn_factor;
        return quotient_or_zero(moves, block_->polarization[i]);
    }

    RayPositions positions() const { return {*plan_, *block_}; }

    const PlanView* plan_ = nullptr;
    const SlopeBlock* block_ = nullptr;
    const StageNumbersT<double>* moving_ = nullptr;
    const RayNumbers* moving_rays_ = nullptr;
    LaneVectors direction_, scattering_;
    LaneNumbers path_, capture_, polarization_, solid_angle_;  // factors: relative
    double fluence_ = 0;                                       // relative
};

template <physics::CrystalShape shape>
class ForwardSum {
public:
    static constexpr bool has_narrow_spots = physics::has_spots(shape);

    ForwardSum(const PlanView& plan, const PixelBounds& bounds, SegmentSweep<slope_width>& sweep, const SlopeBlock& block,
               const Tangents& tangents)
        : plan_(plan), bounds_(bounds), sweep_(sweep), tangents_(tangents), step_(plan) {
        for (int p = 0; p < tangents.count; ++p) {
            rays_[p].begin(plan, block, tangents.of[p]);
            wants_zeros_ = wants_zeros_ || tangents.of[p].squares != nullptr;
            for (int i = 0; i < block.count; ++i) slopes_[p][i] = 0.0;
        }
        for (int i = 0; i < block.count; ++i) values_[i] = 0.0;
    }

    void enter_subpixel(const SlopeBlock&) {
        for (int p = 0; p < tangents_.count; ++p) rays_[p].enter_subpixel();
    }

    bool add_source(const SlopeBlock& block) {
        for (int p = 0; p < tangents_.count; ++p) rays_[p].enter_source();
        for (int i = 0; i < block.count; ++i) lattice_[i] = 0.0;
        for (int p = 0; p < tangents_.count; ++p)
            for (int i = 0; i < block.count; ++i) lattice_slopes_[p][i] = 0.0;
        if (!sweep_.run(plan_, bounds_.support, block, *this)) return false;
        const double one = photons_of_one(plan_), weight = plan_.beam.sources[block.source].weight;
        LaneNumbers factors;
        find_ray_factors(block, factors);
        for (int i = 0; i < block.count; ++i) values_[i] += one * factors[i] * weight * lattice_[i];
        for (int p = 0; p < tangents_.count; ++p) {
            const double weight_moves = rays_[p].weight();
            for (int i = 0; i < block.count; ++i)
                slopes_[p][i] += one * factors[i] *
                                 (weight * (lattice_slopes_[p][i] + lattice_[i] * rays_[p].factor(i)) + weight_moves * lattice_[i]);
        }
        return true;
    }

    void add_orientation(const SlopeBlock& block, std::int64_t place, const Axes& axes, int begin, int end) {
        if (!step_.find(axes, block.scattering, wants_zeros_, begin, end)) return;
        for (int i = begin; i < end; ++i) lattice_[i] += step_.prefactor(i) * step_.square(i);
        for (int p = 0; p < tangents_.count; ++p) {
            const StageNumbersT<double>& moving = *tangents_.of[p].stages;
            const Axes moves = tangents_.of[p].orientations[place];
            const RayTangents& rays = rays_[p];
            LaneNumbers& to = lattice_slopes_[p];
            for (int i = begin; i < end; ++i) {
                const Vec3 q = block.scattering[i], q_moves = rays.scattering(i), s = step_.by_index(i);
                const Vec3 index_moves{dot(moves.a, q) + dot(axes.a, q_moves), dot(moves.b, q) + dot(axes.b, q_moves),
                                       dot(moves.c, q) + dot(axes.c, q_moves)};
                const double square_moves =
                    dot(s, index_moves) + dot(step_.by_cells(i), moving.cells) + step_.by_fudge(i) * moving.fudge;
                to[i] += step_.prefactor(i) * square_moves;
            }
            add_amplitudes(p, begin, end);
        }
    }

    // `slopes`: of each pixel one after the other.
    void finish(const SlopeBlock& block, int pixels, double* values, double* slopes) {
        const double background = background_of(plan_);
        LaneNumbers end_factors;
        find_end_factors(plan_, block, end_factors);
        for (int i = 0; i < pixels; ++i) {
            const double of_background = background * end_factors[i];
            values[i] = values_[i] + of_background;
            for (int p = 0; p < tangents_.count; ++p) {
                const RayTangents& rays = rays_[p];
                slopes[i * tangents_.count + p] = slopes_[p][i] + of_background * (rays.end_factor(i) + rays.background());
            }
        }
    }

private:
    void add_amplitudes(int p, int begin, int end) {
        const double* const table = tangents_.of[p].squares;
        const double elsewhere = 2.0 * plan_.crystal.amplitudes.default_amplitude * tangents_.of[p].stages->default_amplitude;
        if (table == nullptr && elsewhere == 0.0) return;
        for (int i = begin; i < end; ++i) {
            const int place = step_.place(i);
            const double moves = place < 0 ? elsewhere : table != nullptr ? table[place] : 0.0;
            lattice_slopes_[p][i] += moves * step_.square(i);
        }
    }

    const PlanView& plan_;
    const PixelBounds& bounds_;
    SegmentSweep<slope_width>& sweep_;
    const Tangents& tangents_;
    StepSlopes<shape> step_;
    RayTangents rays_[Tangents::most];
    bool wants_zeros_ = false;
    LaneNumbers values_, lattice_;
    LaneNumbers slopes_[Tangents::most], lattice_slopes_[Tangents::most];
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
