#pragma once
// The crystal lattice: from cell constants or an orientation matrix to oriented real and reciprocal vectors.

#include <array>
#include <optional>

#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {

// Edges in Angstrom, angles in radians.
struct UnitCell {
    double a = 0, b = 0, c = 0;
    double alpha = 0, beta = 0, gamma = 0;
};

struct Lattice {
    Vec3 a, b, c;                 // m
    Vec3 a_star, b_star, c_star;  // 1/Angstrom
    Vec3 edges;                   // |a|, |b|, |c| in m
    double volume = 0;            // cubic Angstrom; negative for a left-handed matrix
};

// Volume in cubic Angstrom. Throws ModelError if no cell has these edges and angles.
double cell_volume(const UnitCell& cell);

struct Orientation {
    // Columns a*, b*, c* in units of 1/wavelength (MOSFLM's A matrix), row by row; needs the wavelength in m.
    std::optional<std::array<double, 9>> matrix;
    double wavelength = 0;
    // Rotation angles about x, y and z, in this order, applied to the reciprocal vectors. Radians.
    std::optional<Vec3> misset;
    // Applied to the reciprocal vectors after the misset.
    std::optional<Mat3> rotation;
};

// What becomes of a cell with two or three oblique angles: in the reference its edges are right and its angles are not.
enum class ObliqueCell { as_reference, as_asked };

// With a matrix and a cell, the matrix gives the directions and the cell the edges. Without a matrix a* lies along x and b* in
// the x-y plane before the misset. At least one of the two must be given. Throws ModelError.
Lattice make_lattice(const std::optional<UnitCell>& cell, const Orientation& orientation,
                     ObliqueCell oblique = ObliqueCell::as_reference);

// What a lattice is made of, for whoever makes it again with another rotation.
struct LatticeRecipe {
    std::optional<UnitCell> cell;
    Orientation orientation;
    ObliqueCell oblique = ObliqueCell::as_reference;
};

// The lattice of the recipe with a rotation on top of its own.
Lattice rotated_lattice(const LatticeRecipe& recipe, const Mat3& rotation);

// The edges and angles of its real axes.
UnitCell cell_of(const Lattice& lattice);

// The angles about x, y and z (radians) of a rotation matrix.
Vec3 misset_angles(const Mat3& rotation);

}  // namespace nbhybrid
