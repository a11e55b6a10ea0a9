#include "nbhybrid/model/lattice.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

namespace {

// Below this share of the box of the same edges a cell counts as flat: its reciprocal lattice would be rounding errors.
constexpr double smallest_relative_volume = 1e-6;
constexpr double smallest_relative_matrix_volume = 1e-10;

struct ReciprocalAxes {
    Vec3 a, b, c;
};

double clamped_cosine(double cosine) { return cosine * cosine > 1.0 ? 1.0 : cosine; }
double clamped_sine(double sine) { return std::min(1.0, std::max(-1.0, sine)); }

bool has_oblique_angles(const UnitCell& cell) {
    constexpr double rounding_of_right_angle = 1e-12;
    int count = 0;
    for (const double angle : {cell.alpha, cell.beta, cell.gamma}) count += std::fabs(std::cos(angle)) > rounding_of_right_angle;
    return count > 1;
}

// Real axes (Angstrom) for reciprocal ones of which a* lies along x and b* in the x-y plane: c lies along z, b in the y-z plane.
// Their lengths and the products of any two are those of the cell, however flat it is.
std::array<Vec3, 3> axes_of(const UnitCell& cell) {
    const double cos_a = std::cos(cell.alpha), cos_b = std::cos(cell.beta), cos_g = std::cos(cell.gamma);
    const double sin_a = std::sin(cell.alpha), sin_b = std::sin(cell.beta);
    // Of a unit vector along a.
    const double y = (cos_g - cos_a * cos_b) / sin_a;
    const double x = std::sqrt(std::max(0.0, (sin_b - y) * (sin_b + y)));
    return {Vec3{cell.a * x, cell.a * y, cell.a * cos_b}, Vec3{0.0, cell.b * sin_a, cell.b * cos_a}, Vec3{0.0, 0.0, cell.c}};
}

// Reciprocal vectors (1/Angstrom), a* along x and b* in the x-y plane, as the reference has them. Their last component of c* holds
// for one oblique angle at most: it has the shape of the direct cell where that of the reciprocal one belongs. With two or three
// oblique angles the cell that comes out has the right edges and somewhat different angles.
ReciprocalAxes standard_setting(const UnitCell& cell, double volume) {
    const double inverse_volume = 1.0 / volume;
    const double a_star = cell.b * cell.c * std::sin(cell.alpha) * inverse_volume;
    const double b_star = cell.c * cell.a * std::sin(cell.beta) * inverse_volume;
    const double c_star = cell.a * cell.b * std::sin(cell.gamma) * inverse_volume;
    const double cos_a = std::cos(cell.alpha), cos_b = std::cos(cell.beta), cos_g = std::cos(cell.gamma);
    const double sin_a = std::sin(cell.alpha), sin_b = std::sin(cell.beta), sin_g = std::sin(cell.gamma);
    const double cos_alpha_star = clamped_cosine((cos_b * cos_g - cos_a) / (sin_b * sin_g));
    const double cos_beta_star = clamped_cosine((cos_g * cos_a - cos_b) / (sin_g * sin_a));
    const double cos_gamma_star = clamped_cosine((cos_a * cos_b - cos_g) / (sin_a * sin_b));
    const double sin_gamma_star = clamped_sine(cell.c * inverse_volume / a_star / b_star);
    return {{a_star, 0.0, 0.0},
            {b_star * cos_gamma_star, b_star * sin_gamma_star, 0.0},
            {c_star * cos_beta_star, c_star * (cos_alpha_star - cos_beta_star * cos_gamma_star) / sin_gamma_star,
             c_star * volume / (cell.a * cell.b * cell.c * sin_gamma_star)}};
}

ReciprocalAxes from_matrix(const std::array<double, 9>& m, double wavelength) {
    const double scale = metres_per_angstrom / wavelength;
    return {scale * Vec3{m[0], m[3], m[6]}, scale * Vec3{m[1], m[4], m[7]}, scale * Vec3{m[2], m[5], m[8]}};
}

Vec3 rescaled(const Vec3& v, double length) {
    const double old_length = norm(v);
    return (length / (old_length <= 0.0 ? 1.0 : old_length)) * v;
}

void require_volume(const ReciprocalAxes& star, double volume) {
    const double box = norm(star.a) * norm(star.b) * norm(star.c);
    if (!std::isfinite(volume) || !std::isfinite(box) || !(std::fabs(volume) > smallest_relative_matrix_volume * box))
        throw ModelError("the three reciprocal vectors span no volume (the matrix is singular)");
}

Vec3 turned(Vec3 v, const Orientation& orientation) {
    if (orientation.misset) v = physics::rotate_xyz(v, *orientation.misset);
    return orientation.rotation ? *orientation.rotation * v : v;
}

// Of real axes in Angstrom, and their volume, which the reference does not always take from them.
Lattice lattice_of(const Vec3& a, const Vec3& b, const Vec3& c, double volume, double inverse_volume) {
    Lattice lattice;
    lattice.volume = volume;
    lattice.a_star = inverse_volume * cross(b, c);
    lattice.b_star = inverse_volume * cross(c, a);
    lattice.c_star = inverse_volume * cross(a, b);
    lattice.a = metres_per_angstrom * a;
    lattice.b = metres_per_angstrom * b;
    lattice.c = metres_per_angstrom * c;
    lattice.edges = {norm(lattice.a), norm(lattice.b), norm(lattice.c)};
    if (!is_finite(lattice.a) || !is_finite(lattice.b) || !is_finite(lattice.c) || !is_finite(lattice.edges))
        throw ModelError("the lattice vectors are not finite");
    return lattice;
}

Lattice lattice_of(const Vec3& a, const Vec3& b, const Vec3& c) {
    const double volume = dot(a, cross(b, c));
    return lattice_of(a, b, c, volume, 1.0 / volume);
}

}  // namespace

double cell_volume(const UnitCell& cell) {
    const auto edge = [](double length) { return std::isfinite(length) && length > 0; };
    if (!edge(cell.a) || !edge(cell.b) || !edge(cell.c)) throw ModelError("the edges of a unit cell must be positive");
    const auto angle = [](double value) { return value > 0 && value < pi; };
    if (!angle(cell.alpha) || !angle(cell.beta) || !angle(cell.gamma))
        throw ModelError("the angles of a unit cell must lie between 0 and 180 degrees");
    const double half_sum = (cell.alpha + cell.beta + cell.gamma) / 2;
    const double skew =
        std::sin(half_sum) * std::sin(half_sum - cell.alpha) * std::sin(half_sum - cell.beta) * std::sin(half_sum - cell.gamma);
    const double volume = skew > 0 ? 2.0 * cell.a * cell.b * cell.c * std::sqrt(skew) : 0.0;
    if (!std::isfinite(volume) || !(volume > smallest_relative_volume * (cell.a * cell.b * cell.c)))
        throw ModelError(format("no unit cell has the angles %g %g %g degrees: it would have no volume",
                                cell.alpha * degrees_per_radian, cell.beta * degrees_per_radian, cell.gamma * degrees_per_radian));
    return volume;
}

Lattice make_lattice(const std::optional<UnitCell>& cell, const Orientation& orientation, ObliqueCell oblique) {
    const double cell_v = cell ? cell_volume(*cell) : 0.0;
    const bool as_asked = cell && oblique == ObliqueCell::as_asked;
    if (as_asked && !orientation.matrix && has_oblique_angles(*cell)) {
        const std::array<Vec3, 3> axes = axes_of(*cell);
        return lattice_of(turned(axes[0], orientation), turned(axes[1], orientation), turned(axes[2], orientation));
    }
    ReciprocalAxes star =
        orientation.matrix ? from_matrix(*orientation.matrix, orientation.wavelength) : standard_setting(*cell, cell_v);
    star = {turned(star.a, orientation), turned(star.b, orientation), turned(star.c, orientation)};
    Vec3 a_star_x_b_star = cross(star.a, star.b);
    Vec3 b_star_x_c_star = cross(star.b, star.c);
    Vec3 c_star_x_a_star = cross(star.c, star.a);
    double inverse_volume = dot(star.a, b_star_x_c_star);
    require_volume(star, inverse_volume);
    if (cell) {
        b_star_x_c_star = rescaled(b_star_x_c_star, cell->a / cell_v);
        c_star_x_a_star = rescaled(c_star_x_a_star, cell->b / cell_v);
        a_star_x_b_star = rescaled(a_star_x_b_star, cell->c / cell_v);
        inverse_volume = 1.0 / cell_v;
    }
    const double volume = 1.0 / inverse_volume;
    const Vec3 a = volume * b_star_x_c_star;
    const Vec3 b = volume * c_star_x_a_star;
    const Vec3 c = volume * a_star_x_b_star;
    // The volume of the cell's angles, which need not be those of the matrix.
    if (as_asked && orientation.matrix) return lattice_of(a, b, c);
    return lattice_of(a, b, c, volume, inverse_volume);
}

Lattice rotated_lattice(const LatticeRecipe& recipe, const Mat3& rotation) {
    Orientation orientation = recipe.orientation;
    orientation.rotation = orientation.rotation ? rotation * *orientation.rotation : rotation;
    return make_lattice(recipe.cell, orientation, recipe.oblique);
}

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
