#pragma once
// The fields of the options by name, so that options go to Python and come back from one list. Units as inside: metres, radians,
// Angstrom for the edges of a cell. Those that come from rows of options are named there.

#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::bindings {

using options::BeamOptions;
using options::CrystalOptions;
using options::DetectorOptions;
using options::ReferenceOptions;
using options::SamplingOptions;
using options::ScanOptions;
using options::SeedOptions;

template <class Visitor>
void visit_fields(Visitor& visit, CrystalOptions& o) {
#define FIELD(type, name) visit(#name, o.name);
#include "nbhybrid/options/table/crystal.def"
    visit("matrix", o.matrix);
    visit("cell", o.cell);
    visit("misset", o.misset);
    visit("misset_angles", o.misset_angles);
    visit("rotation", o.rotation);
    visit("cells", o.cells);
    visit("size", o.size);
    visit("shape", o.shape);
    visit("domains", o.domains);
    visit("dump_file_given", o.dump_file_given);
    visit("interpolation", o.interpolation);
}

template <class Visitor>
void visit_fields(Visitor& visit, BeamOptions& o) {
#define FIELD(type, name) visit(#name, o.name);
#include "nbhybrid/options/table/beam.def"
    visit("wavelength_is_from_energy", o.wavelength_is_from_energy);
    visit("polarization", o.polarization);
    visit("horizontal", o.horizontal);
    visit("vertical", o.vertical);
    visit("dispersion", o.dispersion);
    visit("round_divergence", o.round_divergence);
    visit("sources", o.sources);
}

template <class Visitor>
void visit_fields(Visitor& visit, LaboratoryFrame& o) {
    visit("beam", o.beam);
    visit("fast", o.fast);
    visit("slow", o.slow);
    visit("normal", o.normal);
    visit("twotheta_axis", o.twotheta_axis);
    visit("polarization", o.polarization);
    visit("spindle", o.spindle);
}

template <class Visitor>
void visit_fields(Visitor& visit, PlacementRequest& o) {
    visit("convention", o.convention);
    visit("pivot", o.pivot);
    visit("pivot_asked", o.pivot_asked);
    visit("custom_frame", o.custom_frame);
    visit("pixel_size", o.pixel_size);
    visit("size_fast", o.size_fast);
    visit("size_slow", o.size_slow);
    visit("distance", o.distance);
    visit("close_distance", o.close_distance);
    visit("x_beam", o.x_beam);
    visit("y_beam", o.y_beam);
    visit("x_close", o.x_close);
    visit("y_close", o.y_close);
    visit("org_x", o.org_x);
    visit("org_y", o.org_y);
    visit("rotation", o.rotation);
    visit("origin", o.origin);
    visit("twotheta", o.twotheta);
}

template <class Visitor>
void visit_fields(Visitor& visit, DetectorOptions& o) {
#define FIELD(type, name) visit(#name, o.name);
#include "nbhybrid/options/table/detector.def"
    visit("placement", o.placement);
    visit("fast_pixels", o.fast_pixels);
    visit("slow_pixels", o.slow_pixels);
    visit("vector_options", o.vector_options);
    visit("pix0", o.pix0);
    visit("pix0_in_mm", o.pix0_in_mm);
    visit("curved", o.curved);
    visit("attenuation", o.attenuation);
    visit("region", o.region);
    visit("mask", o.mask);
    visit("mask_fast_pixels", o.mask_fast_pixels);
    visit("mask_slow_pixels", o.mask_slow_pixels);
}

template <class Visitor>
void visit_fields(Visitor& visit, ScanOptions& o) {
#define FIELD(type, name) visit(#name, o.name);
#include "nbhybrid/options/table/scan.def"
    visit("rotation", o.rotation);
}

template <class Visitor>
void visit_fields(Visitor& visit, SamplingOptions& o) {
#define FIELD(type, name) visit(#name, o.name);
#include "nbhybrid/options/table/sampling.def"
}

template <class Visitor>
void visit_fields(Visitor& visit, SeedOptions& o) {
    visit("noise", o.noise);
    visit("misset", o.misset);
    visit("mosaic", o.mosaic);
}

// What an experiment is made of; outputs and the rest of the command line are not.
template <class Visitor>
void visit_fields(Visitor& visit, ReferenceOptions& o) {
    visit("crystal", o.crystal);
    visit("beam", o.beam);
    visit("detector", o.detector);
    visit("scan", o.scan);
    visit("sampling", o.sampling);
    visit("seeds", o.seeds);
    visit("semantics", o.own.semantics);
    visit("max_table_gib", o.own.max_table_gib);
}

}  // namespace nbhybrid::bindings
