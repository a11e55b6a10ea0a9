#include "nbhybrid/kernel/curved_table.hpp"

#include "nbhybrid/kernel/walk/walk_block.hpp"

namespace nbhybrid::kernel {

double curved_table_bytes(const PlanView& plan) {
    const Region& r = plan.detector.region;
    const double pixels = (1.0 + r.fast_last - r.fast_first) * (1.0 + r.slow_last - r.slow_first);
    const double planes = 1.0 + static_cast<double>(plan.sensor.layers) * plan.detector.oversample * plan.detector.oversample;
    return pixels * planes * sizeof(Vec3);
}

std::vector<Vec3> curved_table(const PlanView& plan) {
    const Region& r = plan.detector.region;
    std::vector<Vec3> table(static_cast<std::size_t>(curved_table_bytes(plan) / sizeof(Vec3)));
    PixelBlock<1> block;
    block.count = 1;
    const auto put = [&](int plane, const Vec3& position) {
        table[static_cast<std::size_t>(place_in_table(plan.detector, plane, block.slow, block.fast[0]))] = position;
    };
    const int oversample = plan.detector.oversample;
    for (block.slow = r.slow_first; block.slow <= r.slow_last; ++block.slow)
        for (block.fast[0] = r.fast_first; block.fast[0] <= r.fast_last; ++block.fast[0]) {
            locate_centres(plan, block);
            put(plane_of_centres, block.centre[0]);
            for (block.layer = 0; block.layer < plan.sensor.layers; ++block.layer)
                for (block.sub_slow = 0; block.sub_slow < oversample; ++block.sub_slow)
                    for (block.sub_fast = 0; block.sub_fast < oversample; ++block.sub_fast) {
                        locate_subpixels(plan, block);
                        put(subpixel_plane(oversample, block.layer, block.sub_slow, block.sub_fast), block.position[0]);
                    }
        }
    return table;
}

}  // namespace nbhybrid::kernel
