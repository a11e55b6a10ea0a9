#include "nbhybrid/run/configuration.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid::run {

namespace {

double degrees(double radians) { return radians * degrees_per_radian; }
std::int64_t integer(double whole) { return static_cast<std::int64_t>(whole); }
ConfigurationValue number_of_cells(double n) { return n == std::floor(n) ? ConfigurationValue(integer(n)) : ConfigurationValue(n); }
template <class Container>
std::int64_t count_of(const Container& container) {
    return static_cast<std::int64_t>(container.size());
}

ConfigurationSection crystal_section(const Crystal& c) {
    const Lattice& l = c.lattice;
    return {"crystal",
            {{"a_angstrom", 1e10 * l.a},
             {"b_angstrom", 1e10 * l.b},
             {"c_angstrom", 1e10 * l.c},
             {"cells_a", number_of_cells(c.cells.x)},
             {"cells_b", number_of_cells(c.cells.y)},
             {"cells_c", number_of_cells(c.cells.z)},
             {"shape", std::string(name_of(c.shape))},
             {"fudge", c.fudge},
             {"mosaic_spread_deg", degrees(c.mosaic_spread)},
             {"mosaic_domains", count_of(c.domains)},
             {"interpolate", c.interpolate}}};
}

ConfigurationSection amplitude_section(const StructureFactors& f) {
    ConfigurationSection section{"structure_factors", {{"entries", f.entries}, {"default_amplitude", f.default_amplitude}}};
    if (f.has_table()) {
        const auto range = [](const IndexRange& r) { return std::vector<std::int64_t>{r.min, r.max}; };
        section.values.emplace_back("h_range", range(f.h));
        section.values.emplace_back("k_range", range(f.k));
        section.values.emplace_back("l_range", range(f.l));
    }
    return section;
}

ConfigurationSection beam_section(const Beam& b) {
    return {"beam",
            {{"wavelength_angstrom", b.wavelength * 1e10},
             {"fluence_photons_per_m2", b.fluence},
             {"direction", b.direction},
             {"polarization_axis", b.polarization_axis},
             {"polarization", b.polarization},
             {"kahn_factor", b.kahn_factor},
             {"sources", count_of(b.sources)},
             {"horizontal_divergence_mrad", b.horizontal.range * 1000},
             {"vertical_divergence_mrad", b.vertical.range * 1000},
             {"dispersion_percent", b.dispersion.range * 100}}};
}

ConfigurationSection detector_section(const Detector& d) {
    return {"detector",
            {{"fast_pixels", std::int64_t{d.fast_pixels}},
             {"slow_pixels", std::int64_t{d.slow_pixels}},
             {"pixel_size_mm", d.pixel_size * 1000},
             {"convention", std::string(name_of(d.convention))},
             {"pivot", std::string(name_of(d.pivot))},
             {"distance_mm", d.distance * 1000},
             {"close_distance_mm", d.close_distance * 1000},
             {"beam_fast_mm", d.origins.beam_fast * 1000},
             {"beam_slow_mm", d.origins.beam_slow * 1000},
             {"fast_axis", d.fast_axis},
             {"slow_axis", d.slow_axis},
             {"normal", d.normal},
             {"origin_mm", 1000.0 * d.origin},
             {"twotheta_deg", degrees(d.twotheta)},
             {"curved", d.curved},
             {"point_pixel", d.point_pixel},
             {"sensor_thickness_um", d.sensor.thickness * 1e6},
             {"sensor_layers", std::int64_t{d.sensor.layers}},
             {"sensor_attenuation_per_m", d.sensor.attenuation},
             {"region_fast", std::vector<std::int64_t>{d.region.fast_first, d.region.fast_last}},
             {"region_slow", std::vector<std::int64_t>{d.region.slow_first, d.region.slow_last}},
             {"masked", !d.mask.empty()}}};
}

ConfigurationSection scan_section(const Scan& s) {
    return {"scan",
            {{"phi_deg", degrees(s.phi_start)},
             {"osc_deg", degrees(s.rotation.range)},
             {"phi_step_deg", degrees(s.rotation.step)},
             {"phi_steps", integer(s.rotation.count)},
             {"spindle", s.spindle}}};
}

ConfigurationSection sampling_section(const Experiment& e) {
    const PixelSampling& s = e.sampling;
    return {"sampling",
            {{"oversample", std::int64_t{s.oversample}},
             {"oversample_thick", s.thickness},
             {"oversample_polar", s.polarization},
             {"oversample_omega", s.solid_angle},
             {"dmin_angstrom", s.dmin * 1e10},
             {"water_um", s.water_thickness * 1e6},
             {"steps_per_pixel", std::int64_t{steps_per_pixel(e)}}}};
}

}  // namespace

Configuration configuration_of(const Experiment& e) {
    return {crystal_section(e.crystal), amplitude_section(*e.structure_factors),
            beam_section(e.beam),       detector_section(e.detector),
            scan_section(e.scan),       sampling_section(e)};
}

}  // namespace nbhybrid::run
