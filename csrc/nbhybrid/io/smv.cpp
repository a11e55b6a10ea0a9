#include "nbhybrid/io/smv.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/input_file.hpp"

namespace nbhybrid::io {

namespace {

constexpr std::size_t longest_file = std::size_t{8} << 30U;
constexpr std::size_t longest_header = std::size_t{16} << 20U;
constexpr std::size_t usual_header = 512;
constexpr std::string_view magic = "{\nHEADER_BYTES=";

// The part of the header that is text.
std::string_view up_to_zero_byte(std::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

std::optional<double> find_number(std::string_view header, std::string_view keyword) {
    const std::size_t place = header.rfind(keyword);
    if (place == std::string_view::npos) return std::nullopt;
    const std::size_t equals = header.find('=', place + keyword.size());
    if (equals == std::string_view::npos) return 0.0;
    const double value = parse_prefix_like_atof(std::string(header.substr(equals + 1)));
    if (std::isnan(value)) return std::nullopt;
    return value;
}

bool is_key_character(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// The text after KEY=, for a key that is a whole word.
std::optional<std::string_view> find_word(std::string_view header, const std::string& key) {
    const std::string assignment = key + "=";
    std::size_t place = header.rfind(assignment);
    while (place != std::string_view::npos && place > 0 && is_key_character(header[place - 1])) {
        place = header.rfind(assignment, place - 1);
    }
    if (place == std::string_view::npos) return std::nullopt;
    std::string_view word = header.substr(place + assignment.size());
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    word = word.substr(0, word.find_first_of(";\r\n\f }"));
    return word;
}

int parse_header_bytes(std::string_view bytes, const std::string& name) {
    if (bytes.substr(0, magic.size()) != magic) {
        throw InputFileError(name, "is not an SMV image: it begins with " + quoted(bytes.substr(0, magic.size())) +
                                       ", expected \"{\" and HEADER_BYTES= on the next line");
    }
    const double size = find_number(up_to_zero_byte(bytes.substr(0, usual_header)), "HEADER_BYTES").value_or(0.0);
    if (!(size >= 1 && size <= static_cast<double>(longest_header))) {
        throw InputFileError(name,
                             format("HEADER_BYTES is %g, expected a number from 1 to %zu (512 as a rule)", size, longest_header));
    }
    const int header_bytes = static_cast<int>(size);
    if (header_bytes % 2 != 0) {
        throw InputFileError(name, format("HEADER_BYTES is %d, expected an even number: pixels have two bytes", header_bytes));
    }
    if (static_cast<std::size_t>(header_bytes) > bytes.size()) {
        throw InputFileError(name, format("is truncated: found %zu bytes, HEADER_BYTES is %d", bytes.size(), header_bytes));
    }
    return header_bytes;
}

void check_pixel_type(std::string_view header, const std::string& name) {
    const std::optional<std::string_view> order = find_word(header, "BYTE_ORDER");
    if (!order) throw InputFileError(name, "its header lacks BYTE_ORDER, expected little_endian or big_endian");
    if (*order != "little_endian" && *order != "big_endian") {
        throw InputFileError(name, "BYTE_ORDER is " + quoted(*order) + ", expected little_endian or big_endian");
    }
    const std::optional<std::string_view> type = find_word(header, "TYPE");
    if (type && *type != "unsigned_short") {
        throw InputFileError(name, "TYPE is " + quoted(*type) + ", expected unsigned_short");
    }
}

int checked_size(double size, const std::string& name, const std::string& keyword) {
    if (!(size >= 1 && size <= std::numeric_limits<int>::max())) {
        throw InputFileError(name, format("%s is %g, expected a number of pixels from 1 to %d", keyword.c_str(), size,
                                          std::numeric_limits<int>::max()));
    }
    return static_cast<int>(size);
}

void read_sizes(SmvImage& image, const std::string& name) {
    const double size1 = image.header_value("SIZE1").value_or(0.0);
    if (std::abs(size1) < 1) {
        const std::optional<double> both = image.header_value("DETECTOR_DIMENSIONS");
        if (!both) throw InputFileError(name, "its header has neither a SIZE1 other than 0 nor DETECTOR_DIMENSIONS");
        image.fast_pixels = image.slow_pixels = checked_size(*both, name, "DETECTOR_DIMENSIONS");
    } else {
        image.fast_pixels = checked_size(size1, name, "SIZE1");
        image.slow_pixels = checked_size(image.header_value("SIZE2").value_or(0.0), name, "SIZE2");
    }
    const std::int64_t pixels = std::int64_t{image.fast_pixels} * image.slow_pixels;
    if (pixels > std::numeric_limits<int>::max()) {
        throw InputFileError(
            name, format("its header says %d x %d pixels, more than an image can have", image.fast_pixels, image.slow_pixels));
    }
}

void read_pixels(SmvImage& image, std::string_view bytes, const std::string& name) {
    const std::size_t count = static_cast<std::size_t>(image.fast_pixels) * static_cast<std::size_t>(image.slow_pixels);
    const std::string_view data = bytes.substr(static_cast<std::size_t>(image.header_bytes));
    if (data.size() < 2 * count) {
        throw InputFileError(name, format("is truncated: found %zu bytes of pixels, expected %zu for %d x %d pixels", data.size(),
                                          2 * count, image.fast_pixels, image.slow_pixels));
    }
    image.pixels.resize(count);
    std::memcpy(image.pixels.data(), data.data(), 2 * count);
}

const char* byte_order() {
    const std::uint16_t probe = 1;
    unsigned char first = 0;
    std::memcpy(&first, &probe, 1);
    return first == 1 ? "little_endian" : "big_endian";
}

}  // namespace

std::optional<double> SmvImage::header_value(const std::string& keyword) const { return find_number(header, keyword); }

SmvImage parse_smv(std::string_view bytes, const std::string& name) {
    SmvImage image;
    image.header_bytes = parse_header_bytes(bytes, name);
    image.header = std::string(up_to_zero_byte(bytes.substr(0, static_cast<std::size_t>(image.header_bytes))));
    check_pixel_type(image.header, name);
    read_sizes(image, name);
    read_pixels(image, bytes, name);
    return image;
}

SmvImage read_smv(const std::string& path) {
    return reading_as(FileKind::smv, path, "an SMV image", [&] { return parse_smv(read_whole_file(path, longest_file), path); });
}

std::string smv_header_text(const SmvHeader& header) {
    std::string text = format("{\nHEADER_BYTES=%zu;\nDIM=2;\nBYTE_ORDER=%s;\nTYPE=unsigned_short;\n", usual_header, byte_order());
    const auto add = [&text](const char* key, double value) { text += format("%s=%g;\n", key, value); };
    text += format("SIZE1=%d;\nSIZE2=%d;\n", header.fast_pixels, header.slow_pixels);
    add("PIXEL_SIZE", header.pixel_size_mm);
    add("DISTANCE", header.distance_mm);
    add("WAVELENGTH", header.wavelength_angstrom);
    add("BEAM_CENTER_X", header.beam_center_x_mm);
    add("BEAM_CENTER_Y", header.beam_center_y_mm);
    add("ADXV_CENTER_X", header.adxv_center_x_mm);
    add("ADXV_CENTER_Y", header.adxv_center_y_mm);
    add("MOSFLM_CENTER_X", header.mosflm_center_x_mm);
    add("MOSFLM_CENTER_Y", header.mosflm_center_y_mm);
    add("DENZO_X_BEAM", header.denzo_x_beam_mm);
    add("DENZO_Y_BEAM", header.denzo_y_beam_mm);
    const std::array<double, 3>& origin = header.dials_origin_mm;
    // The reference ends this one line without a semicolon.
    text += format("DIALS_ORIGIN=%g,%g,%g\n", origin[0], origin[1], origin[2]);
    add("XDS_ORGX", header.xds_org_x_pixels);
    add("XDS_ORGY", header.xds_org_y_pixels);
    add("CLOSE_DISTANCE", header.close_distance_mm);
    add("PHI", header.phi_deg);
    add("OSC_START", header.phi_deg);
    add("OSC_RANGE", header.osc_range_deg);
    add("TWOTHETA", header.twotheta_deg);
    text += "DETECTOR_SN=000;\nBEAMLINE=fake;\n}\f";
    if (text.size() < usual_header) text.append(usual_header - text.size(), ' ');
    return text;
}

}  // namespace nbhybrid::io
