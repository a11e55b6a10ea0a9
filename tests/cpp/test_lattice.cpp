#include <array>
#include <cmath>
#include <optional>
#include <random>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/lattice.hpp"
#include "nbhybrid/physics/rotation.hpp"

using namespace nbhybrid;

namespace {

constexpr double right_angle = pi / 2;

bool near(double found, double expected, double tolerance) { return std::fabs(found - expected) <= tolerance; }
bool near(const Vec3& u, const Vec3& v, double tolerance) { return norm(u - v) <= tolerance; }

double between(std::mt19937& random, double low, double high) {
    return low + (high - low) * (static_cast<double>(random()) / 4294967296.0);
}

// MOSFLM's matrix of three reciprocal vectors (1/Angstrom) at a wavelength in Angstrom.
std::array<double, 9> matrix_of(const Vec3& a, const Vec3& b, const Vec3& c, double wavelength) {
    return {wavelength * a.x, wavelength * b.x, wavelength * c.x, wavelength * a.y, wavelength * b.y,
            wavelength * c.y, wavelength * a.z, wavelength * b.z, wavelength * c.z};
}

Orientation oriented_by(const std::array<double, 9>& matrix, double wavelength) {
    Orientation orientation;
    orientation.matrix = matrix;
    orientation.wavelength = wavelength * 1e-10;
    return orientation;
}

void check_dual(const Lattice& l, double tolerance) {
    const Vec3 real[] = {1e10 * l.a, 1e10 * l.b, 1e10 * l.c}, star[] = {l.a_star, l.b_star, l.c_star};
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) CHECK(near(dot(real[i], star[j]), i == j ? 1 : 0, tolerance));
}

}  // namespace

TEST("lattice: volumes of cells that are known") {
    const double r = right_angle;
    CHECK(near(cell_volume({10, 20, 30, r, r, r}), 6000, 1e-9));
    CHECK(near(cell_volume({10, 20, 30, r, pi / 3, r}), 6000 * std::sin(pi / 3), 1e-9));
    CHECK(near(cell_volume({10, 10, 30, r, r, 2 * pi / 3}), 3000 * std::sqrt(3) / 2, 1e-9));
    // The primitive cell of a face-centred cube of edge sqrt(2).
    CHECK(near(cell_volume({1, 1, 1, pi / 3, pi / 3, pi / 3}), 1 / std::sqrt(2), 1e-12));
    // The triple product's square as Gram's determinant.
    const UnitCell t{70, 80, 90, 1.3, 1.5, 1.7};
    const double ca = std::cos(t.alpha), cb = std::cos(t.beta), cg = std::cos(t.gamma);
    CHECK(near(cell_volume(t) / (70 * 80 * 90 * std::sqrt(1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg)), 1, 1e-12));
}

TEST("lattice: the standard setting puts a* along x and b* into the plane of x and y") {
    for (const UnitCell& cell :
         {UnitCell{50, 60, 70, right_angle, right_angle, right_angle}, UnitCell{50, 60, 70, right_angle, 1.9, right_angle},
          UnitCell{50, 50, 70, right_angle, right_angle, 2 * pi / 3}, UnitCell{50, 60, 70, 1.3, 1.4, 1.6}}) {
        const Lattice l = make_lattice(cell, Orientation{});
        CHECK(l.a_star.x > 0);
        CHECK(near(l.a_star.y, 0, 1e-17) && near(l.a_star.z, 0, 1e-17));
        CHECK(l.b_star.y > 0);
        CHECK(near(l.b_star.z, 0, 1e-17));
        CHECK(dot(cross(l.a, l.b), l.c) > 0);
    }
}

TEST("lattice: with one oblique angle at most, real and reciprocal vectors belong together") {
    const double r = right_angle;
    for (const UnitCell& cell : {UnitCell{50, 60, 70, r, r, r}, UnitCell{50, 60, 70, 1.2, r, r}, UnitCell{50, 60, 70, r, 1.9, r},
                                 UnitCell{50, 50, 70, r, r, 2 * pi / 3}}) {
        Orientation turned;
        turned.misset = Vec3{0.4, 2.0, -1.0};
        for (const Lattice& l : {make_lattice(cell, Orientation{}), make_lattice(cell, turned)}) {
            check_dual(l, 1e-13);
            CHECK(near(dot(cross(1e10 * l.a, 1e10 * l.b), 1e10 * l.c), l.volume, 1e-8 * l.volume));
            CHECK(near(dot(l.a, l.b) / (l.edges.x * l.edges.y), std::cos(cell.gamma), 1e-14));
            CHECK(near(dot(l.b, l.c) / (l.edges.y * l.edges.z), std::cos(cell.alpha), 1e-14));
            CHECK(near(dot(l.c, l.a) / (l.edges.z * l.edges.x), std::cos(cell.beta), 1e-14));
        }
    }
}

TEST("lattice: edges are the cell's, whatever the angles") {
    std::mt19937 random(3);
    for (int i = 0; i < 200; ++i) {
        const UnitCell cell{between(random, 20, 300),  between(random, 20, 300),  between(random, 20, 300),
                            between(random, 1.2, 1.9), between(random, 1.2, 1.9), between(random, 1.2, 1.9)};
        const Lattice l = make_lattice(cell, Orientation{});
        CHECK(near(l.edges.x * 1e10, cell.a, 1e-11 * cell.a));
        CHECK(near(l.edges.y * 1e10, cell.b, 1e-11 * cell.b));
        CHECK(near(l.edges.z * 1e10, cell.c, 1e-11 * cell.c));
        CHECK(near(l.volume, cell_volume(cell), 1e-9 * l.volume));
    }
}

TEST("lattice: in the reference a cell with two or three oblique angles gets others") {
    const auto angles = [](const Lattice& l) {
        const UnitCell found = cell_of(l);
        return degrees_per_radian * Vec3{found.alpha, found.beta, found.gamma};
    };
    const auto in_degrees = [](double alpha, double beta, double gamma) {
        return UnitCell{100, 100, 100, alpha / degrees_per_radian, beta / degrees_per_radian, gamma / degrees_per_radian};
    };
    // As it prints them.
    CHECK(near(angles(make_lattice(in_degrees(70, 110, 115), Orientation{})), Vec3{69.355, 110.645, 115.303}, 1e-3));
    CHECK(near(angles(make_lattice(in_degrees(60, 60, 60), Orientation{})), Vec3{57.849, 57.849, 58.5252}, 1e-3));
}

TEST("lattice: corrected, edges and angles are the cell's, whatever they are") {
    std::mt19937 random(6);
    Orientation turned;
    turned.misset = Vec3{0.4, 2.0, -1.0};
    turned.rotation = Mat3{{0.6, -0.8, 0}, {0.8, 0.6, 0}, {0, 0, 1}};
    int cells = 0;
    while (cells < 300) {
        const UnitCell cell{between(random, 2, 5000),  between(random, 2, 5000),  between(random, 2, 5000),
                            between(random, 0.2, 2.9), between(random, 0.2, 2.9), between(random, 0.2, 2.9)};
        try {
            cell_volume(cell);
        } catch (const ModelError&) {
            continue;
        }
        ++cells;
        const Lattice plain = make_lattice(cell, Orientation{}, ObliqueCell::as_asked);
        CHECK(plain.a_star.x > 0 && plain.b_star.y > 0 && plain.c_star.z > 0);
        CHECK(near(plain.a_star.y, 0, 0) && near(plain.a_star.z, 0, 0) && near(plain.b_star.z, 0, 0));
        for (const Lattice& l : {plain, make_lattice(cell, turned, ObliqueCell::as_asked)}) {
            const UnitCell found = cell_of(l);
            CHECK(near(found.a, cell.a, 1e-12 * cell.a) && near(found.b, cell.b, 1e-12 * cell.b));
            CHECK(near(found.c, cell.c, 1e-12 * cell.c));
            CHECK(near(Vec3{found.alpha, found.beta, found.gamma}, Vec3{cell.alpha, cell.beta, cell.gamma}, 1e-11));
            CHECK(near(l.volume / cell_volume(cell), 1, 1e-6));
        }
    }
}

TEST("lattice: corrected, cells that were right keep their bits") {
    const double r = right_angle;
    for (const UnitCell& cell :
         {UnitCell{50, 60, 70, r, r, r}, UnitCell{50, 60, 70, r, 1.9, r}, UnitCell{50, 50, 70, r, r, 2 * pi / 3}}) {
        const Lattice u = make_lattice(cell, Orientation{}), v = make_lattice(cell, Orientation{}, ObliqueCell::as_asked);
        CHECK(near(u.a, v.a, 0) && near(u.b, v.b, 0) && near(u.c, v.c, 0));
        CHECK(near(u.a_star, v.a_star, 0) && near(u.b_star, v.b_star, 0) && near(u.c_star, v.c_star, 0));
        CHECK_EQ(u.volume, v.volume);
    }
}

TEST("lattice: corrected, a matrix and the edges of a cell have one volume") {
    const Vec3 a{0.02, 0.001, 0.0}, b{-0.002, 0.017, 0.003}, c{0.0, 0.004, 0.013};
    const Orientation matrix = oriented_by(matrix_of(a, b, c, 1.0), 1.0);
    const UnitCell edges{55, 66, 77, right_angle, right_angle, right_angle};
    const Lattice defect = make_lattice(edges, matrix), corrected = make_lattice(edges, matrix, ObliqueCell::as_asked);
    CHECK(near(corrected.a, defect.a, 0) && near(corrected.b, defect.b, 0) && near(corrected.c, defect.c, 0));
    check_dual(corrected, 1e-13);
    CHECK(!near(dot(1e10 * defect.a, defect.a_star), 1, 1e-3));
}

TEST("lattice: a misset turns all vectors alike") {
    std::mt19937 random(4);
    for (int i = 0; i < 50; ++i) {
        Orientation turned;
        turned.misset = Vec3{between(random, -7, 7), between(random, -7, 7), between(random, -7, 7)};
        const UnitCell cell{50, 60, 70, 1.3, 1.4, 1.6};
        const Lattice before = make_lattice(cell, Orientation{}), after = make_lattice(cell, turned);
        CHECK(near(1e10 * after.a, physics::rotate_xyz(1e10 * before.a, *turned.misset), 1e-12));
        CHECK(near(1e10 * after.b, physics::rotate_xyz(1e10 * before.b, *turned.misset), 1e-12));
        CHECK(near(1e10 * after.c, physics::rotate_xyz(1e10 * before.c, *turned.misset), 1e-12));
        CHECK(near(after.c_star, physics::rotate_xyz(before.c_star, *turned.misset), 1e-16));
    }
}

TEST("lattice: a matrix means its columns, at any wavelength, and its own edges") {
    std::mt19937 random(5);
    for (const double wavelength : {0.5, 1.0, 2.3}) {
        const Vec3 a{0.02, 0.001, between(random, -0.005, 0.005)}, b{-0.002, 0.017, 0.003}, c{0.0, 0.004, 0.013};
        const Lattice l = make_lattice(std::nullopt, oriented_by(matrix_of(a, b, c, wavelength), wavelength));
        CHECK(near(l.a_star, a, 1e-16));
        CHECK(near(l.b_star, b, 1e-16));
        CHECK(near(l.c_star, c, 1e-16));
        check_dual(l, 1e-13);
        CHECK(near(l.volume, 1 / dot(a, cross(b, c)), 1e-7));
    }
}

TEST("lattice: a left-handed matrix keeps its hand") {
    const Lattice l = make_lattice(std::nullopt, oriented_by(matrix_of({0.02, 0, 0}, {0, 0.025, 0}, {0, 0, -0.01}, 1.0), 1.0));
    CHECK(near(l.volume, -200000, 1e-6));
    CHECK(near(1e10 * l.a, Vec3{50, 0, 0}, 1e-11));
    CHECK(near(1e10 * l.c, Vec3{0, 0, -100}, 1e-11));
    check_dual(l, 1e-13);
}

TEST("lattice: with a matrix and a cell, the one gives directions and the other lengths") {
    const UnitCell cell{55, 66, 77, right_angle, right_angle, right_angle};
    const Lattice l = make_lattice(cell, oriented_by(matrix_of({0, 0.02, 0}, {0, 0, 0.02}, {0.02, 0, 0}, 1.0), 1.0));
    CHECK(near(1e10 * l.a, Vec3{0, 55, 0}, 1e-11));
    CHECK(near(1e10 * l.b, Vec3{0, 0, 66}, 1e-11));
    CHECK(near(1e10 * l.c, Vec3{77, 0, 0}, 1e-11));
    check_dual(l, 1e-13);
}

TEST("lattice: what spans no volume is refused") {
    CHECK_THROWS_AS(make_lattice(std::nullopt, oriented_by({0, 0, 0, 0, 0, 0, 0, 0, 0}, 1.0)), ModelError);
    CHECK_THROWS_AS(make_lattice(std::nullopt, oriented_by(matrix_of({0.02, 0, 0}, {0.02, 0, 0}, {0, 0, 0.01}, 1.0), 1.0)),
                    ModelError);
    CHECK_THROWS_AS(make_lattice(std::nullopt, oriented_by(matrix_of({0.02, 0, 0}, {0, 0.02, 0}, {0.01, 0.03, 0}, 1.0), 1.0)),
                    ModelError);
    const double nan = std::nan("");
    CHECK_THROWS_AS(make_lattice(std::nullopt, oriented_by(matrix_of({0.02, 0, 0}, {0, nan, 0}, {0, 0, 0.01}, 1.0), 1.0)),
                    ModelError);
    CHECK_THROWS_AS(cell_volume({nan, 60, 70, right_angle, right_angle, right_angle}), ModelError);
    // Two angles whose sum is less than the third.
    CHECK_THROWS_AS(cell_volume({50, 60, 70, 0.5, 0.5, 1.2}), ModelError);
    CHECK_THROWS_AS(cell_volume({50, 60, 70, right_angle, right_angle, 0.0}), ModelError);
}

TEST("lattice: missetting angles of a matrix turn as the matrix does") {
    for (const Vec3& angles : {Vec3{0.1, 0.2, 0.3}, Vec3{-3.0, 1.5, 3.1}, Vec3{2.0, -1.2, -2.0}, Vec3{0, 0, 0}}) {
        const Vec3 x = physics::rotate_xyz(Vec3{1, 0, 0}, angles), y = physics::rotate_xyz(Vec3{0, 1, 0}, angles);
        const Vec3 z = physics::rotate_xyz(Vec3{0, 0, 1}, angles);
        const Mat3 m{{x.x, y.x, z.x}, {x.y, y.y, z.y}, {x.z, y.z, z.z}};
        CHECK(near(misset_angles(m), angles, 1e-14));
    }
}

TEST("crystal: sizes round up to whole cells, counts of one or less are one") {
    const Lattice l = make_lattice(UnitCell{50, 60, 70, right_angle, right_angle, right_angle}, Orientation{});
    CHECK(near(resolve_cells({1, 1, 1}, {0, 0, 0}, l), Vec3{1, 1, 1}, 0));
    CHECK(near(resolve_cells({-3, 0, 2}, {0, 0, 0}, l), Vec3{1, 1, 2}, 0));
    // A size wins over a count; one of less than a cell is one cell.
    CHECK(near(resolve_cells({9, 9, 9}, {51e-10, 1e-10, 699e-10}, l), Vec3{2, 1, 10}, 0));
    CHECK(near(resolve_cells({9, 9, 9}, {-1, 0, 701e-10}, l), Vec3{9, 9, 11}, 0));
    CHECK(near(longest_edge({10, 2, 7}, l), 500e-10, 1e-18));
}

TEST("crystal: domains are drawn in order, three deviates each, the first one too") {
    SharedDeviates one, other;
    const std::vector<Mat3> few = make_domains({0.1, 3}, one, -7), many = make_domains({0.1, 5}, other, -7);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK_EQ(few[i].row_x.y, many[i].row_x.y);
        CHECK_EQ(few[i].row_z.x, many[i].row_z.x);
    }
    // What follows in the table: the same as after nine and after fifteen deviates of the stream.
    SharedDeviates counted;
    StreamState stream = -7, next = 1000, next_of_counted = 1000;
    for (int i = 0; i < 9; ++i) counted.uniform(stream);
    CHECK_EQ(one.uniform(next), counted.uniform(next_of_counted));
    SharedDeviates unused;
    CHECK_THROWS_AS(make_domains({0.1, 1'000'000'000}, unused, -7), SizeError);
}
