#include "nbhybrid/checks/detector.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::checks {

namespace {

constexpr double millimetres = 1e3;  // in a metre

// A beam may well miss the detector. But one so far off is suspect if the number would lie on it as one of pixels.
void check_centre(const Detector& d, const Centre& centre, Warnings& warnings) {
    constexpr double far_off = 1.5;  // times the detector's edge
    const double edge = std::max(d.size_fast, d.size_slow), given = centre.value * millimetres;
    if (given * d.pixel_size > edge || !(centre.value > far_off * edge)) return;
    warnings.add("unit", centre.option + format(" %.9g: the beam centre lies %.9g mm from the corner of a detector whose edges are "
                                                "%.9g and %.9g mm; %.9g looks like pixels",
                                                given, given, d.size_fast * millimetres, d.size_slow * millimetres, given));
}

void check_axes(const Detector& d, Warnings& warnings) {
    constexpr double right_enough = 0.1;  // degrees off a right angle, which no refined detector is
    const double angle = std::atan2(norm(cross(d.fast_axis, d.slow_axis)), dot(d.fast_axis, d.slow_axis)) * degrees_per_radian;
    if (std::fabs(angle - 90) > right_enough)
        warnings.add(
            "geometry",
            format("the detector's fast and slow axis (-fdet_vector, -sdet_vector) stand at %.4g degrees to each other", angle));
}

}  // namespace

void check_detector(const Detector& detector, const Given& given, Warnings& warnings) {
    for (const Centre& centre : given.centres) check_centre(detector, centre, warnings);
    check_axes(detector, warnings);
    if (detector.close_distance < 0)
        warnings.add("geometry",
                     format("the detector's distance along its normal is %.6g mm: it is seen from behind, and its photons "
                            "are negative (-twotheta, -close_distance, -odet_vector)",
                            detector.close_distance * millimetres));
}

}  // namespace nbhybrid::checks
