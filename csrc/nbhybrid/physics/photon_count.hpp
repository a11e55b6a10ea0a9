#pragma once
// From scattered intensity (squared electrons) to photons.

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::physics {
inline namespace NBHYBRID_ISA {

// Thomson scattering: photons per steradian for an intensity summed over `steps` equally likely states. fluence in photons/m^2.
template <class T>
NBHYBRID_HOST_DEVICE inline T photons_per_steradian(const T& intensity, const T& fluence, const T& steps) {
    return T(electron_radius_squared) * fluence * intensity / steps;
}

// Isotropic scattering of a cube of liquid water of edge `thickness` (m), photons per steradian: its forward amplitude of 2.57
// electrons a molecule, density 1 g/cm^3, 18 g/mol. Meant as a simple background; it does not fall off with angle.
template <class T>
NBHYBRID_HOST_DEVICE inline T water_background(const T& fluence, const T& thickness) {
    const T amplitude = T(2.57), molar_mass = T(18), grams_per_cubic_metre = T(1e6);
    return amplitude * amplitude * T(electron_radius_squared) * fluence * thickness * thickness * thickness *
           grams_per_cubic_metre * T(avogadro) / molar_mass;
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::physics
