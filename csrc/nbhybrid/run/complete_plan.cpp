#include "nbhybrid/run/complete_plan.hpp"

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/model/semantics.hpp"

namespace nbhybrid::run {

double steps_of(const Plan& plan) {
    const Region& r = plan.view().detector.region;
    return static_cast<double>(r.fast_last - r.fast_first + 1) * static_cast<double>(r.slow_last - r.slow_first + 1) *
           kernel::steps_of_pixel(plan.view());
}

void complete_plan(Plan& plan, int threads, Warnings& warnings) {
    kernel::StopSign never;
    kernel::resolve_carry_over(plan, kernel::useful_threads(threads, steps_of(plan)), never, nullptr);
    const PixelIndex end = plan.view().carry_over.interpolation_ends;
    if (end == no_pixel) return;
    const int fast_pixels = plan.view().detector.fast_pixels;
    warnings.add("interpolation-sticky",
                 format("amplitudes are not interpolated from pixel (%lld, %lld) on, which leaves the table",
                        static_cast<long long>(end / fast_pixels), static_cast<long long>(end % fast_pixels)) +
                     how_to_correct(Defect::interpolation_sticky));
}

}  // namespace nbhybrid::run
