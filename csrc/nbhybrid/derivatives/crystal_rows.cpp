#include <string>

#include "nbhybrid/derivatives/parameter_row.hpp"
#include "nbhybrid/options/rows.hpp"
#include "nbhybrid/random/random_rotation.hpp"

namespace nbhybrid::derivatives {

namespace {

using options::degrees;

void add(Vec3T<Dual>& to, const Vec3T<Dual>& change) {
    to.x.slope += change.x.slope;
    to.y.slope += change.y.slope;
    to.z.slope += change.z.slope;
}

// crystal.cell

std::string no_cell(const Subject& s) {
    return s.built.lattice_recipe.cell ? "" : "there is no cell: the lattice is that of the matrix";
}

void move_cell(MovingExperiment& e, std::size_t i, double step) {
    UnitCellT<Dual>& cell = *e.lattice.cell;
    Dual* const edges[] = {&cell.a, &cell.b, &cell.c};
    Dual* const angles[] = {&cell.alpha, &cell.beta, &cell.gamma};
    if (i < 3) edges[i]->slope += step;
    else angles[i - 3]->slope += degrees.inside(step);
}

// crystal.misset_deg and crystal.rotation

std::string random_misset(const Subject& s) {
    return s.options.crystal.misset == options::Misset::random
               ? "the angles were drawn at random: crystal.rotation turns the crystal from there"
               : "";
}

void move_misset(MovingExperiment& e, std::size_t i, double step) {
    std::optional<Vec3T<Dual>>& misset = e.lattice.orientation.misset;
    if (!misset) misset.emplace();
    component_of(*misset, i).slope += degrees.inside(step);
}

void move_rotation(MovingExperiment& e, std::size_t i, double step) {
    std::optional<Mat3T<Dual>>& rotation = e.lattice.orientation.rotation;
    if (!rotation) rotation = as<Dual>(identity_matrix);
    turn(*rotation, i, step);
}

void move_rotation_of_image(MovingExperiment& e, std::size_t i, double step) { turn(*e.rotation, i, step); }

// crystal.n_cells and crystal.fudge

std::string whole_cells(const Subject& s) {
    if (!s.options.own.semantics.allows_fractions_of_cells())
        return "the number of cells is whole with the semantics reference: it is continuous with corrected";
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string along = std::string(" along ") + "abc"[i];
        if (component_of(s.built.crystal_size, i) > 0) return "the number of cells" + along + " follows from the crystal's size";
        if (component_of(s.options.crystal.cells, i) < 1) return "there is one cell" + along + ", whatever lower number is given";
    }
    return "";
}

void move_cells(MovingExperiment& e, std::size_t i, double step) { component_of(e.cells, i).slope += step; }

std::string no_fudge(const Subject& s) {
    return s.experiment().crystal.shape == CrystalShape::square ? "the fudge factor has no effect on a square crystal" : "";
}

// crystal.mosaic_spread_deg and crystal.domain_rotations

bool has_given_domains(const Subject& s) { return !s.options.crystal.domains.empty(); }

std::string no_spread(const Subject& s) {
    if (has_given_domains(s)) return "crystal.domain_rotations says how the domains are turned";
    if (!(s.experiment().crystal.mosaic_spread > 0)) return "there is no mosaic spread";
    if (s.experiment().crystal.domains.size() == 1) return "there is one domain alone, and the first one is never turned";
    return "";
}

void move_spread(MovingExperiment& e, std::size_t, double step) { e.mosaic_spread.slope += degrees.inside(step); }

Shape shape_of_domains(const Subject& s) {
    return {has_given_domains(s) ? static_cast<std::int64_t>(s.experiment().crystal.domains.size()) : 0, 3};
}

std::string no_domain_rotations(const Subject& s) {
    return has_given_domains(s) ? "" : "no rotations of domains were given: crystal.mosaic_spread_deg says how far they are turned";
}

void move_domain(MovingExperiment& e, std::size_t i, double step) { turn(e.moving_domain(i / 3), i % 3, step); }

// structure_factors

void move_default(MovingExperiment& e, std::size_t, double step) { e.default_amplitude.slope += step; }

Shape shape_of_grid(const Subject& s) {
    const StructureFactors& f = *s.experiment().structure_factors;
    return {f.h.count(), f.k.count(), f.l.count()};
}

std::string no_grid(const Subject& s) {
    return s.experiment().structure_factors->has_table() ? ""
                                                         : "there is no table of amplitudes: all are structure_factors.default";
}

}  // namespace

void turn(Mat3T<Dual>& rotation, std::size_t axis, double step) {
    const Vec3T<Dual> about{axis == 0 ? 1.0 : 0.0, axis == 1 ? 1.0 : 0.0, axis == 2 ? 1.0 : 0.0};
    const auto row = [](const Vec3T<Dual>& v) { return as<Dual>(Vec3{v.x.value, v.y.value, v.z.value}); };
    const Mat3T<Dual> at_rest{row(rotation.row_x), row(rotation.row_y), row(rotation.row_z)};
    const Mat3T<Dual> turned = rotation_matrix(about, Dual(0.0, degrees.inside(step))) * at_rest;
    add(rotation.row_x, turned.row_x);
    add(rotation.row_y, turned.row_y);
    add(rotation.row_z, turned.row_z);
}

const std::vector<ParameterRow>& crystal_rows() {
    static const std::vector<ParameterRow> rows = {
        {"crystal.cell", "Angstrom, deg", several_numbers<6>, no_cell, move_cell},
        {"crystal.misset_deg", "deg", several_numbers<3>, random_misset, move_misset},
        {"crystal.rotation", "deg", several_numbers<3>, never, move_rotation},
        {"crystal.n_cells", "", several_numbers<3>, whole_cells, move_cells},
        {"crystal.fudge", "", one_number, no_fudge, [](MovingExperiment& e, std::size_t, double step) { e.fudge.slope += step; }},
        {"crystal.mosaic_spread_deg", "deg", one_number, no_spread, move_spread},
        {"crystal.domain_rotations", "deg", shape_of_domains, no_domain_rotations, move_domain},
        {"structure_factors.amplitudes", "electrons", shape_of_grid, no_grid, nullptr},
        {"structure_factors.intensities", "electrons^2", shape_of_grid, no_grid, nullptr},
        {"structure_factors.default", "electrons", one_number, never, move_default},
    };
    return rows;
}

const ParameterRow& rotation_row() {
    static const ParameterRow row = {"rotation", "deg", several_numbers<3>, never, move_rotation_of_image};
    return row;
}

// What a kernel cannot tell slopes of: a step's term then depends on other steps, or on several amplitudes.
std::string refusal_of_all(const Subject& s) {
    const Experiment& e = s.experiment();
    const PixelSampling& sampling = e.sampling;
    const auto carries = [&](Defect defect) { return !e.semantics.corrects(defect); };
    if (carries(Defect::phi_carryover) && has_one_rotation_of_zero(e.scan))
        return "the phi step at exactly 0 leaves the crystal as the step before left it" + how_to_correct(Defect::phi_carryover);
    if (carries(Defect::oversample_product) && (sampling.thickness || sampling.polarization || sampling.solid_angle) &&
        steps_per_pixel(e) > 1)
        return "every step multiplies the sum so far by its factors" + how_to_correct(Defect::oversample_product);
    if (e.crystal.interpolate) return "amplitudes are interpolated between the reflections";
    return "";
}

}  // namespace nbhybrid::derivatives
