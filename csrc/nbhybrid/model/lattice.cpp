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

// Reciprocal vectors (1/Angstrom), a* along x and b* in the x-y plane. The reference's last component of c* holds for one oblique
// angle at most: it has the shape of the direct cell where that of the reciprocal one belongs. With two or three oblique angles the
// cell that comes out has the right edges and somewhat different angles.
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

Lattice make_lattice(const std::optional<UnitCell>& cell, const Orientation& orientation) {
    const double cell_v = cell ? cell_volume(*cell) : 0.0;
    ReciprocalAxes star =
        orientation.matrix ? from_matrix(*orientation.matrix, orientation.wavelength) : standard_setting(*cell, cell_v);
    if (orientation.misset) {
        star.a = physics::rotate_xyz(star.a, *orientation.misset);
        star.b = physics::rotate_xyz(star.b, *orientation.misset);
        star.c = physics::rotate_xyz(star.c, *orientation.misset);
    }
    if (orientation.rotation)
        star = {*orientation.rotation * star.a, *orientation.rotation * star.b, *orientation.rotation * star.c};
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

Vec3 misset_angles(const Mat3& rotation) {
    // Twice, as in the reference: the second time may still change the last bit.
    const Vec3 x = normalized(normalized(rotation.row_x));
    const Vec3 y = normalized(normalized(rotation.row_y));
    const Vec3 z = normalized(normalized(rotation.row_z));
    if (z.x * z.x < 1.0) return {std::atan2(z.y, z.z), std::atan2(-z.x, std::sqrt(z.y * z.y + z.z * z.z)), std::atan2(y.x, x.x)};
    return {std::atan2(1, 1) * 4, std::atan2(1, 1) * 2, std::atan2(x.y, -y.y)};
}

}  // namespace nbhybrid
