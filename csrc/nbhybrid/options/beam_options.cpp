#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

// Milliradians to radians, millimetres to metres.
constexpr double thousand = 1000;

template <SamplingRequest BeamOptions::* axis, double SamplingRequest::* field>
void set_milliradians(Options& o, const Words& w, Warnings&) {
    o.beam.*axis.*field = w.number() / thousand;
}

template <SamplingRequest BeamOptions::* axis>
void set_count(Options& o, const Words& w, Warnings&) {
    (o.beam.*axis).count = static_cast<double>(w.integer());
}

void set_divergence(Options& o, const Words& w, Warnings&) {
    o.beam.horizontal.range = o.beam.vertical.range = w.number() / thousand;
}

void set_both_counts(Options& o, const Words& w, Warnings&) {
    o.beam.horizontal.count = o.beam.vertical.count = static_cast<double>(w.integer());
}

void set_kahn_factor(Options& o, const Words& w, Warnings&) {
    o.beam.kahn_factor = w.number();
    o.beam.polarization = true;
}

}  // namespace

OptionTopic beam_options() {
    constexpr auto horizontal = &BeamOptions::horizontal;
    constexpr auto vertical = &BeamOptions::vertical;
    return {
        "beam",
        {
            {"-lambda -wave*", 1, 1, "A", "wavelength (1)",
             [](Options& o, const Words& w, Warnings&) {
                 o.beam.wavelength = w.positive() / 1.0e10;
                 o.beam.wavelength_is_from_energy = false;
             }},
            {"-energy", 1, 1, "eV", "photon energy, instead of -lambda",
             [](Options& o, const Words& w, Warnings&) {
                 o.beam.wavelength = (ev_angstrom / w.positive()) / 1.0e10;
                 o.beam.wavelength_is_from_energy = true;
             }},
            {"-fluence", 1, 1, "photons/m^2", "photons on the sample (1.25932e29)",
             [](Options& o, const Words& w, Warnings&) { o.beam.fluence = w.non_negative(); }},
            {"-flux", 1, 1, "photons/s", "with -exposure and -beamsize, instead of -fluence; 0: not used",
             [](Options& o, const Words& w, Warnings&) { o.beam.flux = w.non_negative(); }},
            {"-exposure", 1, 1, "s", "(1)", [](Options& o, const Words& w, Warnings&) { o.beam.exposure = w.number(); }},
            {"-beamsize", 1, 1, "mm", "(0.1); negative: neither clips the sample nor gives a fluence",
             [](Options& o, const Words& w, Warnings&) { o.beam.size = w.number() / thousand; }},
            {"-dispersion", 1, 1, "%", "spread of wavelengths",
             [](Options& o, const Words& w, Warnings&) { o.beam.dispersion.range = w.number() / 100.0; }},
            {"-dispsteps", 1, 1, "n", "wavelengths in it", set_count<&BeamOptions::dispersion>},
            {"-divergence", 1, 1, "mrad", "beam divergence, both directions", set_divergence},
            {"-hdivrange", 1, 1, "mrad", "horizontal divergence", set_milliradians<horizontal, &SamplingRequest::range>},
            {"-vdivrange", 1, 1, "mrad", "vertical divergence", set_milliradians<vertical, &SamplingRequest::range>},
            {"-hdivstep", 1, 1, "mrad", "its step", set_milliradians<horizontal, &SamplingRequest::step>},
            {"-vdivstep", 1, 1, "mrad", "its step", set_milliradians<vertical, &SamplingRequest::step>},
            {"-hdivsteps", 1, 1, "n", "horizontal steps", set_count<horizontal>},
            {"-vdivsteps", 1, 1, "n", "vertical steps", set_count<vertical>},
            {"-divsteps", 1, 1, "n", "steps in both directions", set_both_counts},
            {"-round_div", 0, 0, "", "cut the divergence to an ellipse (the default)",
             [](Options& o, const Words&, Warnings&) { o.beam.round_divergence = true; }},
            {"-square_div", 0, 0, "", "keep its corners",
             [](Options& o, const Words&, Warnings&) { o.beam.round_divergence = false; }},
            {"-sourcefile", 1, 1, "FILE", "sources: rows X Y Z weight lambda (m); the weights are not used",
             [](Options& o, const Words& w, Warnings&) { o.beam.source_file = w.path(); }},
            {"-polar", 1, 1, "factor", "Kahn polarization factor (0)", set_kahn_factor},
            {"-nopolar", 0, 0, "", "no polarization correction",
             [](Options& o, const Words&, Warnings&) { o.beam.polarization = false; }},
        },
    };
}

}  // namespace nbhybrid::options
