#include "moving.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/random/random_rotation.hpp"

namespace nbhybrid::test {

using options::Misset;

namespace {

constexpr double degree = 1 / degrees_per_radian;

double& component(Vec3& v, std::size_t i) { return i == 0 ? v.x : i == 1 ? v.y : v.z; }

Vec3 axis(std::size_t i) { return {i == 0 ? 1.0 : 0.0, i == 1 ? 1.0 : 0.0, i == 2 ? 1.0 : 0.0}; }

void choose_lattice(Random& r, ReferenceOptions& o) {
    o.crystal.cell = {r.between(40, 90), r.between(40, 90), r.between(40, 90), pi / 2, pi / 2, pi / 2};
    std::array<double, 6>& cell = *o.crystal.cell;
    switch (r.below(4)) {
        case 0: break;
        case 1: cell[4] = r.between(1.6, 2.0); break;
        case 2: cell[5] = 2 * pi / 3; break;
        case 3:
            for (std::size_t i = 3; i < 6; ++i) cell[i] = r.between(1.3, 1.9);
            break;
    }
    if (r.one_in(3)) {
        const Mat3 turn = rotation_about(r.vector(1), r.between(0, 3));
        std::array<double, 9>& m = o.crystal.matrix.emplace();
        const Vec3 rows[] = {turn.row_x, turn.row_y, turn.row_z};
        for (std::size_t i = 0; i < 3; ++i) {
            m[3 * i] = rows[i].x / 70 + 0.002 * r.between(-1, 1);
            m[3 * i + 1] = rows[i].y / 50 + 0.002 * r.between(-1, 1);
            m[3 * i + 2] = rows[i].z / 60;
        }
        if (r.one_in(2)) o.crystal.cell.reset();
    }
    if (!r.one_in(3)) {
        o.crystal.misset = Misset::angles;
        o.crystal.misset_angles = r.vector(1);
        if (r.one_in(3)) o.crystal.misset_angles.y = 0;
    } else if (r.one_in(2)) {
        o.crystal.misset = Misset::random;
        o.seeds.misset = -r.below(1000) - 1;
    }
    if (r.one_in(3)) o.crystal.rotation = rotation_about(r.vector(1), r.between(0, 3));
}

void choose_domains(Random& r, ReferenceOptions& o) {
    if (r.one_in(3)) {
        for (int i = 0; i < 4; ++i) o.crystal.domains.push_back(rotation_about(r.vector(1), r.between(0, 0.02)));
    } else if (r.one_in(2)) {
        o.crystal.mosaic_spread = r.between(0.3, 2) * degree;
        o.crystal.mosaic_domains = 2 + r.below(4);
        o.seeds.mosaic = -r.below(1000) - 1;
    }
}

void choose_beam(Random& r, ReferenceOptions& o) {
    o.beam.wavelength = r.between(0.7, 1.6) * 1e-10;
    o.beam.wavelength_is_from_energy = r.one_in(2);
    o.beam.kahn_factor = r.one_in(3) ? 0 : r.between(-1, 1);
    if (r.one_in(2)) {
        o.beam.flux = 1e12;
        o.beam.exposure = r.between(0.1, 2);
        o.beam.size = r.between(0.2, 0.4) * 1e-3;
    }
    o.sampling.water = r.between(0, 20) * 1e-6;
    if (r.one_in(4)) o.beam.dispersion = {3, 0.01, 0.005};
    if (r.one_in(2)) return;
    const bool have_directions = r.one_in(2), have_weights = r.one_in(2);
    for (int i = 0; i < 3; ++i) {
        // Near the opposite of the beam, whichever it is: directions are filled in when the frame is known.
        Source row{{std::nan(""), 0, 0}, o.beam.wavelength * r.between(0.98, 1.02), have_weights ? r.between(0.3, 2) : 1.0};
        if (have_directions) row.position = r.vector(0.01);
        o.beam.sources.push_back(row);
    }
}

// Makes small vectors into places of sources near the beam.
void place_sources(Random& r, const Vec3& beam, ReferenceOptions& o) {
    for (Source& row : o.beam.sources)
        if (!std::isnan(row.position.x)) row.position = r.between(0.5, 3) * (row.position - beam);
}

LaboratoryFrame custom_frame(Random& r) {
    const Mat3 turn = rotation_about(r.vector(1), r.between(0, 3));
    LaboratoryFrame f;
    f.beam = r.between(0.5, 2) * transposed(turn).row_x;
    const Mat3 tilt = rotation_about(r.vector(1), r.between(0, 0.3));
    f.fast = r.between(0.5, 2) * (tilt * transposed(turn).row_y);
    f.slow = r.between(0.5, 2) * (tilt * transposed(turn).row_z) + 0.01 * f.fast;
    f.normal = {};  // becomes fast x slow
    f.twotheta_axis = normalized(transposed(turn).row_z);
    f.polarization = transposed(turn).row_y;
    f.spindle = normalized(r.vector(1));
    return f;
}

void choose_centres(Random& r, ReferenceOptions& o) {
    PlacementRequest& p = o.detector.placement;
    switch (r.below(4)) {
        case 0:
            p.x_beam = r.between(2, 5) * 1e-3;
            p.y_beam = r.between(2, 5) * 1e-3;
            break;
        case 1:
            p.x_close = r.between(2, 5) * 1e-3;
            p.y_close = r.between(2, 5) * 1e-3;
            break;
        case 2:
            p.org_x = r.between(2, 20);
            p.org_y = r.between(2, 20);
            break;
        case 3: break;
    }
    if (r.one_in(3)) p.pivot_asked = p.pivot = r.one_in(2) ? Pivot::beam : Pivot::sample;
    else if (p.convention == Convention::custom) p.pivot = r.one_in(2) ? Pivot::beam : Pivot::sample;
}

void choose_detector(Random& r, ReferenceOptions& o) {
    PlacementRequest& p = o.detector.placement;
    p.convention = static_cast<Convention>(r.below(6));
    p.pixel_size = r.between(0.1, 0.4) * 1e-3;
    o.detector.fast_pixels = o.detector.slow_pixels = 0;
    if (r.one_in(2)) o.detector.fast_pixels = 24, o.detector.slow_pixels = 20;
    else p.size_fast = 23.3 * p.pixel_size, p.size_slow = 19.2 * p.pixel_size;  // far from an edge of a pixel
    if (r.one_in(3)) p.close_distance = r.between(60, 150) * 1e-3;
    else p.distance = r.between(60, 150) * 1e-3;
    if (!r.one_in(3)) p.rotation = r.vector(0.3);
    if (!r.one_in(3)) p.twotheta = r.between(-0.5, 0.5);
    choose_centres(r, o);
    if (p.convention == Convention::custom) {
        p.custom_frame = custom_frame(r);
        if (r.one_in(2)) o.detector.pix0 = 50e-3 * normalized(p.custom_frame.beam) + r.vector(5e-3);
    }
    o.detector.curved = r.one_in(5);
    if (r.one_in(2)) {
        o.detector.sensor_thickness = r.between(100, 500) * 1e-6;
        o.detector.layers = r.below(4);
        if (r.one_in(2)) o.detector.attenuation = 1 / (r.between(100, 500) * 1e-6);
    }
}

Vec3 beam_of(const ReferenceOptions& o) {
    Warnings ignored;
    return resolve_frame(o.detector.placement, ignored).beam;
}

using Options = ReferenceOptions;
using Index = std::size_t;

double a_radian(const Options&) { return degrees_per_radian; }
auto constant(double value) {
    return [value](const Options&) { return value; };
}

std::vector<Shift> crystal_and_beam_shifts() {
    return {
        {"crystal.cell", constant(50),
         [](Options& o, Index i, double change) { (*o.crystal.cell)[i] += i < 3 ? change : change * degree; }},
        {"crystal.misset_deg", a_radian,
         [](Options& o, Index i, double change) {
             o.crystal.misset = Misset::angles;
             component(o.crystal.misset_angles, i) += change * degree;
         }},
        {"crystal.rotation", a_radian,
         [](Options& o, Index i, double change) {
             o.crystal.rotation = rotation_about(axis(i), change * degree) * o.crystal.rotation.value_or(identity_matrix);
         }},
        {"crystal.n_cells", constant(1), [](Options& o, Index i, double change) { component(o.crystal.cells, i) += change; }},
        {"crystal.fudge", constant(1), [](Options& o, Index, double change) { o.crystal.fudge += change; }},
        // Angles are rounded to float32: to 6e-8, which is what both ends of a step of a tenth of the spread are off by.
        {"crystal.mosaic_spread_deg", a_radian,
         [](Options& o, Index, double change) { o.crystal.mosaic_spread += change * degree; }, 1e-3, 1e-5},
        {"crystal.domain_rotations", a_radian,
         [](Options& o, Index i, double change) {
             Mat3& domain = o.crystal.domains[i / 3];
             domain = rotation_about(axis(i % 3), change * degree) * domain;
         }},
        {"structure_factors.default", constant(100),
         [](Options& o, Index, double change) { o.crystal.default_amplitude += change; }},
        {"beam.wavelength_angstrom", constant(1), [](Options& o, Index, double change) { o.beam.wavelength += change * 1e-10; }},
        {"beam.energy_ev", constant(12000),
         [](Options& o, Index, double change) {
             o.beam.wavelength = 1e-10 * ev_angstrom / (ev_angstrom / (1e10 * o.beam.wavelength) + change);
         }},
        {"beam.fluence", [](const Options& o) { return o.beam.fluence; },
         [](Options& o, Index, double change) { o.beam.fluence += change; }},
        {"beam.flux", [](const Options& o) { return o.beam.flux; },
         [](Options& o, Index, double change) { o.beam.flux += change; }},
        {"beam.polarization", constant(1), [](Options& o, Index, double change) { o.beam.kahn_factor += change; }},
        {"beam.sources.wavelengths_angstrom", constant(1),
         [](Options& o, Index i, double change) { o.beam.sources[i].wavelength += change * 1e-10; }},
        {"beam.sources.weights", constant(1), [](Options& o, Index i, double change) { o.beam.sources[i].weight += change; }},
        {"beam.sources.directions", constant(1),
         [](Options& o, Index i, double change) { component(o.beam.sources[i / 3].position, i % 3) += change; }},
    };
}

std::vector<Shift> detector_and_scan_shifts() {
    return {
        {"detector.distance_mm", constant(100),
         [](Options& o, Index, double change) { o.detector.placement.distance += 1e-3 * change; }},
        {"detector.close_distance_mm", constant(100),
         [](Options& o, Index, double change) { o.detector.placement.close_distance += 1e-3 * change; }},
        {"detector.beam_center_mm", constant(3),
         [](Options& o, Index i, double change) {
             (i == 0 ? o.detector.placement.x_beam : o.detector.placement.y_beam) += 1e-3 * change;
         }},
        {"detector.rotation_deg", a_radian,
         [](Options& o, Index i, double change) { component(o.detector.placement.rotation, i) += change * degree; }},
        {"detector.twotheta_deg", a_radian,
         [](Options& o, Index, double change) { o.detector.placement.twotheta += change * degree; }},
        {"detector.origin_mm", constant(50),
         [](Options& o, Index i, double change) { component(*o.detector.pix0, i) += 1e-3 * change; }},
        {"detector.fast_axis", constant(1),
         [](Options& o, Index i, double change) { component(o.detector.placement.custom_frame.fast, i) += change; }},
        {"detector.slow_axis", constant(1),
         [](Options& o, Index i, double change) { component(o.detector.placement.custom_frame.slow, i) += change; }},
        {"detector.pixel_size_mm", constant(0.2),
         [](Options& o, Index, double change) { o.detector.placement.pixel_size += 1e-3 * change; }},
        {"detector.sensor.thickness_um", constant(300),
         [](Options& o, Index, double change) { o.detector.sensor_thickness += 1e-6 * change; }},
        {"detector.sensor.attenuation_depth_um", constant(300),
         [](Options& o, Index, double change) { o.detector.attenuation = 1 / (1 / o.detector.attenuation + 1e-6 * change); }},
        {"scan.phi_deg", a_radian, [](Options& o, Index, double change) { o.scan.phi += change * degree; }},
        {"scan.range_deg", a_radian, [](Options& o, Index, double change) { o.scan.rotation.range += change * degree; }},
    };
}

}  // namespace

ReferenceOptions plain_options(const std::string& words) {
    Warnings warnings;
    ReferenceOptions o =
        options::parse_options(split_words("-dump /nonexistent/amplitudes -default_F 100 -seed 1 " + words), warnings);
    o.detector.header = {};
    return o;
}

Mat3 rotation_about(const Vec3& about, double radians) { return rotation_matrix(normalized(about), radians); }

ReferenceOptions random_options(Random& r) {
    const char* const semantics[] = {"corrected", "corrected", "reference", "reference,distance", "corrected@0.1"};
    ReferenceOptions o = plain_options(std::string("-oversample 2 --semantics ") + semantics[r.below(5)]);
    o.crystal.shape = static_cast<CrystalShape>(r.below(physics::shape_count));
    o.crystal.fudge = r.between(0.5, 2);
    o.crystal.cells = {r.between(3, 9), r.between(3, 9), r.between(3, 9)};
    if (!o.own.semantics.allows_fractions_of_cells()) o.crystal.cells = {3, 5, 9};
    choose_lattice(r, o);
    choose_domains(r, o);
    choose_beam(r, o);
    choose_detector(r, o);
    place_sources(r, beam_of(o), o);
    if (r.one_in(2)) {
        o.scan.phi = r.one_in(4) && o.own.semantics.allows_fractions_of_cells() ? 0 : r.between(0.1, 1);
        o.scan.rotation = {r.one_in(2) ? -1.0 : 3.0, r.between(0.5, 3) * degree, -1};
    }
    return o;
}

const std::vector<Shift>& shifts() {
    static const std::vector<Shift> all = [] {
        std::vector<Shift> both = crystal_and_beam_shifts();
        for (const Shift& shift : detector_and_scan_shifts()) both.push_back(shift);
        return both;
    }();
    return all;
}

PlanNumbers plan_numbers(const ReferenceOptions& o) {
    const BuiltOptions built(o);
    return numbers_of(Plan(built.built.experiment));
}

}  // namespace nbhybrid::test
