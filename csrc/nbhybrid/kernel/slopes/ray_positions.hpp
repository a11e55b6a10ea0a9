#pragma once
// Where rays end: which point of each pixel a factor is found at, and what moves it.

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/slopes/lane_sums.hpp"
#include "nbhybrid/kernel/slopes/step_slopes.hpp"
#include "nbhybrid/kernel/walk/walk_block.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/physics/pixel_position.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// A point of each pixel of a row: the middle of a part of it, in a layer of the sensor.
struct PointOfPixels {
    int parts, part_fast, part_slow;  // of the pixel's edge
    int layer;

    static PointOfPixels centre() { return {1, 0, 0, 0}; }
    static PointOfPixels subpixel(const PlanView& plan, int layer, int sub_slow, int sub_fast) {
        return {plan.detector.oversample, sub_fast, sub_slow, layer};
    }
    static PointOfPixels first_subpixel(const PlanView& plan, int layer) { return subpixel(plan, layer, 0, 0); }

    bool is_centre() const { return parts == 1 && layer == 0; }
    // Along an axis, in parts.
    double place(int pixel, int part) const { return pixel * parts + part + 0.5; }
};

class RayPositions {
public:
    RayPositions(const PlanView& plan, const SlopeBlock& block) : plan_(plan), block_(block) {}

    Vec3 flat(const PointOfPixels& point, int i) const {
        const DetectorStage& d = plan_.detector;
        const double size = d.pixel_size / point.parts;
        return physics::flat_position(size * point.place(block_.fast[i], point.part_fast) * d.fast_axis,
                                      size * point.place(block_.slow, point.part_slow) * d.slow_axis, depth(point) * d.normal,
                                      d.origin);
    }

    void find(const PointOfPixels& point, LaneVectors& positions) const {
        const DetectorStage& d = plan_.detector;
        for (int i = 0; i < block_.count; ++i) positions.set(i, flat(point, i));
        if (!d.curved) return;
        for (int i = 0; i < block_.count; ++i)
            positions.set(i, physics::curved_position(positions[i], d.distance, d.beam, d.fast_axis, d.slow_axis));
    }

    // Adds what a change of the positions, as `cotangent` weighs it, is made of.
    void pull(const PointOfPixels& point, LaneVectors& cotangent, StageNumbersT<double>& to) const {
        const DetectorStage& d = plan_.detector;
        if (d.curved) pull_curved(point, cotangent, to);
        LaneNumbers places;
        for (int i = 0; i < block_.count; ++i) places[i] = point.place(block_.fast[i], point.part_fast);
        const Vec3 total = sum_of_lanes(cotangent, block_.count);
        const Vec3 along = sum_of_products(places.values, cotangent, 0, block_.count);
        const double size = d.pixel_size / point.parts, slow = point.place(block_.slow, point.part_slow);
        to.origin = to.origin + total;
        to.fast_axis = to.fast_axis + size * along;
        to.slow_axis = to.slow_axis + size * slow * total;
        to.normal = to.normal + depth(point) * total;
        to.layer_thickness += point.layer * dot(total, d.normal);
        // A sub-pixel's size is the pixel's over their number.
        to.pixel_size += (dot(along, d.fast_axis) + slow * dot(total, d.slow_axis)) / point.parts;
    }

    // How positions move with the numbers of the plan.
    void push(const PointOfPixels& point, const StageNumbersT<double>& moving, LaneVectors& moves) const {
        const DetectorStage& d = plan_.detector;
        const double size = d.pixel_size / point.parts, size_moves = moving.pixel_size / point.parts;
        const double slow = point.place(block_.slow, point.part_slow);
        const Vec3 of_fast = size_moves * d.fast_axis + size * moving.fast_axis;
        const Vec3 of_row =
            slow * (size_moves * d.slow_axis + size * moving.slow_axis) +
            static_cast<double>(point.layer) * (moving.layer_thickness * d.normal + plan_.sensor.layer_thickness * moving.normal) +
            moving.origin;
        for (int i = 0; i < block_.count; ++i) moves.set(i, point.place(block_.fast[i], point.part_fast) * of_fast + of_row);
        if (!d.curved) return;
        for (int i = 0; i < block_.count; ++i) moves.set(i, push_curved(flat(point, i), moves[i], moving));
    }

private:
    double depth(const PointOfPixels& point) const { return point.layer * plan_.sensor.layer_thickness; }

    using Dual = numerics::Dual;
    using DualVec3 = Vec3T<Dual>;

    struct CurvedNumbers {
        DualVec3 flat, beam, fast, slow;
        Dual distance;
    };

    static DualVec3 with_slopes(const Vec3& v, const Vec3& slope) { return {{v.x, slope.x}, {v.y, slope.y}, {v.z, slope.z}}; }

    static Vec3 slope_of(const CurvedNumbers& n) {
        const DualVec3 p = physics::curved_position(n.flat, n.distance, n.beam, n.fast, n.slow);
        return {p.x.slope, p.y.slope, p.z.slope};
    }

    CurvedNumbers at_rest(const Vec3& flat) const {
        const DetectorStage& d = plan_.detector;
        return {with_slopes(flat, {}), with_slopes(d.beam, {}), with_slopes(d.fast_axis, {}), with_slopes(d.slow_axis, {}),
                Dual(d.distance)};
    }

    Vec3 push_curved(const Vec3& flat, const Vec3& flat_moves, const StageNumbersT<double>& moving) const {
        const DetectorStage& d = plan_.detector;
        return slope_of({with_slopes(flat, flat_moves), with_slopes(d.beam, moving.beam),
                         with_slopes(d.fast_axis, moving.fast_axis), with_slopes(d.slow_axis, moving.slow_axis),
                         Dual(d.distance, moving.distance)});
    }

    // From the positions on the curved detector to those on the flat one that was bent, number by number.
    void pull_curved(const PointOfPixels& point, LaneVectors& cotangent, StageNumbersT<double>& to) const {
        for (int i = 0; i < block_.count; ++i) {
            CurvedNumbers numbers = at_rest(flat(point, i));
            const Vec3 weight = cotangent[i];
            const auto pulled = [&](Dual& number) {
                number.slope = 1.0;
                const double sum = dot(weight, slope_of(numbers));
                number.slope = 0.0;
                return sum;
            };
            const auto pulled_vector = [&](DualVec3& v) { return Vec3{pulled(v.x), pulled(v.y), pulled(v.z)}; };
            to.distance += pulled(numbers.distance);
            to.beam = to.beam + pulled_vector(numbers.beam);
            to.fast_axis = to.fast_axis + pulled_vector(numbers.fast);
            to.slow_axis = to.slow_axis + pulled_vector(numbers.slow);
            cotangent.set(i, pulled_vector(numbers.flat));
        }
    }

    const PlanView& plan_;
    const SlopeBlock& block_;
};

// What a change of a vector does to its direction, and the other way round: both are this.
inline Vec3 across(const Vec3& v, const Vec3& direction, double length) {
    return (1.0 / length) * (v - dot(v, direction) * direction);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
