// SMV: a text header with the geometry, then 16-bit integers. With the semantics `header-center` the header is one from which dxtbx
// and nbhybrid read the geometry that was simulated; otherwise it is the reference's. docs/decisions/smv-headers.md tells why.

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/image_format.hpp"
#include "nbhybrid/io/smv.hpp"
#include "nbhybrid/io/smv_keys.hpp"

namespace nbhybrid::io {

namespace {

constexpr double millimetres = 1000.0;

SmvHeader reference_header(const Experiment& e) {
    const Detector& d = e.detector;
    const DetectorOrigins& o = d.origins;
    SmvHeader h;
    h.fast_pixels = d.fast_pixels;
    h.slow_pixels = d.slow_pixels;
    h.pixel_size_mm = d.pixel_size * millimetres;
    h.distance_mm = d.distance * millimetres;
    h.wavelength_angstrom = e.beam.wavelength * 1e10;
    h.beam_center_x_mm = o.header_beam_x * millimetres;
    h.beam_center_y_mm = o.header_beam_y * millimetres;
    h.adxv_center_x_mm = o.beam_fast * millimetres;
    h.adxv_center_y_mm = (d.size_slow - o.beam_slow) * millimetres;
    h.mosflm_center_x_mm = (o.beam_slow - 0.5 * d.pixel_size) * millimetres;
    h.mosflm_center_y_mm = (o.beam_fast - 0.5 * d.pixel_size) * millimetres;
    h.denzo_x_beam_mm = (o.beam_slow - 0.0 * d.pixel_size) * millimetres;
    h.denzo_y_beam_mm = (o.beam_fast - 0.0 * d.pixel_size) * millimetres;
    h.dials_origin_mm = {o.dials_origin_mm.x, o.dials_origin_mm.y, o.dials_origin_mm.z};
    h.xds_org_x_pixels = o.xds_org_x;
    h.xds_org_y_pixels = o.xds_org_y;
    h.close_distance_mm = d.close_distance * millimetres;
    h.phi_deg = e.scan.phi_start * degrees_per_radian;
    h.osc_range_deg = e.scan.rotation.range * degrees_per_radian;
    h.twotheta_deg = d.twotheta * degrees_per_radian;
    return h;
}

// With all digits, for our own reader.
std::string numbers(const char* key, std::initializer_list<double> values) {
    std::string text = std::string(key) + "=";
    for (const double value : values) text += (text.back() == '=' ? "" : ",") + format("%.17g", value);
    return text;
}

std::string vector(const char* key, const Vec3& v) { return numbers(key, {v.x, v.y, v.z}); }

std::string list_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

// dxtbx takes files of BEAMLINE=fake for ADXV's, whose pixels it counts from 1: fast = X + pixel, slow = height - Y + pixel, mm
// (FormatSMVJHSim of dxtbx 3.1 to 3.28). Without ADC_OFFSET it takes the pedestal for 1.
void tell_dxtbx(const Experiment& e, double adc_offset, SmvHeader& h) {
    const Detector& d = e.detector;
    const double height = d.slow_pixels * d.pixel_size;
    h.beam_center_x_mm = (d.origins.beam_fast - d.pixel_size) * millimetres;
    h.beam_center_y_mm = (height - d.origins.beam_slow + d.pixel_size) * millimetres;
    h.digits = 15;
    h.more.push_back(format("ADC_OFFSET=%.15g", adc_offset));
}

// Keys for our own reader: the geometry that BEAM_CENTER cannot express, with the point about which the detector pivots.
void tell_ourselves(const Detector& d, SmvHeader& h) {
    const DetectorOrigins& o = d.origins;
    h.more.push_back(std::string(convention_key) + "=" + name_of(d.convention));
    if (d.pivot == Pivot::beam) h.more.push_back(numbers(beam_key, {o.beam_fast * millimetres, o.beam_slow * millimetres}));
    else h.more.push_back(numbers(nearest_key, {o.close_fast * millimetres, o.close_slow * millimetres}));
    if (norm(d.rotation) != 0) h.more.push_back(vector(rotation_key, degrees_per_radian * d.rotation));
    if (d.curved) h.more.push_back(std::string(curved_key) + "=1");
    if (d.convention != Convention::custom) return;
    h.more.push_back(vector(beam_vector_key, d.frame.beam));
    h.more.push_back(vector(fast_key, d.frame.fast));
    h.more.push_back(vector(slow_key, d.frame.slow));
    h.more.push_back(vector(normal_key, d.frame.normal));
    h.more.push_back(vector(twotheta_axis_key, d.frame.twotheta_axis));
    h.more.push_back(vector(polarization_key, d.frame.polarization));
    h.more.push_back(vector(spindle_key, d.frame.spindle));
}

// Why dxtbx cannot know the detector from such a header; empty if it can.
std::string not_in_smv(const Experiment& e) {
    const Detector& d = e.detector;
    const Vec3& beam = e.beam.direction;
    constexpr double straight = 1e-6;  // radians: less than 0.01 pixel over any detector
    if (d.curved) return "is curved";
    if (norm(cross(d.normal, beam)) > straight || std::fabs(dot(d.fast_axis, beam)) > straight ||
        std::fabs(dot(d.slow_axis, beam)) > straight)
        return "does not stand perpendicular to the beam";
    if (dot(cross(d.fast_axis, d.slow_axis), beam) < 1 - straight)
        return std::string("is mirrored: fast x slow points against the beam") +
               (d.convention == Convention::adxv ? ", as the ADXV convention has it" : "");
    if (e.scan.rotation.range != 0 && norm(e.scan.spindle - d.fast_axis) > straight)
        return "has a spindle that does not run along its fast axis";
    return "";
}

std::string header_of(const Experiment& e, double adc_offset) {
    SmvHeader h = reference_header(e);
    if (e.semantics.corrects(Defect::header_center)) tell_dxtbx(e, adc_offset, h);
    const std::vector<std::string> corrected = e.semantics.corrected_ids();
    if (corrected.empty()) return smv_header_text(h);
    h.more.push_back(std::string(semantics_key) + "=" + e.semantics.text());
    h.more.push_back(std::string(corrected_key) + "=" + list_of(corrected));
    if (e.semantics.corrects(Defect::header_center)) tell_ourselves(e.detector, h);
    return smv_header_text(h);
}

void write_smv(OutputFile& file, const ImageToWrite& image) {
    file.write(header_of(*image.experiment, image.adc_offset));
    write_rows(file, image, PixelType::uint16);
}

void warn_about_header(const Experiment& e, Warnings& warnings) {
    if (!e.semantics.corrects(Defect::header_center)) return;
    const std::string reason = not_in_smv(e);
    if (reason.empty()) return;
    warnings.add(id_of(Defect::header_center), "DIALS cannot find the geometry in the header of an SMV image, since the detector " +
                                                   reason +
                                                   ": make a .expt or NXmx file for it, of the vectors that --json records");
}

}  // namespace

const ImageFormat smv_format = {"smv", "SMV", "img smv", PixelType::uint16, true, false, &write_smv, &warn_about_header};

}  // namespace nbhybrid::io
