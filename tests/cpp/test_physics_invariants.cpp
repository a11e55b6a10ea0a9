#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/rotation.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"
#include "nbhybrid/terms/polarization.hpp"
#include "nbhybrid/terms/sensor_capture.hpp"
#include "nbhybrid/terms/shapes.hpp"
#include "nbhybrid/terms/solid_angle.hpp"
#include "nbhybrid/terms/structure_factor.hpp"
#include "vectors.hpp"

using namespace nbhybrid;
using namespace nbhybrid::physics;
using namespace nbhybrid::terms;

namespace {

// Midpoint rule over the ball of radius 1: its mean phase factor for the phase x along one direction.
double ball_average(double x) {
    const int slices = 20000;
    double sum = 0;
    for (int i = 0; i < slices; ++i) {
        const double z = (i + 0.5) / slices * 2 - 1;
        sum += (1 - z * z) * std::cos(x * z);
    }
    return 0.75 * sum * 2 / slices;
}

}  // namespace

TEST("rotation invariants: lengths, angles and handedness stay, turns about one axis add up") {
    const Vec3 axis = normalized(Vec3{-0.2, 0.5, 1.3}), u{0.3, -1.7, 2.2}, v{-4, 0.1, 0.9};
    for (double angle = -6.5; angle < 6.5; angle += 0.37) {
        const Vec3 ru = rotate_about(u, axis, angle), rv = rotate_about(v, axis, angle);
        CHECK(near(norm(ru), norm(u), 1e-14));
        CHECK(near(dot(ru, rv), dot(u, v), 1e-13));
        CHECK(near(cross(ru, rv), rotate_about(cross(u, v), axis, angle), 1e-13));
        CHECK(near(rotate_about(ru, axis, 0.6), rotate_about(u, axis, angle + 0.6), 1e-14));
        CHECK(near(rotate_about(u, -axis, -angle), ru, 1e-14));
        const Vec3 three{angle, 0.7 * angle, -1.1 * angle};
        CHECK(near(cross(rotate_xyz(ex, three), rotate_xyz(ey, three)), rotate_xyz(ez, three), 1e-15));
    }
}

TEST("rotation invariants: a rotation by 0 leaves every bit") {
    const Vec3 v{0.1, -0.7, 1.0 / 3};
    const Vec3 r = rotate_xyz(v, Vec3{});
    CHECK(r.x == v.x && r.y == v.y && r.z == v.z);
    // One about x does not touch x.
    CHECK_EQ(rotate_xyz(v, Vec3{0.4, 0, 0}).x, v.x);
    CHECK_EQ(rotate_xyz(v, Vec3{0, 0, 0.4}).z, v.z);
}

TEST("miller index invariants: the nearest integer, the smaller one of two as near") {
    for (int i = -50; i <= 50; ++i) {
        CHECK_EQ(nearest_index(i), i);
        CHECK_EQ(nearest_index(i + 0.5), i);
        CHECK_EQ(nearest_index(i + 0.4999999), i);
        CHECK_EQ(nearest_index(i + 0.5000001), i + 1);
        CHECK_EQ(nearest_index(i - 0.4999999), i);
    }
    CHECK_EQ(nearest_index(1073741823.0), 1073741823);
    CHECK_EQ(nearest_index(-1073741823.0), -1073741823);
}

TEST("miller index invariants: whole reciprocal vectors have whole indices") {
    const Vec3 a{50, 3, -2}, b{-7, 60, 1}, c{4, -9, 70};
    const double volume = dot(a, cross(b, c));
    const Vec3 a_star = cross(b, c) / volume, b_star = cross(c, a) / volume, c_star = cross(a, b) / volume;
    const Vec3 hkl = miller_index(a, b, c, 3.0 * a_star + -5.0 * b_star + 7.5 * c_star);
    CHECK(near(hkl, Vec3{3, -5, 7.5}, 1e-13));
}

TEST("scattering invariants: vectors end on Ewald's sphere") {
    const double wavelength = 0.9e-10;
    for (double angle = 0; angle < 3.1; angle += 0.1) {
        const Vec3 diffracted = rotate_about(rotate_about(ex, ez, angle), ex, 3 * angle);
        const Vec3 s = scattering_vector(diffracted, ex, wavelength);
        CHECK(near(norm(wavelength * s + ex), 1, 1e-15));
        // Laue: |s|^2 = -2 s . incident / wavelength.
        CHECK(near(wavelength * wavelength * dot(s, s), -2 * wavelength * dot(s, ex), 1e-14));
    }
    CHECK(norm(scattering_vector(ex, ex, wavelength)) == 0.0);
    CHECK(near(norm(scattering_vector(-ex, ex, wavelength)), 2 / wavelength, 1e-5));
    CHECK(!finer_than(-1.0, Vec3{1e10, 0, 0}));
}

TEST("solid angle invariants: tilted or shifted, a plane subtends what it subtends") {
    // A rectangle from (0, 0) to (x, y) at the distance d on the normal: atan(x y / (d sqrt(d^2 + x^2 + y^2))).
    const double d = 0.2, pixel = 5e-4;
    const int columns = 400, rows = 300;
    const double x = columns * pixel, y = rows * pixel;
    double sum = 0, of_points = 0;
    for (int i = 0; i < columns; ++i)
        for (int j = 0; j < rows; ++j) {
            const double path = norm(Vec3{(i + 0.5) * pixel, (j + 0.5) * pixel, d});
            sum += solid_angle(pixel, path, d);
            of_points += point_solid_angle(path) * pixel * pixel * d / path;
        }
    CHECK(near(sum, std::atan(x * y / (d * std::sqrt(d * d + x * x + y * y))), 1e-6));
    CHECK(near(of_points, sum, 1e-12));
    CHECK(near(solid_angle(pixel, d, d), pixel * pixel / (d * d), 1e-20));
}

TEST("sensor invariants: deeper layers take less, oblique rays lose more, what is not taken goes on") {
    const double mu = 3000, thickness = 1e-4;
    for (int layer = 0; layer < 20; ++layer) {
        const double here = layer_capture(layer, thickness, mu, 0.9), next = layer_capture(layer + 1, thickness, mu, 0.9);
        CHECK(near(next / here, std::exp(-mu * thickness / 0.9), 1e-9));
        CHECK(near(layer_capture(layer, thickness, mu, 1.0), layer_capture(layer, 2 * thickness, mu / 2, 1.0), 1e-15));
    }
    CHECK(layer_capture(0, thickness, mu, 0.5) > layer_capture(0, thickness, mu, 1.0));
    CHECK(near(layer_capture(0, 1.0, mu, 1.0), 1.0, 1e-15));
    CHECK_EQ(layer_capture(0, 0.0, mu, 1.0), 0.0);
}

TEST("polarization invariants: the mean over all azimuths is that of an unpolarized beam") {
    for (const double kahn : {-1.0, -0.3, 0.5, 1.0})
        for (double twotheta = 0.1; twotheta < 3.1; twotheta += 0.3) {
            double sum = 0;
            const int azimuths = 24;
            for (int i = 0; i < azimuths; ++i) {
                const Vec3 ray = rotate_about(rotate_about(ex, ez, twotheta), ex, 2 * pi * i / azimuths);
                const double factor = polarization_factor(kahn, ex, ray, ez);
                CHECK(factor > -1e-15 && factor < 1 + 1e-15);
                // sin^2 of the angle to the E-vector, and to the B-vector for the opposite polarization.
                const double along_e = dot(ray, ez), along_b = dot(ray, ey);
                const double expected = 0.5 * (1 + kahn) * (1 - along_e * along_e) + 0.5 * (1 - kahn) * (1 - along_b * along_b);
                CHECK(near(factor, expected, 1e-14));
                sum += factor;
            }
            CHECK(near(sum / azimuths, 0.5 * (1 + std::cos(twotheta) * std::cos(twotheta)), 1e-14));
        }
}

TEST("polarization invariants: only the part of the axis across the beam counts, and whole turns of everything do not") {
    const Vec3 ray = normalized(Vec3{0.6, -0.5, 0.3});
    const double expected = polarization_factor(0.8, ex, ray, ez);
    CHECK(near(polarization_factor(0.8, ex, ray, normalized(ez + 0.9 * ex)), expected, 1e-15));
    const Vec3 by{0.3, 1.2, -0.7};
    CHECK(near(polarization_factor(0.8, rotate_xyz(ex, by), rotate_xyz(ray, by), rotate_xyz(ez, by)), expected, 1e-14));
    // The beam itself is not weakened.
    CHECK(near(polarization_factor(0.8, ex, ex, ez), 1.0, 1e-15));
}

TEST("lattice factor invariants: a grating is periodic, has N - 1 zeros, and the mean square N") {
    for (const double n : {2.0, 3.0, 10.0}) {
        const int samples = 400;
        double sum = 0;
        for (int i = 0; i < samples; ++i) {
            const double h = (i + 0.5) / samples, f = square_axis_factor(h, n);
            CHECK(near(std::fabs(square_axis_factor(h + 4, n)), std::fabs(f), 1e-10 * n));
            CHECK(near(square_axis_factor(-h, n), f, 1e-12 * n));
            CHECK(std::fabs(f) <= n * (1 + 1e-12));
            sum += f * f;
        }
        CHECK(near(sum / samples, n, 1e-10 * n));
        for (int zero = 1; zero < static_cast<int>(n); ++zero) CHECK(near(square_axis_factor(zero / n, n), 0, 1e-13 * n));
    }
    // The limit at the centre, and one cell.
    CHECK(near(square_axis_factor(1e-9, 50.0), 50.0, 1e-9));
    CHECK_EQ(square_axis_factor(0.123, 0.5), 1.0);
}

TEST("lattice factor invariants: the sphere's transform is the mean phase factor of a ball") {
    for (const double x : {0.05, 0.7, 2.0, 4.4934, 10.0, 33.3}) CHECK(near(sphere_transform(x), ball_average(x), 1e-7));
    CHECK_EQ(sphere_transform(-2.0), sphere_transform(2.0));
    for (double x = 0.01; x < 50; x += 0.01) CHECK(std::fabs(sphere_transform(x)) < 1);
}

TEST("lattice factor invariants: widths go with cells and fudge as they should") {
    const Vec3 n{3, 7, 11};
    const double cells = 3 * 7 * 11;
    // Fudge stretches the square of the offset, in all three.
    for (const double r2 : {0.01, 0.2, 1.7}) {
        CHECK(near(round_factor(r2, n, 4.0), round_factor(4 * r2, n, 1.0), 1e-12));
        CHECK(near(gauss_factor(r2, n, 4.0), gauss_factor(4 * r2, n, 1.0), 1e-12));
        CHECK_EQ(tophat_factor(r2, n, 4.0), tophat_factor(4 * r2, n, 1.0));
    }
    CHECK(near(gauss_factor(0.63, n, 1.0), cells / std::exp(1.0), 1e-12));
    CHECK_EQ(tophat_factor(0.63 * 0.63 - 1e-12, n, 1.0), cells);
    CHECK_EQ(tophat_factor(0.3969, n, 1.0), 0.0);
    // An offset of one fringe along one edge is one unit, whatever the other edges are.
    CHECK(near(offset_in_cells_squared(Vec3{1.0 / 3, 0, 0}, n), 1, 1e-15));
    CHECK(near(offset_in_cells_squared(Vec3{0, 0, -1.0 / 11}, n), 1, 1e-15));
    // Turning the crystal does not change a length.
    const Vec3 by{0.5, -2.2, 1.0}, d{0.1, 0.3, -0.2}, as{0.02, 0.001, 0}, bs{0, 0.015, 0.002}, cs{0.001, 0, 0.01};
    CHECK(near(offset_squared(d, metric_in_reciprocal_space(rotate_xyz(as, by), rotate_xyz(bs, by), rotate_xyz(cs, by), n)),
               offset_squared(d, metric_in_reciprocal_space(as, bs, cs, n)), 1e-12));
    // Spots of gauss and tophat in cells are as wide as an ellipsoid's.
    CHECK(near(offset_squared(d, metric_in_cells(n)), offset_in_cells_squared(d, n), 1e-15));
}

TEST("structure factor invariants: Lagrange's weights add up to 1 and select the nodes") {
    for (int node = 0; node < 4; ++node) {
        double y[4] = {0, 0, 0, 0};
        y[node] = 1;
        for (int i = 0; i < 4; ++i) CHECK_EQ(cubic_through_four(-7.0, y, -7.0 + i), i == node ? 1.0 : 0.0);
    }
    const double ones[4] = {1, 1, 1, 1};
    for (double x = 3; x < 6; x += 0.1) CHECK(near(cubic_through_four(3.0, ones, x), 1, 1e-14));
    // A quartic is missed by its own product of distances to the nodes.
    double y[4];
    for (int i = 0; i < 4; ++i) y[i] = std::pow(i, 4);
    const double x = 1.3, rest = x * (x - 1) * (x - 2) * (x - 3);
    CHECK(near(cubic_through_four(0.0, y, x), std::pow(x, 4) - rest, 1e-13));
}

TEST("structure factor invariants: where interpolation leaves the table it asks for one entry more on either side") {
    AmplitudeGrid grid;
    grid.h_min = grid.k_min = grid.l_min = -4;
    grid.h_max = grid.k_max = grid.l_max = 5;
    for (const double inside : {-2.0, -1.5, 0.0, 2.99, 3.0}) {
        CHECK(!leaves_table(grid, Vec3{inside, 0, 0}));
        CHECK(!leaves_table(grid, Vec3{0, inside, 0}));
        CHECK(!leaves_table(grid, Vec3{0, 0, inside}));
    }
    for (const double outside : {-100.0, -2.0001, 3.0001, 5.0, 100.0}) {
        CHECK(leaves_table(grid, Vec3{outside, 0, 0}));
        CHECK(leaves_table(grid, Vec3{0, outside, 0}));
        CHECK(leaves_table(grid, Vec3{0, 0, outside}));
    }
    // Fewer than five entries along an index hold no neighbourhood at all.
    CHECK(!leaves_range(0.0, -2, 2));
    CHECK(leaves_range(0.0, -2, 1) && leaves_range(-0.5, -2, 1));
    CHECK(leaves_range(0.0, 0, -1));
}

TEST("structure factor invariants: every read of a neighbourhood that does not leave the table lies in it") {
    // Entries that must not be read are not numbers.
    const int count = 6, edge = count + 1;
    std::vector<double> values(static_cast<std::size_t>(edge) * edge * edge, std::numeric_limits<double>::quiet_NaN());
    AmplitudeGrid grid;
    grid.values = values.data();
    grid.stride_h = static_cast<std::size_t>(edge) * edge, grid.stride_k = edge;
    grid.h_min = -1, grid.h_max = 4, grid.k_min = 10, grid.k_max = 15, grid.l_min = -9, grid.l_max = -4;
    for (int h = -1; h <= 4; ++h)
        for (int k = 10; k <= 15; ++k)
            for (int l = -9; l <= -4; ++l) values[offset_in(grid, h, k, l)] = h + 0.1 * k - 0.01 * l;
    int looked = 0;
    for (double h = -1.1; h < 4.2; h += 0.1)
        for (double k = 9.9; k < 15.2; k += 0.31)
            for (double l = -9.1; l < -3.8; l += 0.29) {
                if (leaves_table(grid, Vec3{h, k, l})) continue;
                CHECK(near(tricubic_amplitude(grid, Vec3{h, k, l}), h + 0.1 * k - 0.01 * l, 1e-12));
                ++looked;
            }
    CHECK(looked > 50);
}

TEST("photon count invariants: Thomson's cross section and a cube of water") {
    CHECK(near(photons_per_steradian(1.0, 1.0, 1.0) / (2.8179403e-15 * 2.8179403e-15), 1, 1e-6));
    CHECK(near(photons_per_steradian(6.0, 1e24, 4.0), 1.5 * photons_per_steradian(1.0, 1e24, 1.0), 1e-20));
    // One cubic millimetre holds 1e-3 g: 3.3456e19 molecules of 2.57 electrons' forward amplitude each.
    const double molecules = 1e-3 / 18 * 6.02214179e23;
    CHECK(near(water_background(1.0, 1e-3) / (molecules * 2.57 * 2.57 * electron_radius_squared), 1, 1e-14));
    CHECK_EQ(water_background(1e24, 0.0), 0.0);
}

TEST("pixel position invariants: sub-pixels tile a pixel") {
    const double pixel = 1.7e-4;
    for (const int over : {1, 2, 5}) {
        double mean = 0;
        for (int i = 0; i < over; ++i) mean += subpixel_centre(pixel / over, 7 * over + i) / over;
        CHECK(near(mean, 7.5 * pixel, 1e-18));
        CHECK(near(subpixel_centre(pixel / over, 7 * over) - pixel / over / 2, 7 * pixel, 1e-18));
    }
}

TEST("pixel position invariants: a curved detector keeps the distance, and y and z change places on it") {
    // Beam along x, axes as in MOSFLM's frame: fast along z, slow along -y. The turn about the slow axis moves the centre along z.
    const double distance = 0.1;
    for (double y = -0.05; y < 0.05; y += 0.013)
        for (double z = -0.05; z < 0.05; z += 0.013) {
            const Vec3 bent = curved_position(Vec3{distance, y, z}, distance, ex, ez, -ey);
            const double up = y / distance, aside = z / distance;
            CHECK(near(norm(bent), distance, 1e-16));
            CHECK(near(bent, distance * Vec3{std::cos(up) * std::cos(aside), std::cos(up) * std::sin(aside), std::sin(up)}, 1e-16));
        }
}
