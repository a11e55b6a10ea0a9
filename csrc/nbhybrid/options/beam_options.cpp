#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/options/rows.hpp"

namespace nbhybrid::options {

namespace {

void note_wavelength(ReferenceOptions& o, const Words&, Warnings&) { o.beam.wavelength_is_from_energy = false; }

void set_energy(ReferenceOptions& o, const Words& w, Warnings&) {
    o.beam.wavelength = angstrom.inside(angstrom_of_energy(w.number_in(above_zero)));
    o.beam.wavelength_is_from_energy = true;
}

void polarize(ReferenceOptions& o, const Words&, Warnings&) { o.beam.polarization = true; }

}  // namespace

OptionTopic beam_options() {
    return {"beam",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/beam.def"
            }};
}

}  // namespace nbhybrid::options
