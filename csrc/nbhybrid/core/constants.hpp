#pragma once
// Physical constants with the digits of the reference program, and unit conversions with its roundings: an angle in degrees
// becomes radians by a division by `degrees_per_radian`, never by a product, since the two differ in the last bit.

namespace nbhybrid {

inline constexpr double pi = 3.14159265358979323846;
inline constexpr double degrees_per_radian = 180.0 * 0.31830988618379067154;

// Square of the classical electron radius, m^2 (Thomson cross section per electron and steradian).
inline constexpr double electron_radius_squared = 7.94079248018965e-30;
inline constexpr double avogadro = 6.02214179e23;
// Photon energy (eV) times wavelength (Angstrom).
inline constexpr double ev_angstrom = 12398.42;

inline constexpr double metres_per_angstrom = 1e-10;

}  // namespace nbhybrid
