#pragma once
// The incident beam: direction, polarization, fluence and the point sources that stand for its divergence and bandwidth. Templates
// are over the type of number: double, or numerics::Dual for derivatives.

#include <type_traits>
#include <vector>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/step_counts.hpp"

namespace nbhybrid {

template <class T>
struct SourceT {
    Vec3T<T> position;  // unit vector from the sample to the source
    T wavelength{};     // m
    T weight{};         // kept for the record: reference semantics gives every source the same weight
};
using Source = SourceT<double>;

struct Beam {
    Vec3 direction;          // unit vector, along which the photons travel
    Vec3 polarization_axis;  // unit vector of the E-vector
    double wavelength = 0;   // nominal, m
    double kahn_factor = 0;
    bool polarization = true;       // false: the polarization factor is 1
    double fluence = 0;             // photons/m^2
    Sampling horizontal, vertical;  // divergence, radians
    Sampling dispersion;            // relative
    std::vector<Source> sources;
};

// Photons/m^2 of a flux (photons/s) through a square beam of this edge (m) in this time (s).
template <class T>
T fluence_of_flux(const T& flux, double exposure, double size) {
    return flux * exposure / size / size;
}

// Of photons of this energy (eV).
template <class T>
T angstrom_of_energy(const T& energy) {
    return T(ev_angstrom) / energy;
}

template <class T>
struct SourceGridT {
    Vec3 direction;
    Vec3 polarization_axis;
    T wavelength{};
    Sampling horizontal, vertical, dispersion;
    bool round = true;  // cut to an ellipse
};
using SourceGrid = SourceGridT<double>;

// How far sources stand from the sample (m) before their directions are normalised.
inline constexpr double source_distance = 10.0;

// Every kept divergence at every wavelength, wavelengths innermost. Throws ModelError (no source is left, a wavelength is not
// positive) or SizeError.
template <class T = double>
std::vector<SourceT<T>> make_source_grid(const SourceGridT<T>& grid);

// A source at this place, whose type of number counts (m; its distance does not matter). Throws ModelError without a direction or a
// positive wavelength.
template <class T = double>
SourceT<T> make_source(const Vec3T<T>& position, const std::common_type_t<T>& wavelength, const std::common_type_t<T>& weight);

}  // namespace nbhybrid
