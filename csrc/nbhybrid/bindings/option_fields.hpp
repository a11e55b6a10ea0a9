#pragma once
// The fields of the options by name, so that options go to Python and come back from one list. Units as inside: metres, radians,
// Angstrom for the edges of a cell.

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
    visit("matrix_file", o.matrix_file);
    visit("matrix", o.matrix);
    visit("cell", o.cell);
    visit("misset", o.misset);
    visit("misset_angles", o.misset_angles);
    visit("rotation", o.rotation);
    visit("cells", o.cells);
    visit("size", o.size);
    visit("shape", o.shape);
    visit("fudge", o.fudge);
    visit("mosaic_spread", o.mosaic_spread);
    visit("mosaic_domains", o.mosaic_domains);
    visit("domains", o.domains);
    visit("hkl_file", o.hkl_file);
    visit("dump_file", o.dump_file);
    visit("dump_file_given", o.dump_file_given);
    visit("default_amplitude", o.default_amplitude);
    visit("interpolation", o.interpolation);
}

template <class Visitor>
void visit_fields(Visitor& visit, BeamOptions& o) {
    visit("wavelength", o.wavelength);
    visit("wavelength_is_from_energy", o.wavelength_is_from_energy);
    visit("fluence", o.fluence);
    visit("flux", o.flux);
    visit("exposure", o.exposure);
    visit("size", o.size);
    visit("kahn_factor", o.kahn_factor);
    visit("polarization", o.polarization);
    visit("horizontal", o.horizontal);
    visit("vertical", o.vertical);
    visit("dispersion", o.dispersion);
    visit("round_divergence", o.round_divergence);
    visit("source_file", o.source_file);
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
    visit("placement", o.placement);
    visit("fast_pixels", o.fast_pixels);
    visit("slow_pixels", o.slow_pixels);
    visit("vector_options", o.vector_options);
    visit("pix0", o.pix0);
    visit("pix0_in_mm", o.pix0_in_mm);
    visit("curved", o.curved);
    visit("point_pixel", o.point_pixel);
    visit("sensor_thickness", o.sensor_thickness);
    visit("attenuation", o.attenuation);
    visit("layers", o.layers);
    visit("region", o.region);
    visit("mask_file", o.mask_file);
    visit("image_file", o.image_file);
    visit("mask", o.mask);
    visit("mask_fast_pixels", o.mask_fast_pixels);
    visit("mask_slow_pixels", o.mask_slow_pixels);
}

template <class Visitor>
void visit_fields(Visitor& visit, ScanOptions& o) {
    visit("phi", o.phi);
    visit("rotation", o.rotation);
}

template <class Visitor>
void visit_fields(Visitor& visit, SamplingOptions& o) {
    visit("oversample", o.oversample);
    visit("thickness", o.thickness);
    visit("polarization", o.polarization);
    visit("solid_angle", o.solid_angle);
    visit("dmin", o.dmin);
    visit("water", o.water);
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
