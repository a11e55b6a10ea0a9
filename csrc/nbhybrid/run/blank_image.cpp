#include "nbhybrid/run/blank_image.hpp"

#include <algorithm>

#include "nbhybrid/checks/blank.hpp"

namespace nbhybrid::run {

bool is_dark(const float* image, std::int64_t pixels) {
    return std::all_of(image, image + pixels, [](float value) { return value == 0; });
}

void warn_if_blank(const float* image, const Experiment& e, Warnings& warnings) {
    if (is_dark(image, e.detector.pixels())) {
        std::string reason = checks::why_blank(e);
        if (reason.empty())
            reason = "no spot meets a pixel: look at orientation, wavelength and cell, or sample finer (-oversample)";
        warnings.add("blank-image", "every pixel is 0: " + reason);
        return;
    }
    if (e.sampling.water_thickness == 0) return;
    const std::string reason = checks::why_no_diffraction(e);
    if (!reason.empty()) warnings.add("blank-image", "every pixel is the background alone: " + reason);
}

void warn_if_all_blank(const std::vector<const float*>& images, const Simulator& simulator, Warnings& warnings) {
    Warnings of_first;
    for (std::size_t i = 0; i < images.size(); ++i) {
        Warnings its;
        warn_if_blank(images[i], simulator.experiment(static_cast<std::int64_t>(i)), its);
        if (its.all().empty()) return;
        if (i == 0) of_first = its;
    }
    warnings.add(of_first);
}

}  // namespace nbhybrid::run
