#include "nbhybrid/model/lattice.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

using numerics::Dual;
using numerics::value_of;

namespace {

// Below this share of the box of the same edges a cell counts as flat: its reciprocal lattice would be rounding errors.
constexpr double smallest_relative_volume = 1e-6;
constexpr double smallest_relative_matrix_volume = 1e-10;

template <class T>
struct ReciprocalAxes {
    Vec3T<T> a, b, c;
};

template <class T>
T clamped_cosine(const T& cosine) {
    return cosine * cosine > T(1.0) ? T(1.0) : cosine;
}
template <class T>
T clamped_sine(const T& sine) {
    return std::min(T(1.0), std::max(T(-1.0), sine));
}

// Where one angle at most is oblique both settings agree in their slopes, too, also by the angles that are right ones.
template <class T>
bool has_oblique_angles(const UnitCellT<T>& cell) {
    constexpr double rounding_of_right_angle = 1e-12;
    int count = 0;
    for (const T& angle : {cell.alpha, cell.beta, cell.gamma})
        count += std::fabs(std::cos(value_of(angle))) > rounding_of_right_angle;
    return count > 1;
}

// Real axes (Angstrom) for reciprocal ones of which a* lies along x and b* in the x-y plane: c lies along z, b in the y-z plane.
// Their lengths and the products of any two are those of the cell, however flat it is.
template <class T>
std::array<Vec3T<T>, 3> axes_of(const UnitCellT<T>& cell) {
    using std::cos;
    using std::sin;
    using std::sqrt;
    const T cos_a = cos(cell.alpha), cos_b = cos(cell.beta), cos_g = cos(cell.gamma);
    const T sin_a = sin(cell.alpha), sin_b = sin(cell.beta);
    // Of a unit vector along a.
    const T y = (cos_g - cos_a * cos_b) / sin_a;
    const T x = sqrt(std::max(T(0.0), (sin_b - y) * (sin_b + y)));
    return {Vec3T<T>{cell.a * x, cell.a * y, cell.a * cos_b}, Vec3T<T>{T(0.0), cell.b * sin_a, cell.b * cos_a},
            Vec3T<T>{T(0.0), T(0.0), cell.c}};
}

// Reciprocal vectors (1/Angstrom), a* along x and b* in the x-y plane, as the reference has them. Their last component of c* holds
// for one oblique angle at most: it has the shape of the direct cell where that of the reciprocal one belongs. With two or three
// oblique angles the cell that comes out has the right edges and somewhat different angles.
template <class T>
ReciprocalAxes<T> standard_setting(const UnitCellT<T>& cell, const T& volume) {
    using std::cos;
    using std::sin;
    const T inverse_volume = T(1.0) / volume;
    const T a_star = cell.b * cell.c * sin(cell.alpha) * inverse_volume;
    const T b_star = cell.c * cell.a * sin(cell.beta) * inverse_volume;
    const T c_star = cell.a * cell.b * sin(cell.gamma) * inverse_volume;
    const T cos_a = cos(cell.alpha), cos_b = cos(cell.beta), cos_g = cos(cell.gamma);
    const T sin_a = sin(cell.alpha), sin_b = sin(cell.beta), sin_g = sin(cell.gamma);
    const T cos_alpha_star = clamped_cosine((cos_b * cos_g - cos_a) / (sin_b * sin_g));
    const T cos_beta_star = clamped_cosine((cos_g * cos_a - cos_b) / (sin_g * sin_a));
    const T cos_gamma_star = clamped_cosine((cos_a * cos_b - cos_g) / (sin_a * sin_b));
    const T sin_gamma_star = clamped_sine(cell.c * inverse_volume / a_star / b_star);
    return {{a_star, T(0.0), T(0.0)},
            {b_star * cos_gamma_star, b_star * sin_gamma_star, T(0.0)},
            {c_star * cos_beta_star, c_star * (cos_alpha_star - cos_beta_star * cos_gamma_star) / sin_gamma_star,
             c_star * volume / (cell.a * cell.b * cell.c * sin_gamma_star)}};
}

template <class T>
ReciprocalAxes<T> from_matrix(const std::array<T, 9>& m, const T& wavelength) {
    const T scale = T(metres_per_angstrom) / wavelength;
    return {scale * Vec3T<T>{m[0], m[3], m[6]}, scale * Vec3T<T>{m[1], m[4], m[7]}, scale * Vec3T<T>{m[2], m[5], m[8]}};
}

template <class T>
Vec3T<T> rescaled(const Vec3T<T>& v, const T& length) {
    const T old_length = norm(v);
    return (length / (old_length <= T(0.0) ? T(1.0) : old_length)) * v;
}

template <class T>
void require_volume(const ReciprocalAxes<T>& star, const T& volume) {
    const double box = value_of(norm(star.a) * norm(star.b) * norm(star.c)), its_volume = value_of(volume);
    if (!std::isfinite(its_volume) || !std::isfinite(box) || !(std::fabs(its_volume) > smallest_relative_matrix_volume * box))
        throw ModelError("the three reciprocal vectors span no volume (the matrix is singular)");
}

template <class T>
Vec3T<T> turned(Vec3T<T> v, const OrientationT<T>& orientation) {
    if (orientation.misset) v = physics::rotate_xyz(v, *orientation.misset);
    return orientation.rotation ? *orientation.rotation * v : v;
}

// Of real axes in Angstrom, and their volume, which the reference does not always take from them.
template <class T>
LatticeT<T> lattice_of(const Vec3T<T>& a, const Vec3T<T>& b, const Vec3T<T>& c, const T& volume, const T& inverse_volume) {
    const T metres(metres_per_angstrom);
    LatticeT<T> lattice;
    lattice.volume = volume;
    lattice.a_star = inverse_volume * cross(b, c);
    lattice.b_star = inverse_volume * cross(c, a);
    lattice.c_star = inverse_volume * cross(a, b);
    lattice.a = metres * a;
    lattice.b = metres * b;
    lattice.c = metres * c;
    lattice.edges = {norm(lattice.a), norm(lattice.b), norm(lattice.c)};
    if (!is_finite(lattice.a) || !is_finite(lattice.b) || !is_finite(lattice.c) || !is_finite(lattice.edges))
        throw ModelError("the lattice vectors are not finite");
    return lattice;
}

template <class T>
LatticeT<T> lattice_of(const Vec3T<T>& a, const Vec3T<T>& b, const Vec3T<T>& c) {
    const T volume = dot(a, cross(b, c));
    return lattice_of(a, b, c, volume, T(1.0) / volume);
}

template <class T>
T volume_of(const UnitCellT<T>& cell) {
    using std::isfinite;
    using std::sin;
    using std::sqrt;
    const auto edge = [](const T& length) { return isfinite(length) && length > T(0); };
    if (!edge(cell.a) || !edge(cell.b) || !edge(cell.c)) throw ModelError("the edges of a unit cell must be positive");
    const auto angle = [](const T& value) { return value > T(0) && value < T(pi); };
    if (!angle(cell.alpha) || !angle(cell.beta) || !angle(cell.gamma))
        throw ModelError("the angles of a unit cell must lie between 0 and 180 degrees");
    const T half_sum = (cell.alpha + cell.beta + cell.gamma) / T(2);
    const T skew = sin(half_sum) * sin(half_sum - cell.alpha) * sin(half_sum - cell.beta) * sin(half_sum - cell.gamma);
    const T volume = skew > T(0) ? T(2.0) * cell.a * cell.b * cell.c * sqrt(skew) : T(0.0);
    if (!isfinite(volume) || !(volume > T(smallest_relative_volume) * (cell.a * cell.b * cell.c)))
        throw ModelError(format("no unit cell has the angles %g %g %g degrees: it would have no volume",
                                value_of(cell.alpha) * degrees_per_radian, value_of(cell.beta) * degrees_per_radian,
                                value_of(cell.gamma) * degrees_per_radian));
    return volume;
}

}  // namespace

double cell_volume(const UnitCell& cell) { return volume_of(cell); }

template <class T>
LatticeT<T> lattice_of(const LatticeRecipeT<T>& recipe) {
    const std::optional<UnitCellT<T>>& cell = recipe.cell;
    const OrientationT<T>& orientation = recipe.orientation;
    const T cell_v = cell ? volume_of(*cell) : T(0.0);
    const bool as_asked = cell && recipe.oblique == ObliqueCell::as_asked;
    if (as_asked && !orientation.matrix && has_oblique_angles(*cell)) {
        const std::array<Vec3T<T>, 3> axes = axes_of(*cell);
        return lattice_of(turned(axes[0], orientation), turned(axes[1], orientation), turned(axes[2], orientation));
    }
    ReciprocalAxes<T> star =
        orientation.matrix ? from_matrix(*orientation.matrix, orientation.wavelength) : standard_setting(*cell, cell_v);
    star = {turned(star.a, orientation), turned(star.b, orientation), turned(star.c, orientation)};
    Vec3T<T> a_star_x_b_star = cross(star.a, star.b);
    Vec3T<T> b_star_x_c_star = cross(star.b, star.c);
    Vec3T<T> c_star_x_a_star = cross(star.c, star.a);
    T inverse_volume = dot(star.a, b_star_x_c_star);
    require_volume(star, inverse_volume);
    if (cell) {
        b_star_x_c_star = rescaled(b_star_x_c_star, cell->a / cell_v);
        c_star_x_a_star = rescaled(c_star_x_a_star, cell->b / cell_v);
        a_star_x_b_star = rescaled(a_star_x_b_star, cell->c / cell_v);
        inverse_volume = T(1.0) / cell_v;
    }
    const T volume = T(1.0) / inverse_volume;
    const Vec3T<T> a = volume * b_star_x_c_star;
    const Vec3T<T> b = volume * c_star_x_a_star;
    const Vec3T<T> c = volume * a_star_x_b_star;
    // The volume of the cell's angles, which need not be those of the matrix.
    if (as_asked && orientation.matrix) return lattice_of(a, b, c);
    return lattice_of(a, b, c, volume, inverse_volume);
}

Lattice make_lattice(const std::optional<UnitCell>& cell, const Orientation& orientation, ObliqueCell oblique) {
    return lattice_of<double>({cell, orientation, oblique});
}

template <class T>
LatticeT<T> rotated_lattice(const LatticeRecipeT<T>& recipe, const Mat3T<T>& rotation) {
    LatticeRecipeT<T> rotated = recipe;
    std::optional<Mat3T<T>>& own = rotated.orientation.rotation;
    own = own ? rotation * *own : rotation;
    return lattice_of(rotated);
}

template Lattice lattice_of(const LatticeRecipe&);
template LatticeT<Dual> lattice_of(const LatticeRecipeT<Dual>&);
template Lattice rotated_lattice(const LatticeRecipe&, const Mat3&);
template LatticeT<Dual> rotated_lattice(const LatticeRecipeT<Dual>&, const Mat3T<Dual>&);

UnitCell cell_of(const Lattice& lattice) {
    const auto angle = [](const Vec3& u, const Vec3& v) { return std::atan2(norm(cross(u, v)), dot(u, v)); };
    const Vec3 a = lattice.a / metres_per_angstrom, b = lattice.b / metres_per_angstrom, c = lattice.c / metres_per_angstrom;
    return {norm(a), norm(b), norm(c), angle(b, c), angle(c, a), angle(a, b)};
}

Vec3 misset_angles(const Mat3& rotation) {
    // Twice, as in the reference: the second time may still change the last bit.
    const Vec3 x = normalized(normalized(rotation.row_x));
    const Vec3 y = normalized(normalized(rotation.row_y));
    const Vec3 z = normalized(normalized(rotation.row_z));
    if (z.x * z.x < 1.0) return {std::atan2(z.y, z.z), std::atan2(-z.x, std::sqrt(z.y * z.y + z.z * z.z)), std::atan2(y.x, x.x)};
    return {std::atan2(1, 1) * 4, std::atan2(1, 1) * 2, std::atan2(x.y, -y.y)};
}

}  // namespace nbhybrid
