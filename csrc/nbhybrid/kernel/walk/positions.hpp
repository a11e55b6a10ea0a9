#pragma once
// Where the pixels of a block and their sub-pixels lie.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/kernel/curved_table.hpp"
#include "nbhybrid/kernel/walk/arithmetic.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// Points of the pixels of a row that are `along_slow` and `depth` from the edge and the front of the detector.
class RowOfPoints {
public:
    NBHYBRID_HOST_DEVICE RowOfPoints(const DetectorStage& d, double along_slow, double depth)
        : slow_offset_(along_slow * d.slow_axis), depth_offset_(depth * d.normal), fast_axis_(d.fast_axis), origin_(d.origin) {}

    NBHYBRID_HOST_DEVICE Vec3 operator()(double along_fast) const {
        return physics::flat_position(along_fast * fast_axis_, slow_offset_, depth_offset_, origin_);
    }

private:
    Vec3 slow_offset_, depth_offset_, fast_axis_, origin_;
};

template <class Block>
NBHYBRID_HOST_DEVICE inline void locate_subpixels(const PlanView& plan, Block& block) {
    const int count = block.count;
    const DetectorStage& d = plan.detector;
    const double size = d.subpixel_size;
    const int oversample = d.oversample, sub_fast = block.sub_fast;
    const RowOfPoints points(d, physics::subpixel_centre(size, block.slow * oversample + block.sub_slow),
                             block.layer * plan.sensor.layer_thickness);
    const auto flat = [&block, &points, size, oversample, sub_fast](int i) {
        return points(physics::subpixel_centre(size, block.fast[i] * oversample + sub_fast));
    };
    const int plane = subpixel_plane(oversample, block.layer, block.sub_slow, sub_fast);
    if (d.curved)
        for (int i = 0; i < count; ++i) Block::Math::direct(block, i, Block::Math::curved(d, block, i, plane, flat(i)));
    else
        for (int i = 0; i < count; ++i) Block::Math::direct(block, i, flat(i));
}

// The centres of the pixels, on the front of the sensor.
template <class Block>
NBHYBRID_HOST_DEVICE inline void locate_centres(const PlanView& plan, Block& block) {
    const DetectorStage& d = plan.detector;
    const RowOfPoints points(d, physics::subpixel_centre(d.pixel_size, block.slow), 0.0);
    for (int i = 0; i < block.count; ++i) {
        const Vec3 flat = points(physics::subpixel_centre(d.pixel_size, block.fast[i]));
        block.centre.set(i, d.curved ? Block::Math::curved(d, block, i, plane_of_centres, flat) : flat);
    }
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
