#pragma once
// The incident beam: direction, polarization, fluence and the point sources that stand for its divergence and bandwidth.

#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/step_counts.hpp"

namespace nbhybrid {

struct Source {
    Vec3 position;          // unit vector from the sample to the source
    double wavelength = 0;  // m
    double weight = 0;      // kept for the record: reference semantics gives every source the same weight
};

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
inline double fluence_of_flux(double flux, double exposure, double size) { return flux * exposure / size / size; }

struct SourceGrid {
    Vec3 direction;
    Vec3 polarization_axis;
    double wavelength = 0;
    Sampling horizontal, vertical, dispersion;
    bool round = true;  // cut to an ellipse
};

// How far sources stand from the sample (m) before their directions are normalised.
inline constexpr double source_distance = 10.0;

// Every kept divergence at every wavelength, wavelengths innermost. Throws ModelError (no source is left, a wavelength is not
// positive) or SizeError.
std::vector<Source> make_source_grid(const SourceGrid& grid);

// A source at this place (m; its distance does not matter). Throws ModelError without a direction or a positive wavelength.
Source make_source(const Vec3& position, double wavelength, double weight);

}  // namespace nbhybrid
