#pragma once
// Sums over the pixels of a block, each pixel times its upstream number: how they change with every number of the plan. Backwards:
// from the pixels to the indices, factors and rays that they are made of, and from these to the plan.
//
// A pixel is a sum over rays of T = k S, where S is the sum of |F|^2 F_latt^2 over orientations and k the upstream number, the
// photons of an intensity of 1 and all factors of the ray. For a factor f the derivative is T / f.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/slopes/ray_factors.hpp"
#include "nbhybrid/kernel/sums/sweeps.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Of the factors and the geometry of rays.
class RayCotangents {
public:
    RayCotangents(const PlanView& plan, const SlopeBlock& block, CotangentSums& sums)
        : plan_(plan), block_(block), sums_(sums), positions_(plan, block) {
        for (int i = 0; i < block.count; ++i) {
            capture_[i] = polarization_[i] = solid_angle_[i] = 0.0;
            centre_direction_.set(i, {});
        }
    }

    // Before the first ray of a layer.
    void enter_layer() {
        if (block_.layer > 0) pull_capture_of_layer(block_.layer - 1);
    }

    // `terms`: T of each pixel; `scattering`: how much they change with the scattering vector.
    void pull_ray(const LaneNumbers& terms, const LaneVectors& scattering) {
        const IncidentRay& ray = plan_.beam.sources[block_.source];
        RaySums& to = sums_.rays[block_.source];
        const double inverse = 1.0 / ray.wavelength;
        LaneVectors direction = scattering;
        LaneNumbers along;
        for (int i = 0; i < block_.count; ++i) {
            direction.set(i, inverse * direction[i]);
            along[i] = dot(block_.scattering[i], scattering[i]);
        }
        to.direction = to.direction - sum_of_lanes(direction, block_.count);
        to.wavelength -= inverse * sum_of_lanes(along.values, 0, block_.count);
        const double sum = sum_of_lanes(terms.values, 0, block_.count);
        sums_.stages.fluence += plan_.scale.fluence != 0.0 ? sum / plan_.scale.fluence : 0.0;
        pull_factors(terms, direction);
        LaneVectors position;
        for (int i = 0; i < block_.count; ++i)
            position.set(i, across(direction[i], block_.diffracted[i], block_.path[i]) + path_[i] * block_.diffracted[i]);
        positions_.pull(PointOfPixels::subpixel(plan_, block_.layer, block_.sub_slow, block_.sub_fast), position, sums_.stages);
    }

    // After the last ray. `background`: its photons, times the upstream numbers and their factors.
    void finish(const LaneNumbers& background) {
        for (int i = 0; i < block_.count; ++i) {
            add_quotient(plan_.sensor.capture == Applied::at_end, background[i], block_.capture[i], capture_[i]);
            add_quotient(plan_.beam.polarization == Applied::at_end, background[i], block_.polarization[i], polarization_[i]);
            add_quotient(plan_.detector.solid_angle == Applied::at_end, background[i], block_.solid_angle[i], solid_angle_[i]);
        }
        pull_capture_of_layer(plan_.sensor.layers - 1);
        pull_from_centre();
        pull_from_first_subpixel();
    }

private:
    static void add_quotient(bool counts, double product, double factor, double& sum) {
        if (counts && factor != 0.0) sum += product / factor;
    }

    // Factors of this very ray are pulled at once; those that several rays share are collected.
    void pull_factors(const LaneNumbers& terms, LaneVectors& direction) {
        const FactorOf polarization = plan_.beam.polarization_of, capture = plan_.sensor.capture_of;
        const bool has_angle = plan_.detector.solid_angle_of == FactorOf::each_subpixel;
        for (int i = 0; i < block_.count; ++i) path_[i] = 0.0;
        if (polarization == FactorOf::each_subpixel || polarization == FactorOf::pixel_centre) {
            const terms::PolarizationFrame frame = frame_of(plan_, block_.source);
            const bool is_at_centre = polarization == FactorOf::pixel_centre;
            for (int i = 0; i < block_.count; ++i) {
                const double weight = quotient_or_zero(terms[i], block_.polarization[i]);
                const Vec3 at = is_at_centre ? normalized(block_.centre[i]) : block_.diffracted[i];
                LaneVectors& to = is_at_centre ? centre_direction_ : direction;
                to.set(i, to[i] + pull_polarization(frame, block_.source, at, weight));
            }
        } else if (polarization == FactorOf::first_subpixel) {
            for (int i = 0; i < block_.count; ++i) polarization_[i] += quotient_or_zero(terms[i], block_.polarization[i]);
        }
        if (capture == FactorOf::each_subpixel) {
            for (int i = 0; i < block_.count; ++i) {
                const double weight = quotient_or_zero(terms[i], block_.capture[i]);
                direction.set(i, direction[i] + pull_capture(block_.layer, block_.diffracted[i], weight));
            }
        } else if (capture != FactorOf::nothing) {
            for (int i = 0; i < block_.count; ++i) capture_[i] += quotient_or_zero(terms[i], block_.capture[i]);
        }
        for (int i = 0; i < block_.count; ++i) {
            const double weight = quotient_or_zero(terms[i], block_.solid_angle[i]);
            if (has_angle) path_[i] = pull_solid_angle(block_.path[i], weight);
            else solid_angle_[i] += weight;
        }
    }

    static double quotient_or_zero(double product, double factor) { return factor != 0.0 ? product / factor : 0.0; }

    // Each of these returns what is to be added for the direction, or the path.
    Vec3 pull_polarization(const terms::PolarizationFrame& frame, int source, const Vec3& direction, double weight) {
        const terms::PolarizationSlope s = frame.slope(direction);
        RaySums& to = sums_.rays[source];
        to.direction = to.direction + weight * s.incident;
        to.e = to.e + weight * s.e;
        to.b = to.b + weight * s.b;
        sums_.stages.kahn_factor += weight * s.kahn;
        return weight * s.diffracted;
    }

    Vec3 pull_capture(int layer, const Vec3& direction, double weight) {
        const terms::CaptureSlope s = capture_of(plan_, layer, direction);
        StageNumbersT<double>& to = sums_.stages;
        to.layer_thickness += weight * s.layer_thickness;
        to.attenuation += weight * s.attenuation;
        to.normal = to.normal + weight * s.cos_incidence * direction;
        return weight * s.cos_incidence * plan_.detector.normal;
    }

    double pull_solid_angle(double path, double weight) {
        const terms::SolidAngleSlope s = solid_angle_of(plan_, path);
        sums_.stages.pixel_size += weight * s.pixel_size;
        sums_.stages.close_distance += weight * s.close_distance;
        return weight * s.path;
    }

    // work(i, direction) returns a Vec3 and a number: what is pulled from the direction and from the path of a point.
    template <class Work>
    void pull_from(const PointOfPixels& point, Work work) {
        LaneVectors positions;
        positions_.find(point, positions);
        for (int i = 0; i < block_.count; ++i) {
            const double path = norm(positions[i]);
            const Vec3 direction = (1.0 / path) * positions[i];
            const auto [of_direction, of_path] = work(i, direction, path);
            positions.set(i, across(of_direction, direction, path) + of_path * direction);
        }
        positions_.pull(point, positions, sums_.stages);
    }

    struct Pulled {
        Vec3 of_direction;
        double of_path;
    };

    void pull_capture_of_layer(int layer) {
        if (plan_.sensor.capture_of != FactorOf::first_subpixel) return;
        pull_from(PointOfPixels::first_subpixel(plan_, layer),
                  [&](int i, const Vec3& direction, double) { return Pulled{pull_capture(layer, direction, capture_[i]), 0.0}; });
        for (int i = 0; i < block_.count; ++i) capture_[i] = 0.0;
    }

    void pull_from_centre() {
        const bool has_angle = plan_.detector.solid_angle_of == FactorOf::pixel_centre;
        if (!has_angle && plan_.beam.polarization_of != FactorOf::pixel_centre) return;
        pull_from(PointOfPixels::centre(), [&](int i, const Vec3&, double path) {
            return Pulled{centre_direction_[i], has_angle ? pull_solid_angle(path, solid_angle_[i]) : 0.0};
        });
    }

    void pull_from_first_subpixel() {
        const bool has_angle = plan_.detector.solid_angle_of == FactorOf::first_subpixel,
                   polarizes = plan_.beam.polarization_of == FactorOf::first_subpixel;
        if (!has_angle && !polarizes) return;
        const terms::PolarizationFrame frame = frame_of(plan_, 0);
        pull_from(PointOfPixels::first_subpixel(plan_, 0), [&](int i, const Vec3& direction, double path) {
            return Pulled{polarizes ? pull_polarization(frame, 0, direction, polarization_[i]) : Vec3{},
                          has_angle ? pull_solid_angle(path, solid_angle_[i]) : 0.0};
        });
    }

    const PlanView& plan_;
    const SlopeBlock& block_;
    CotangentSums& sums_;
    RayPositions positions_;
    // Of factors that several rays share, and of the direction to the pixel's centre.
    LaneNumbers capture_, polarization_, solid_angle_, path_;
    LaneVectors centre_direction_;
};

template <physics::CrystalShape shape>
class BackwardSum {
public:
    static constexpr bool has_narrow_spots = physics::has_spots(shape);

    BackwardSum(const PlanView& plan, const PixelBounds& bounds, SegmentSweep<slope_width>& sweep, const SlopeBlock& block,
                const double* upstream, CotangentSums& sums)
        : plan_(plan), bounds_(bounds), sweep_(sweep), upstream_(upstream), sums_(sums), step_(plan), rays_(plan, block, sums) {
        for (int i = 0; i < block.count; ++i) {
            values_[i] = fudge_[i] = 0.0;
            cells_.set(i, {});
        }
    }

    void enter_subpixel(const SlopeBlock& block) {
        if (block.is_first_of_layer()) rays_.enter_layer();
    }

    bool add_source(const SlopeBlock& block) {
        const double one = photons_of_one(plan_), source_weight = plan_.beam.sources[block.source].weight;
        LaneNumbers factors;
        find_ray_factors(block, factors);
        for (int i = 0; i < block.count; ++i) {
            factors[i] *= one;
            weight_[i] = upstream_[i] * factors[i] * source_weight;
            lattice_[i] = 0.0;
            scattering_.set(i, {});
        }
        if (!sweep_.run(plan_, bounds_.support, block, *this)) return false;
        // The weight may be 0, where it can move nevertheless.
        LaneNumbers terms, without_weight;
        for (int i = 0; i < block.count; ++i) {
            terms[i] = weight_[i] * lattice_[i];
            without_weight[i] = upstream_[i] * factors[i] * lattice_[i];
            values_[i] += factors[i] * source_weight * lattice_[i];
        }
        sums_.rays[block.source].weight += sum_of_lanes(without_weight.values, 0, block.count);
        rays_.pull_ray(terms, scattering_);
        return true;
    }

    // Lanes begin ... end - 1 at one orientation.
    void add_orientation(const SlopeBlock& block, std::int64_t place, const Axes& axes, int begin, int end) {
        if (!step_.find(axes, block.scattering, sums_.squares != nullptr, begin, end)) return;
        LaneVectors by_index;
        for (int i = begin; i < end; ++i) {
            const double square = step_.prefactor(i), weight = weight_[i] * square;
            lattice_[i] += square * step_.square(i);
            const Vec3 g = weight * step_.by_index(i);
            by_index.set(i, g);
            scattering_.set(i, scattering_[i] + g.x * axes.a + g.y * axes.b + g.z * axes.c);
            cells_.set(i, cells_[i] + weight * step_.by_cells(i));
            fudge_[i] += weight * step_.by_fudge(i);
        }
        if (sums_.orientations != nullptr) {
            Axes& to = sums_.orientations[place];
            to.a = to.a + sum_of_products(by_index.x, block.scattering, begin, end);
            to.b = to.b + sum_of_products(by_index.y, block.scattering, begin, end);
            to.c = to.c + sum_of_products(by_index.z, block.scattering, begin, end);
        }
        add_to_amplitudes(begin, end);
    }

    // Writes the pixels' values.
    void finish(const SlopeBlock& block, double* values) {
        const double background = background_of(plan_);
        LaneNumbers end_factors, of_background;
        find_end_factors(plan_, block, end_factors);
        for (int i = 0; i < block.count; ++i) {
            values[i] = values_[i] + background * end_factors[i];
            of_background[i] = upstream_[i] * background * end_factors[i];
        }
        if (plan_.scale.background != 0.0) {
            const double sum = sum_of_lanes(of_background.values, 0, block.count);
            sums_.stages.background += sum / plan_.scale.background;
            if (plan_.scale.background_is_scaled && plan_.scale.fluence != 0.0) sums_.stages.fluence += sum / plan_.scale.fluence;
        }
        rays_.finish(of_background);
        sums_.stages.cells = sums_.stages.cells + sum_of_lanes(cells_, block.count);
        sums_.stages.fudge += sum_of_lanes(fudge_.values, 0, block.count);
    }

private:
    void add_to_amplitudes(int begin, int end) {
        for (int i = begin; i < end; ++i) {
            const double part = weight_[i] * step_.square(i);
            const std::int64_t place = step_.place(i);
            if (place < 0) {
                sums_.default_square += part;
            } else if (sums_.squares != nullptr && part != 0.0) {
                sums_.squares[place] += part;
                sums_.first_square = place < sums_.first_square ? place : sums_.first_square;
                sums_.last_square = place > sums_.last_square ? place : sums_.last_square;
            }
        }
    }

    const PlanView& plan_;
    const PixelBounds& bounds_;
    SegmentSweep<slope_width>& sweep_;
    const double* upstream_;
    CotangentSums& sums_;
    StepSlopes<shape> step_;
    RayCotangents rays_;
    LaneNumbers values_, fudge_;
    LaneVectors cells_;
    // Of one source: k, S, and how much the sum changes with the scattering vector.
    LaneNumbers weight_, lattice_;
    LaneVectors scattering_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
