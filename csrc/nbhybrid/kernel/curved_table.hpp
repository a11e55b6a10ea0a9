#pragma once
// Positions on a curved detector, for devices: they depend on sines of the host's library, so the host computes them. A plane holds
// a point of each of the region's pixels: their centres, and then their sub-pixels, layer by layer.

#include <cstdint>
#include <vector>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// What a table takes, in bytes, and the table.
double curved_table_bytes(const PlanView& plan);
std::vector<Vec3> curved_table(const PlanView& plan);

inline namespace NBHYBRID_ISA {

inline constexpr int plane_of_centres = 0;

NBHYBRID_HOST_DEVICE inline int subpixel_plane(int oversample, int layer, int sub_slow, int sub_fast) {
    return 1 + (layer * oversample + sub_slow) * oversample + sub_fast;
}

NBHYBRID_HOST_DEVICE inline std::int64_t place_in_table(const DetectorStage& d, int plane, int slow, int fast) {
    const Region& r = d.region;
    const std::int64_t width = r.fast_last - r.fast_first + 1, height = r.slow_last - r.slow_first + 1;
    return (plane * height + (slow - r.slow_first)) * width + (fast - r.fast_first);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
