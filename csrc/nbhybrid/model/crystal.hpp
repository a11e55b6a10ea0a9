#pragma once
// The crystal: lattice, shape, size in unit cells, and its mosaic domains.

#include <cstdint>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/lattice.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid {

using physics::CrystalShape;

struct Crystal {
    Lattice lattice;
    CrystalShape shape = CrystalShape::square;
    Vec3 cells{1, 1, 1};  // at least 1
    double fudge = 1;
    double mosaic_spread = 0;   // radians
    std::vector<Mat3> domains;  // rotations; drawn ones begin with the identity
    bool has_rotated_domains = false;
    bool interpolate = false;  // amplitudes between the reflections
};

// Of a crystal with a mosaic spread, where nothing else is said.
inline constexpr std::int64_t usual_mosaic_domains = 10;

// Templates are over the type of number: double, or numerics::Dual for derivatives.
template <class T>
struct MosaicityT {
    T spread{};  // radians
    std::int64_t domains = 1;
};
using Mosaicity = MosaicityT<double>;

// A negative spread and a count of zero or less mean "not given": a spread alone is sampled by ten domains, and there is one
// domain without a spread.
Mosaicity resolve_mosaicity(double spread, std::int64_t domains, Warnings& warnings);

// Each domain is turned about an axis of its own by a share of the spread of its own; the first is not. Throws SizeError for more
// domains than memory could hold.
template <class T = double>
std::vector<Mat3T<T>> make_domains(const MosaicityT<T>& mosaicity, SharedDeviates& deviates, StreamState state);

// Cells along each edge: those that cover the size (m) where one is given (positive), else the count; at least 1.
template <class T = double>
Vec3T<T> resolve_cells(const Vec3T<T>& cells, const Vec3& size, const Lattice& lattice);

// Longest edge of the crystal, m.
double longest_edge(const Vec3& cells, const Lattice& lattice);

}  // namespace nbhybrid
