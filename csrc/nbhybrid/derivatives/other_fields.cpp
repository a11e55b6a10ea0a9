#include "nbhybrid/derivatives/parameter_row.hpp"

namespace nbhybrid::derivatives {

namespace {

constexpr std::string_view discrete = "it is discrete";
constexpr std::string_view drawn = "it says what is drawn at random";
constexpr std::string_view automatic = "it says how finely something is sampled, which stays as it is";
constexpr std::string_view not_offered = "derivatives by it are not offered";

}  // namespace

const std::vector<OtherField>& other_fields() {
    static const std::vector<OtherField> fields = {
        {"crystal.mosflm_matrix", "derivatives by it are not offered: crystal.cell and crystal.rotation change the lattice"},
        {"crystal.misset_seed", drawn},
        {"crystal.size_mm", "the numbers of cells that it gives are whole: crystal.n_cells is continuous"},
        {"crystal.shape", discrete},
        {"crystal.mosaic_domains", automatic},
        {"crystal.mosaic_seed", drawn},
        {"structure_factors.interpolate", discrete},
        {"beam.exposure_s", not_offered},
        {"beam.size_mm", not_offered},
        {"beam.corrected_for_polarization", discrete},
        {"beam.polarization_axis", not_offered},
        {"beam.direction", not_offered},
        {"beam.horizontal_divergence_mrad", not_offered},
        {"beam.vertical_divergence_mrad", not_offered},
        {"beam.dispersion_percent", not_offered},
        {"beam.round_divergence", discrete},
        {"scan.step_deg", not_offered},
        {"scan.steps", automatic},
        {"scan.axis", not_offered},
        {"sampling.oversample", automatic},
        {"sampling.recompute_thickness", discrete},
        {"sampling.recompute_polarization", discrete},
        {"sampling.recompute_solid_angle", discrete},
        {"sampling.dmin_angstrom", "it is an edge: what lies beyond it is left out"},
        {"sampling.water_um", not_offered},
    };
    return fields;
}

const std::vector<OtherField>& other_detector_fields() {
    static const std::vector<OtherField> fields = {
        {"convention", discrete},  {"pixels", discrete},           {"size_mm", "the numbers of pixels that it gives are whole"},
        {"close_mm", not_offered}, {"org", not_offered},           {"pivot", discrete},
        {"normal", not_offered},   {"twotheta_axis", not_offered}, {"sensor.layers", automatic},
        {"curved", discrete},      {"point_pixel", discrete},      {"region", discrete},
        {"mask", discrete},
    };
    return fields;
}

}  // namespace nbhybrid::derivatives
