#pragma once
// The crystal lattice: from cell constants or an orientation matrix to oriented real and reciprocal vectors. Templates are over the
// type of number: double, or numerics::Dual for derivatives.

#include <array>
#include <optional>

#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {

// Edges in Angstrom, angles in radians.
template <class T>
struct UnitCellT {
    T a{}, b{}, c{};
    T alpha{}, beta{}, gamma{};
};
using UnitCell = UnitCellT<double>;

template <class T>
struct LatticeT {
    Vec3T<T> a, b, c;                 // m
    Vec3T<T> a_star, b_star, c_star;  // 1/Angstrom
    Vec3T<T> edges;                   // |a|, |b|, |c| in m
    T volume{};                       // cubic Angstrom; negative for a left-handed matrix
};
using Lattice = LatticeT<double>;

// Volume in cubic Angstrom. Throws ModelError if no cell has these edges and angles.
double cell_volume(const UnitCell& cell);

template <class T>
struct OrientationT {
    // Columns a*, b*, c* in units of 1/wavelength (MOSFLM's A matrix), row by row; needs the wavelength in m.
    std::optional<std::array<T, 9>> matrix;
    T wavelength{};
    // Rotation angles about x, y and z, in this order, applied to the reciprocal vectors. Radians.
    std::optional<Vec3T<T>> misset;
    // Applied to the reciprocal vectors after the misset.
    std::optional<Mat3T<T>> rotation;
};
using Orientation = OrientationT<double>;

// What becomes of a cell with two or three oblique angles: in the reference its edges are right and its angles are not.
enum class ObliqueCell { as_reference, as_asked };

// What a lattice is made of, for whoever makes it again with another rotation, or with duals. With a matrix and a cell, the matrix
// gives the directions and the cell the edges. Without a matrix a* lies along x and b* in the x-y plane before the misset. At least
// one of the two must be given.
template <class T>
struct LatticeRecipeT {
    std::optional<UnitCellT<T>> cell;
    OrientationT<T> orientation;
    ObliqueCell oblique = ObliqueCell::as_reference;
};
using LatticeRecipe = LatticeRecipeT<double>;

// Throws ModelError.
template <class T = double>
LatticeT<T> lattice_of(const LatticeRecipeT<T>& recipe);
Lattice make_lattice(const std::optional<UnitCell>& cell, const Orientation& orientation,
                     ObliqueCell oblique = ObliqueCell::as_reference);

// The lattice of the recipe with a rotation on top of its own.
template <class T = double>
LatticeT<T> rotated_lattice(const LatticeRecipeT<T>& recipe, const Mat3T<T>& rotation);

// The edges and angles of its real axes.
UnitCell cell_of(const Lattice& lattice);

// The angles about x, y and z (radians) of a rotation matrix.
Vec3 misset_angles(const Mat3& rotation);

}  // namespace nbhybrid
