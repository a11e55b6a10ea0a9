#include "nbhybrid/run/noise.hpp"

#include <algorithm>

#include "nbhybrid/numerics/poisson_by_place.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid::run {

namespace {

constexpr std::int64_t pixels_of_a_task = 16384;

}  // namespace

template <class Mean>
void add_counter_noise(const NoisyImages& noise, const Mean* means, float* counts, int threads, const kernel::Watch& watch) {
    const std::int64_t tasks_of_an_image = (noise.pixels + pixels_of_a_task - 1) / pixels_of_a_task;
    const auto work = [&](std::int64_t task) {
        const std::int64_t image = task / tasks_of_an_image;
        const std::int64_t begin = task % tasks_of_an_image * pixels_of_a_task;
        const std::int64_t end = std::min(begin + pixels_of_a_task, noise.pixels);
        const auto number = static_cast<std::uint32_t>(noise.first_image + static_cast<std::uint64_t>(image));
        for (std::int64_t pixel = begin; pixel < end; ++pixel) {
            const std::int64_t at = image * noise.pixels + pixel;
            const numerics::NoisePlace place{number, noise.panel, static_cast<std::uint32_t>(pixel)};
            counts[at] = static_cast<float>(numerics::poisson_deviate(static_cast<double>(means[at]), noise.seed, place));
        }
    };
    const std::int64_t tasks = tasks_of_an_image * noise.images;
    kernel::StopSign stop;
    kernel::for_each_task(tasks, tasks < 2 ? kernel::callers_thread : threads, stop, watch, work);
}

template <class Mean>
void add_reference_noise(std::int64_t seed, const Region& region, int slow_pixels, int fast_pixels, const Mean* means,
                         float* counts) {
    std::fill_n(counts, static_cast<std::int64_t>(slow_pixels) * fast_pixels, 0.0F);
    SharedDeviates deviates;
    StreamState state = -seed;
    for (std::int64_t slow = region.slow_first; slow <= region.slow_last; ++slow)
        for (std::int64_t fast = region.fast_first; fast <= region.fast_last; ++fast) {
            const std::int64_t at = slow * fast_pixels + fast;
            counts[at] = deviates.poisson(static_cast<float>(means[at]), state);
        }
}

template void add_counter_noise<float>(const NoisyImages&, const float*, float*, int, const kernel::Watch&);
template void add_counter_noise<double>(const NoisyImages&, const double*, float*, int, const kernel::Watch&);
template void add_reference_noise<float>(std::int64_t, const Region&, int, int, const float*, float*);
template void add_reference_noise<double>(std::int64_t, const Region&, int, int, const double*, float*);

}  // namespace nbhybrid::run
