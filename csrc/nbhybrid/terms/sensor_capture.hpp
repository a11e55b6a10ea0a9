#pragma once
// Fraction of the photons that one layer of the sensor absorbs: Beer-Lambert between its front and its back. 0 for an attenuation
// of 0 (a sensor that absorbs nothing); loses relative accuracy in a thin layer, where two near-equal exponentials are subtracted.
//
// Slope, for a change of mu / cos_incidence: back depth times back - front depth times front, with the two exponentials.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/numerics/bounded_exponential.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"

namespace nbhybrid::terms {
inline namespace NBHYBRID_ISA {

// Of layer `layer`, by the C library's functions; `cos_incidence` is diffracted . sensor normal and lengthens the path.
template <class T>
NBHYBRID_HOST_DEVICE inline T layer_capture(int layer, const T& layer_thickness, const T& mu, const T& cos_incidence) {
    using std::exp;
    return exp(T(-layer) * layer_thickness * mu / cos_incidence) - exp(T(-(layer + 1)) * layer_thickness * mu / cos_incidence);
}

// exp(x), and not-a-number beyond the range of exponential(); less than its range is no less than 0.
NBHYBRID_HOST_DEVICE inline double transmitted(double x) {
    using numerics::largest_exponent;
    const double inside = x < -largest_exponent ? -largest_exponent : x;
    return numerics::exponential(inside) + (x <= largest_exponent ? 0.0 : __builtin_nan(""));
}

struct CaptureSlope {
    double value, layer_thickness, attenuation, cos_incidence;
};

NBHYBRID_HOST_DEVICE inline CaptureSlope capture_with_slope(int layer, double layer_thickness, double mu, double cos_incidence) {
    const double along_ray = mu / cos_incidence, to_front = layer * layer_thickness, to_back = (layer + 1) * layer_thickness;
    const double front = transmitted(-to_front * along_ray), back = transmitted(-to_back * along_ray);
    const double by_along_ray = to_back * back - to_front * front;
    return {front - back, along_ray * ((layer + 1) * back - layer * front), by_along_ray / cos_incidence,
            -by_along_ray * along_ray / cos_incidence};
}

struct BoundedCapture {
    double value, error;  // the error is absolute: of this value and the library's together
};

NBHYBRID_HOST_DEVICE inline BoundedCapture bounded_layer_capture(int layer, double layer_thickness, double mu,
                                                                 double cos_incidence) {
    const double to_front = -layer * layer_thickness * mu / cos_incidence;
    const double to_back = -(layer + 1) * layer_thickness * mu / cos_incidence;
    const double front = transmitted(to_front), back = transmitted(to_back);
    // Of one argument both functions give one value: the difference is 0, here and there.
    const double error = to_front == to_back ? 0.0 : (numerics::exponential_error + 6 * numerics::rounding) * (front + back);
    return {front - back, error};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::terms
