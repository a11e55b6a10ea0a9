#pragma once
// SMV (ADSC) images: a text header of KEY=value; lines, padded with blanks, then 16-bit pixels.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid::io {

// How a header's keys are found.
enum class HeaderKeys {
    // As the reference does: the last place where the keyword stands in the header, also as part of a longer word, then the number
    // after the next '='. So DISTANCE finds CLOSE_DISTANCE where that comes later.
    anywhere,
    // Whole keys, at the beginning of a statement that a semicolon or the line's end closes; of several the last.
    whole,
};

struct SmvImage {
    std::string header;  // up to its first zero byte
    int header_bytes = 0;
    int fast_pixels = 0;
    int slow_pixels = 0;
    // As they stand in the file: never byte-swapped, as in the reference, not even when BYTE_ORDER is that of another machine.
    // Masks only ask whether a pixel is zero.
    std::vector<std::uint16_t> pixels;

    // Nothing if the keyword is absent or its value is NaN; 0 if the value is not a number (with HeaderKeys::anywhere also if no
    // '=' follows the keyword). The value may be infinite.
    std::optional<double> header_value(const std::string& keyword, HeaderKeys keys = HeaderKeys::anywhere) const;
    // What stands behind a whole key.
    std::optional<std::string> header_text(const std::string& key) const;
};

// Throws InputFileError.
SmvImage read_smv(const std::string& path, HeaderKeys keys);
SmvImage parse_smv(std::string_view bytes, const std::string& name, HeaderKeys keys = HeaderKeys::anywhere);

// What the header of a written image says, in the units it is printed in.
struct SmvHeader {
    int fast_pixels = 0;
    int slow_pixels = 0;
    double pixel_size_mm = 0;
    double distance_mm = 0;
    double wavelength_angstrom = 0;
    double beam_center_x_mm = 0;
    double beam_center_y_mm = 0;
    double adxv_center_x_mm = 0;
    double adxv_center_y_mm = 0;
    double mosflm_center_x_mm = 0;
    double mosflm_center_y_mm = 0;
    double denzo_x_beam_mm = 0;
    double denzo_y_beam_mm = 0;
    std::array<double, 3> dials_origin_mm{};
    double xds_org_x_pixels = 0;
    double xds_org_y_pixels = 0;
    double close_distance_mm = 0;
    double phi_deg = 0;
    double osc_range_deg = 0;
    double twotheta_deg = 0;
    // More than the reference writes: statements such as KEY=value, without '=' in the value, since dxtbx refuses that.
    std::vector<std::string> more;
    int digits = 6;  // of numbers; the reference writes six
};

// Padded to 512 bytes. A longer text is not cut and HEADER_BYTES still says 512, as in the reference. With additional statements
// (`more`) the header is padded to a multiple of 512, and HEADER_BYTES gives its true length.
std::string smv_header_text(const SmvHeader& header);

}  // namespace nbhybrid::io
