#include "nbhybrid/image/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace nbhybrid::image {

namespace {

template <class Visit>
void for_each_pixel(const ImageView& image, Visit visit) {
    const Region& r = image.region;
    for (int slow = r.slow_first; slow <= r.slow_last; ++slow)
        for (int fast = r.fast_first; fast <= r.fast_last; ++fast) visit(slow, fast, image.at(slow, fast));
}

}  // namespace

Statistics measure(const ImageView& image) {
    Statistics s;
    double sum = 0, sum_of_squares = 0;
    std::int64_t count = 0;
    for_each_pixel(image, [&](int slow, int fast, std::int64_t i) {
        if (image.mask != nullptr && image.mask[i] == 0) return;
        const float pixel = image.pixels[i];
        if (pixel > s.max) {
            s.max = pixel;
            s.max_slow = slow;
            s.max_fast = fast;
        }
        sum += pixel;
        const float square = pixel * pixel;
        sum_of_squares += square;
        ++count;
    });
    s.mean = sum / static_cast<double>(std::max<std::int64_t>(count, 1));
    const auto degrees_of_freedom = [](std::int64_t n) { return static_cast<double>(std::max<std::int64_t>(n, 2) - 1); };
    s.rms = std::sqrt(sum_of_squares / degrees_of_freedom(count));

    double squared_deviations = 0;
    count = 0;
    for_each_pixel(image, [&](int, int, std::int64_t i) {
        const double deviation = image.pixels[i] - s.mean;
        squared_deviations += deviation * deviation;
        ++count;
    });
    s.rmsd = std::sqrt(squared_deviations / degrees_of_freedom(count));
    return s;
}

}  // namespace nbhybrid::image
