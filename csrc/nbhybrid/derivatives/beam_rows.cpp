#include "nbhybrid/derivatives/parameter_row.hpp"
#include "nbhybrid/options/rows.hpp"

namespace nbhybrid::derivatives {

namespace {

using options::angstrom;

const options::BeamOptions& beam(const Subject& s) { return s.options.beam; }

// beam.wavelength_angstrom and beam.energy_ev

std::string no_wavelength_at_all(const Subject& s) {
    const bool has_matrix = s.built.lattice_recipe.orientation.matrix.has_value();
    return !given_sources(s).empty() && !has_matrix ? "the sources have wavelengths of their own: beam.sources.wavelengths_angstrom"
                                                    : "";
}

std::string no_wavelength(const Subject& s) {
    return beam(s).wavelength_is_from_energy ? "the energy was given: beam.energy_ev" : no_wavelength_at_all(s);
}

std::string no_energy(const Subject& s) {
    return beam(s).wavelength_is_from_energy ? no_wavelength_at_all(s) : "no energy was given: beam.wavelength_angstrom";
}

void add_to_wavelength(MovingExperiment& e, double slope) {
    e.wavelength.slope += slope;
    e.lattice.orientation.wavelength.slope += slope;
}

void move_wavelength(MovingExperiment& e, std::size_t, double step) { add_to_wavelength(e, angstrom.inside(step)); }

void move_energy(MovingExperiment& e, std::size_t, double step) {
    const Dual energy{angstrom_of_energy(angstrom.given(e.wavelength.value)), step};  // the same the other way round
    add_to_wavelength(e, angstrom.inside(angstrom_of_energy(energy).slope));
}

// beam.fluence, beam.flux and beam.polarization

std::string no_fluence(const Subject& s) {
    if (beam(s).has_flux()) return "the fluence is that of the flux: beam.flux";
    // Its slope is found as the image over it.
    return s.experiment().beam.fluence == 0 ? "the fluence is 0, and there is no beam" : "";
}
std::string no_flux(const Subject& s) { return beam(s).has_flux() ? "" : "no flux was given: beam.fluence"; }
std::string no_polarization(const Subject& s) { return beam(s).polarization ? "" : "the image is not corrected for polarization"; }

// beam.sources

std::string no_sources(const Subject& s) { return given_sources(s).empty() ? "no sources were given one by one" : ""; }

std::string no_weights(const Subject& s) {
    if (given_sources(s).empty()) return no_sources(s);
    return s.options.own.semantics.corrects(Defect::source_weights)
               ? ""
               : "the weights of the sources are not used" + how_to_correct(Defect::source_weights);
}

std::string no_directions(const Subject& s) {
    for (const Source& row : given_sources(s))
        if (options::is_along_beam(row)) return "no directions were given: the sources lie along the beam";
    return no_sources(s);
}

Shape shape_of_sources(const Subject& s) { return {static_cast<std::int64_t>(given_sources(s).size())}; }
Shape shape_of_directions(const Subject& s) { return {static_cast<std::int64_t>(given_sources(s).size()), 3}; }

void move_source_wavelength(MovingExperiment& e, std::size_t i, double step) {
    e.moving_source(i).wavelength.slope += angstrom.inside(step);
}
void move_weight(MovingExperiment& e, std::size_t i, double step) { e.moving_weight(i).slope += step; }
void move_direction(MovingExperiment& e, std::size_t i, double step) {
    component_of(e.moving_source(i / 3).position, i % 3).slope += step;
}

}  // namespace

const std::vector<ParameterRow>& beam_rows() {
    static const std::vector<ParameterRow> rows = {
        {"beam.wavelength_angstrom", "Angstrom", one_number, no_wavelength, move_wavelength},
        {"beam.energy_ev", "eV", one_number, no_energy, move_energy},
        {"beam.fluence", "photons/m^2", one_number, no_fluence,
         [](MovingExperiment& e, std::size_t, double step) { e.fluence.slope += step; }},
        {"beam.flux", "photons/s", one_number, no_flux,
         [](MovingExperiment& e, std::size_t, double step) { e.flux.slope += step; }},
        {"beam.polarization", "", one_number, no_polarization,
         [](MovingExperiment& e, std::size_t, double step) { e.kahn_factor.slope += step; }},
        {"beam.sources.wavelengths_angstrom", "Angstrom", shape_of_sources, no_sources, move_source_wavelength},
        {"beam.sources.weights", "", shape_of_sources, no_weights, move_weight},
        {"beam.sources.directions", "", shape_of_directions, no_directions, move_direction},
    };
    return rows;
}

}  // namespace nbhybrid::derivatives
