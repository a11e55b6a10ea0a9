#include "nbhybrid/run/clipping.hpp"

#include <algorithm>

#include "nbhybrid/core/text.hpp"

namespace nbhybrid::run {

namespace {

constexpr double largest_integer = 65535;

struct Shares {
    double below = 0, above = 0;
};

// Of the pixels of the region, or of as many as are enough to tell.
Shares shares_beyond(const image::ImageView& image, double scale, double adc_offset) {
    constexpr int most_places = 50;  // along each axis
    const Region& r = image.region;
    const int slow_step = std::max(1, (r.slow_last - r.slow_first + 1) / most_places);
    const int fast_step = std::max(1, (r.fast_last - r.fast_first + 1) / most_places);
    double below = 0, above = 0, all = 0;
    for (int slow = r.slow_first; slow <= r.slow_last; slow += slow_step)
        for (int fast = r.fast_first; fast <= r.fast_last; fast += fast_step) {
            const std::int64_t at = image.at(slow, fast);
            if (image.mask != nullptr && image.mask[at] == 0) continue;
            const double value = static_cast<double>(image.pixels[at]) * scale + adc_offset;
            ++all;
            if (value > largest_integer) ++above;
            else if (!(value >= 0)) ++below;
        }
    return all > 0 ? Shares{below / all, above / all} : Shares{};
}

}  // namespace

void warn_if_clipped(const ImageFile& file, const image::ImageView& image, double scale, double adc_offset, Warnings& warnings) {
    constexpr double most = 0.5;  // a detector with more overloads than this shows nothing
    if (file.format == nullptr || file.format->pixels != io::PixelType::uint16) return;
    const double factor = file.shows == Shows::scaled ? scale : 1;
    const Shares shares = shares_beyond(image, factor, adc_offset);
    if (!(shares.below > most || shares.above > most)) return;
    const std::string made_of = file.shows == Shows::scaled ? format("photons x %.6g (-scale) + %.6g (-adc)", scale, adc_offset)
                                                            : format("photons + %.6g (-adc)", adc_offset);
    warnings.add("clipped", file.option + " " + file.path +
                                format(": %.0f %% of its pixels are ", 100 * std::max(shares.below, shares.above)) +
                                (shares.above > most ? "above 65535, the largest number of 16 bits: " : "below 0: ") + made_of);
}

}  // namespace nbhybrid::run
