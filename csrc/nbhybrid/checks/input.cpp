#include "nbhybrid/checks/input.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/checks/detector.hpp"
#include "nbhybrid/checks/quantities.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::checks {

namespace {

constexpr double angstrom_per_metre = 1e10, millimetres_per_metre = 1e3, micrometres_per_metre = 1e6;

// Of a source: from gamma rays to soft X-rays, m.
constexpr double shortest_source = 1e-13, longest_source = 1e-7;
// Angles between a source and the beam, degrees: sources describe divergence, so a large one is a mistake; beyond 90 degrees it
// would lie behind the sample.
constexpr double usual_angle = 10, largest_angle = 90;
// Relative difference of two cells that counts as a mistake: more than rounded digits or a refinement account for.
constexpr double same_cell = 0.003;
// And of single edges: a cell that is given beside a refined matrix is often a round one.
constexpr double round_cell = 0.03;

// Of three angles the one that is farthest from a right one.
double most_unusual(const Vec3& angles) {
    const auto off = [](double angle) { return std::fabs(angle - pi / 2); };
    return std::max({angles.x, angles.y, angles.z}, [&](double a, double b) { return off(a) < off(b); });
}

void check_quantities(const Experiment& e, const Given& given, Warnings& warnings) {
    const auto check = [&](const Quantity& q, double value) {
        if (!is_plausible(q, value)) warnings.add("unit", complaint(q, value, given.header));
    };
    const double angstrom = e.beam.wavelength * angstrom_per_metre;
    if (given.wavelength_is_from_energy) check(photon_energy, ev_angstrom / angstrom);
    else check(wavelength, angstrom);
    check(pixel_size, e.detector.pixel_size * millimetres_per_metre);
    if (given.distances_count) {
        if (given.close_distance > 0) check(close_distance, given.close_distance * millimetres_per_metre);
        else check(distance, given.distance * millimetres_per_metre);
    }
    if (e.beam.polarization) check(polarization, e.beam.kahn_factor);
    const Sensor& sensor = e.detector.sensor;
    if (given.sensor_thickness > 0) check(sensor_thickness, given.sensor_thickness * micrometres_per_metre);
    if (sensor.thickness > 0 && sensor.attenuation > 0) check(attenuation_depth, micrometres_per_metre / sensor.attenuation);
    if (given.matrix && !given.matrix->edges) return;  // has a check of its own
    if (given.cell_angles) check(cell_angle, most_unusual(*given.cell_angles) * degrees_per_radian);
    const Vec3& edges = e.crystal.lattice.edges;
    for (const double edge : {edges.x, edges.y, edges.z}) {
        if (is_plausible(cell_edge, edge * angstrom_per_metre)) continue;
        check(cell_edge, edge * angstrom_per_metre);
        break;
    }
}

[[noreturn]] void fail(const std::string& file, const std::string& message) {
    if (file.empty()) throw ModelError(message);
    throw InputFileError(message);
}

// What the columns of a row were taken for.
std::string read_as(const SourceRow& row) {
    static constexpr const char* names[] = {"X", "Y", "Z", "weight", "lambda"};
    const double values[] = {row.position.x, row.position.y, row.position.z, row.weight, row.wavelength};
    std::string given, rest;
    for (int i = 0; i < 5; ++i) (i < row.columns ? given : rest) += format(" %s=%g", names[i], 0.0 + values[i]);
    return format("; its %d column%s read as", row.columns, row.columns == 1 ? " is" : "s are") + given +
           (rest.empty() ? "" : ", by default" + rest);
}

// A line about a source, or about the member of the objects' Sources.
std::string line_about(const Given& given, std::size_t number, const char* member, const std::string& what) {
    const SourceRow& row = given.sources[number];
    if (given.source_file.empty()) return format("Sources: %s[%zu]: ", member, number) + what;
    return given.source_file + format(": line %zu: ", row.line) + what + read_as(row);
}

// Degrees between the direction to a source and the way the photons come.
double angle_off(const Vec3& position, const Vec3& beam) {
    const Vec3 direction = normalized(position);
    return std::atan2(norm(cross(direction, beam)), -dot(direction, beam)) * degrees_per_radian;
}

void check_wavelength_of_source(const Given& given, std::size_t number) {
    const double metres = given.sources[number].wavelength;
    if (metres >= shortest_source && metres <= longest_source) return;
    const bool is_object = given.source_file.empty();
    const double unit = is_object ? angstrom_per_metre : 1;
    fail(given.source_file,
         line_about(given, number, "wavelengths_angstrom",
                    format("a source has the wavelength %g %s, expected %g to %g%s", metres * unit, is_object ? "Angstrom" : "m",
                           shortest_source * unit, longest_source * unit, is_object ? "" : " (1e-10 is an Angstrom)")));
}

void check_sources(const Experiment& e, const Given& given, Warnings& warnings) {
    const Vec3& b = e.beam.direction;
    double largest = 0;
    std::size_t farthest = 0;
    const auto negative =
        std::find_if(given.sources.begin(), given.sources.end(), [](const SourceRow& row) { return row.weight < 0; });
    if (negative != given.sources.end())
        warnings.add("source-weights",
                     line_about(given, static_cast<std::size_t>(negative - given.sources.begin()), "weights",
                                format("a source has the weight %g; weights are expected to be positive", negative->weight)));
    for (std::size_t i = 0; i < given.sources.size(); ++i) {
        if (given.sources[i].is_comment) continue;
        check_wavelength_of_source(given, i);
        const double angle = angle_off(given.sources[i].position, b);
        if (angle > largest_angle)
            fail(given.source_file,
                 line_about(given, i, "directions",
                            format("a source lies %.0f degrees off the beam: photons fly along %g %g %g, so sources are expected "
                                   "around %g %g %g",
                                   angle, b.x, b.y, b.z, 0.0 - b.x, 0.0 - b.y, 0.0 - b.z)));
        if (angle > largest) largest = angle, farthest = i;
    }
    if (largest > usual_angle)
        warnings.add("source-direction",
                     line_about(given, farthest, "directions",
                                format("a source lies %.3g degrees off the beam, farther than divergence reaches", largest)));
}

std::string edges_text(const std::array<double, 3>& edges) { return format("%.4g %.4g %.4g A", edges[0], edges[1], edges[2]); }

// The factor between two cells; 0 if their edges have no common one.
double common_ratio(const std::array<double, 3>& from, const std::array<double, 3>& to) {
    const double ratio = std::cbrt(to[0] / from[0] * (to[1] / from[1]) * (to[2] / from[2]));
    for (std::size_t i = 0; i < from.size(); ++i)
        if (!(std::fabs(to[i] / from[i] / ratio - 1) < same_cell)) return 0;
    return ratio;
}

double largest_difference(const std::array<double, 3>& from, const std::array<double, 3>& to) {
    double largest = 0;
    for (std::size_t i = 0; i < from.size(); ++i) largest = std::max(largest, std::fabs(to[i] / from[i] - 1));
    return largest;
}

bool are_edges(const std::array<double, 3>& edges) {
    return std::all_of(edges.begin(), edges.end(), [](double edge) { return is_plausible(cell_edge, edge); });
}

// The lengths of its rows or columns, if they are those of a cell in Angstrom.
bool holds_direct_axes(const std::array<double, 9>& m) {
    const std::array<double, 3> columns{norm(Vec3{m[0], m[3], m[6]}), norm(Vec3{m[1], m[4], m[7]}), norm(Vec3{m[2], m[5], m[8]})};
    const std::array<double, 3> rows{norm(Vec3{m[0], m[1], m[2]}), norm(Vec3{m[3], m[4], m[5]}), norm(Vec3{m[6], m[7], m[8]})};
    return are_edges(columns) || are_edges(rows);
}

// The edges of the cell that the matrix itself is of.
std::array<double, 3> edges_of(const std::array<double, 9>& m, double wavelength) {
    const Vec3 a{m[0], m[3], m[6]}, b{m[1], m[4], m[7]}, c{m[2], m[5], m[8]};
    const double scale = wavelength * angstrom_per_metre / dot(a, cross(b, c));
    return {std::fabs(scale) * norm(cross(b, c)), std::fabs(scale) * norm(cross(c, a)), std::fabs(scale) * norm(cross(a, b))};
}

bool is_left_handed(const std::array<double, 9>& m) {
    return dot(Vec3{m[0], m[3], m[6]}, cross(Vec3{m[1], m[4], m[7]}, Vec3{m[2], m[5], m[8]})) < 0;
}

void check_matrix(const Experiment& e, const MatrixGiven& matrix, Warnings& warnings) {
    const std::array<double, 3> found = edges_of(matrix.elements, e.beam.wavelength);
    const double angstrom = e.beam.wavelength * angstrom_per_metre;
    const std::string name = matrix.file.empty() ? "matrix" : matrix.file;
    if (is_left_handed(matrix.elements))
        fail(matrix.file,
             name + ": is left-handed (of a cell of " + edges_text(found) +
                 "), expected columns a* b* c* of a right-handed cell: look at the order of its numbers, and their signs");
    if (!are_edges(found)) {
        // Where a cell gives the edges, only the directions of the matrix count.
        if (matrix.edges && !holds_direct_axes(matrix.elements)) return;
        const char* sort =
            holds_direct_axes(matrix.elements)
                ? "it looks like one of direct axes, in Angstrom: expected reciprocal ones, a* b* c* times the wavelength"
                : "expected columns a* b* c* (in 1/A) times the wavelength (in A)";
        warnings.add("matrix", name + ": gives a cell of " + edges_text(found) + ": " + sort);
        return;
    }
    std::optional<std::array<double, 3>> told = matrix.edges;
    if (!told && matrix.cell) told = {(*matrix.cell)[0], (*matrix.cell)[1], (*matrix.cell)[2]};
    if (!told || !are_edges(*told)) return;
    const double ratio = common_ratio(found, *told);
    if (ratio == 0 && matrix.edges && largest_difference(found, *told) > round_cell)
        warnings.add("matrix", name + ": gives a cell of " + edges_text(found) + ", where -cell says " + edges_text(*told) +
                                   ": the edges are those of -cell, and the matrix gives their directions alone");
    if (ratio == 0 || std::fabs(ratio - 1) < same_cell) return;
    warnings.add("matrix",
                 name + ": gives a cell of " + edges_text(found) + ", where " + (matrix.edges ? "-cell says " : "the file says ") +
                     edges_text(*told) +
                     format(": it looks like one for a wavelength of %.5g A, and -lambda is %.5g", angstrom * ratio, angstrom) +
                     (std::fabs(angstrom * ratio - 1) < same_cell ? " (1 A: in units of 1/A, as DIALS has it)" : ""));
}

}  // namespace

void check_input(const Experiment& experiment, const Given& given, Warnings& warnings) {
    check_quantities(experiment, given, warnings);
    check_detector(experiment.detector, given, warnings);
    check_sources(experiment, given, warnings);
    if (given.matrix) check_matrix(experiment, *given.matrix, warnings);
}

}  // namespace nbhybrid::checks
