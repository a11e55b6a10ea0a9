#pragma once
// Fraction of the photons that one layer of the sensor absorbs.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// Beer-Lambert between the front and the back of layer `layer`; `cos_incidence` is diffracted . sensor normal and lengthens the
// path. 0 for mu = 0 (a sensor that absorbs nothing); loses relative accuracy in a thin layer, where two near-equal exponentials
// are subtracted.
template <class T>
NBHYBRID_HOST_DEVICE inline T layer_capture(int layer, const T& layer_thickness, const T& mu, const T& cos_incidence) {
    using std::exp;
    return exp(T(-layer) * layer_thickness * mu / cos_incidence) - exp(T(-(layer + 1)) * layer_thickness * mu / cos_incidence);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
