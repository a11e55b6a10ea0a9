#include <cmath>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/physics/miller_index.hpp"
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

TEST("rotation: right-handed, and the two kinds agree") {
    CHECK(near(rotate_about(ex, ez, pi / 2), ey, 1e-15));
    CHECK(near(rotate_xyz(ey, Vec3{pi / 2, 0, 0}), ez, 1e-15));
    const Vec3 v{0.3, -1.7, 2.2}, angles{0.4, -0.9, 2.5};
    const Vec3 in_turn = rotate_about(rotate_about(rotate_about(v, ex, angles.x), ey, angles.y), ez, angles.z);
    CHECK(near(rotate_xyz(v, angles), in_turn, 1e-15));
    CHECK(near(norm(rotate_xyz(v, angles)), norm(v), 1e-15));
    const Vec3 axis = normalized(Vec3{1, 2, -3});
    CHECK(near(rotate_about(rotate_about(v, axis, 0.7), axis, -0.7), v, 1e-15));
    CHECK(near(rotate_about(axis, axis, 1.1), axis, 1e-15));
}

TEST("miller index: halves round down") {
    CHECK_EQ(nearest_index(0.5), 0);
    CHECK_EQ(nearest_index(0.50001), 1);
    CHECK_EQ(nearest_index(-0.5), -1);
    CHECK_EQ(nearest_index(-0.49999), 0);
    CHECK_EQ(nearest_index(-7.2), -7);
    CHECK_EQ(nearest_index(3.0), 3);
}

TEST("scattering vector: Bragg's law") {
    const double twotheta = 0.3, wavelength = 1.3e-10;
    const Vec3 s = scattering_vector(rotate_about(ex, ez, twotheta), ex, wavelength);
    CHECK(near(norm(s), 2 * std::sin(twotheta / 2) / wavelength, 1e-5));
    const double spacing = 1 / norm(s);
    CHECK(finer_than(spacing * 1.001, s));
    CHECK(!finer_than(spacing * 0.999, s));
    CHECK(!finer_than(0.0, s));
    CHECK(!finer_than(1.0, Vec3{}));
}

TEST("solid angle: the pixels of a plane fill what the plane fills") {
    // A square of half-width equal to its distance is the face of a cube: a sixth of the sphere.
    const double distance = 0.1, pixel = 1e-3;
    double sum = 0;
    for (int i = -100; i < 100; ++i)
        for (int j = -100; j < 100; ++j) {
            const Vec3 at{distance, (i + 0.5) * pixel, (j + 0.5) * pixel};
            sum += solid_angle(pixel, norm(at), distance);
        }
    CHECK(near(sum, 4 * pi / 6, 1e-4));
    CHECK(near(point_solid_angle(2.0), 0.25, 1e-16));
}

TEST("sensor capture: layers share what the whole captures") {
    const double mu = 3000, thickness = 4.5e-4, cosine = 0.8;
    double sum = 0;
    for (int i = 0; i < 9; ++i) sum += layer_capture(i, thickness / 9, mu, cosine);
    CHECK(near(sum, 1 - std::exp(-mu * thickness / cosine), 1e-15));
    CHECK_EQ(layer_capture(2, thickness, 0.0, cosine), 0.0);
}

TEST("polarization: an unpolarized beam, and a polarized one across and along") {
    const double twotheta = 0.7, c = std::cos(twotheta);
    const Vec3 up = rotate_about(ex, ey, -twotheta);    // towards z
    const Vec3 aside = rotate_about(ex, ez, twotheta);  // towards y
    CHECK(near(polarization_factor(0.0, ex, up, ez), (1 + c * c) / 2, 1e-15));
    // Fully polarized along z: nothing is lost across the E-vector, and cos^2 along it.
    CHECK(near(polarization_factor(1.0, ex, aside, ez), 1.0, 1e-15));
    CHECK(near(polarization_factor(1.0, ex, up, ez), c * c, 1e-15));
    CHECK(near(polarization_factor(0.4, ex, ex, ez), 1.0, 1e-15));
    // A sense of direction of the axis does not matter.
    CHECK(near(polarization_factor(0.4, ex, normalized(up + aside), -ez), polarization_factor(0.4, ex, normalized(up + aside), ez),
               1e-15));
}

TEST("lattice factor: gratings are sums of phases") {
    for (const double n : {2.0, 5.0, 36.0})
        for (const double h : {0.1, 0.37, 1.2, -2.6}) {
            double real = 0;
            for (int j = 0; j < static_cast<int>(n); ++j) real += std::cos(2 * pi * h * (j - (n - 1) / 2));
            CHECK(near(square_axis_factor(h, n), real, 1e-12 * n));
        }
    CHECK_EQ(square_axis_factor(0.0, 7.0), 7.0);
    CHECK_EQ(square_axis_factor(0.3, 1.0), 1.0);
    CHECK(near(std::fabs(square_axis_factor(3.0, 8.0)), 8.0, 1e-6));
}

TEST("lattice factor: the sphere's transform near and far from its centre") {
    CHECK_EQ(sphere_transform(0.0), 1.0);
    for (const double x : {0.01, 0.1, 0.3}) {
        const double series = 1 - x * x / 10 + x * x * x * x / 280 - x * x * x * x * x * x / 15120;
        CHECK(near(sphere_transform(x), series, 1e-10));
    }
    CHECK(near(sphere_transform(4.493409457909064), 0.0, 1e-15));
}

TEST("lattice factor: peaks of all shapes") {
    const Vec3 n{4, 5, 6}, on_peak{};
    CHECK_EQ(gauss_factor(0.0, n, 1.0), 120.0);
    CHECK_EQ(tophat_factor(0.0, n, 1.0), 120.0);
    CHECK_EQ(tophat_factor(0.4, n, 1.0), 0.0);
    CHECK(near(round_factor(offset_in_cells_squared(on_peak, n), n, 1.0), 120 * 0.723601254558268, 1e-12));
    CHECK(near(gauss_factor(0.63, n, 2.0), 120 * std::exp(-2.0), 1e-12));
    const Vec3 d{0.1, -0.2, 0.05};
    CHECK(near(offset_in_cells_squared(d, n), 0.16 + 1.0 + 0.09, 1e-14));
    CHECK(near(offset_squared(d, metric_in_reciprocal_space(ex, ey, ez, n)), dot(d, d) * 14400, 1e-11));
}

TEST("structure factor: a cubic goes through any cubic") {
    const auto cubic = [](double x) { return 3 - 2 * x + 0.5 * x * x - 0.25 * x * x * x; };
    double y[4];
    for (int i = 0; i < 4; ++i) y[i] = cubic(-1 + i);
    for (const double x : {-1.0, -0.3, 0.0, 0.6, 2.0}) CHECK(near(cubic_through_four(-1.0, y, x), cubic(x), 1e-14));
}

TEST("structure factor: the table, what lies outside, and between") {
    // 6 x 6 x 6 with a padding plane each.
    double values[7 * 7 * 7];
    AmplitudeGrid grid;
    grid.values = values;
    grid.stride_h = 49, grid.stride_k = 7;
    grid.h_min = -2, grid.h_max = 3, grid.k_min = 0, grid.k_max = 5, grid.l_min = 10, grid.l_max = 15;
    grid.default_amplitude = 7;
    const auto value = [](double h, double k, double l) { return 1 + h * h * h - 2 * h * k * k + 0.1 * l * l * k; };
    for (int h = -2; h <= 3; ++h)
        for (int k = 0; k <= 5; ++k)
            for (int l = 10; l <= 15; ++l) values[offset_in(grid, h, k, l)] = value(h, k, l);
    CHECK_EQ(nearest_amplitude(grid, 3, 5, 15), value(3, 5, 15));
    CHECK_EQ(nearest_amplitude(grid, -2, 0, 10), value(-2, 0, 10));
    CHECK_EQ(nearest_amplitude(grid, 4, 0, 10), 7.0);
    CHECK_EQ(nearest_amplitude(grid, 0, -1, 10), 7.0);
    CHECK_EQ(nearest_amplitude(grid, 0, 0, 16), 7.0);
    CHECK(near(tricubic_amplitude(grid, Vec3{0.3, 2.4, 12.7}), value(0.3, 2.4, 12.7), 1e-12));
    CHECK(!leaves_table(grid, Vec3{0.3, 2.4, 12.7}));
    CHECK(leaves_table(grid, Vec3{-0.1, 2.4, 12.7}));
    CHECK(leaves_table(grid, Vec3{0.3, 3.1, 12.7}));
    CHECK(leaves_table(grid, Vec3{0.3, 2.4, 13.1}));
    AmplitudeGrid none;
    none.default_amplitude = 9;
    CHECK_EQ(nearest_amplitude(none, 0, 0, 0), 9.0);
}

TEST("pixel position: sub-pixels and the curved detector") {
    CHECK(near(subpixel_centre(0.5, 3), 1.75, 1e-16));
    const Vec3 flat{0.2, 0.03, -0.05};
    const Vec3 bent = curved_position(flat, 0.2, ex, ez, -ey);
    CHECK(near(norm(bent), 0.2, 1e-15));
    CHECK(near(curved_position(Vec3{0.2, 0, 0}, 0.2, ex, ez, -ey), Vec3{0.2, 0, 0}, 1e-16));
}
