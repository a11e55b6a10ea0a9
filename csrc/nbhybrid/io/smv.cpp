#include "nbhybrid/io/smv.hpp"

#include <algorithm>
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

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\f";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// What stands behind the last whole key of this name.
std::optional<std::string_view> find_value(std::string_view header, std::string_view key) {
    std::optional<std::string_view> value;
    while (!header.empty()) {
        const std::size_t end = std::min(header.find_first_of(";\n{}"), header.size());
        const std::string_view statement = header.substr(0, end);
        const std::size_t equals = statement.find('=');
        if (equals != std::string_view::npos && trimmed(statement.substr(0, equals)) == key)
            value = trimmed(statement.substr(equals + 1));
        header.remove_prefix(std::min(end + 1, header.size()));
    }
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

void read_sizes(SmvImage& image, const std::string& name, HeaderKeys keys) {
    const double size1 = image.header_value("SIZE1", keys).value_or(0.0);
    if (std::abs(size1) < 1) {
        const std::optional<double> both = image.header_value("DETECTOR_DIMENSIONS", keys);
        if (!both) throw InputFileError(name, "its header has neither a SIZE1 other than 0 nor DETECTOR_DIMENSIONS");
        image.fast_pixels = image.slow_pixels = checked_size(*both, name, "DETECTOR_DIMENSIONS");
    } else {
        image.fast_pixels = checked_size(size1, name, "SIZE1");
        image.slow_pixels = checked_size(image.header_value("SIZE2", keys).value_or(0.0), name, "SIZE2");
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

std::optional<double> SmvImage::header_value(const std::string& keyword, HeaderKeys keys) const {
    if (keys == HeaderKeys::anywhere) return find_number(header, keyword);
    const std::optional<std::string_view> text = find_value(header, keyword);
    if (!text) return std::nullopt;
    const double value = parse_prefix_like_atof(std::string(*text));
    if (std::isnan(value)) return std::nullopt;
    return value;
}

std::optional<std::string> SmvImage::header_text(const std::string& key) const {
    const std::optional<std::string_view> text = find_value(header, key);
    if (!text) return std::nullopt;
    return std::string(*text);
}

SmvImage parse_smv(std::string_view bytes, const std::string& name, HeaderKeys keys) {
    SmvImage image;
    image.header_bytes = parse_header_bytes(bytes, name);
    image.header = std::string(up_to_zero_byte(bytes.substr(0, static_cast<std::size_t>(image.header_bytes))));
    check_pixel_type(image.header, name);
    read_sizes(image, name, keys);
    read_pixels(image, bytes, name);
    return image;
}

SmvImage read_smv(const std::string& path, HeaderKeys keys) {
    return reading_as(FileKind::smv, path, "an SMV image",
                      [&] { return parse_smv(read_whole_file(path, longest_file), path, keys); });
}

namespace {

// All but the first two lines, which say how long the header is.
std::string header_body(const SmvHeader& header) {
    std::string text = format("DIM=2;\nBYTE_ORDER=%s;\nTYPE=unsigned_short;\n", byte_order());
    const auto add = [&](const char* key, double value) { text += format("%s=%.*g;\n", key, header.digits, value); };
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
    text += format("DIALS_ORIGIN=%.*g,%.*g,%.*g\n", header.digits, origin[0], header.digits, origin[1], header.digits, origin[2]);
    add("XDS_ORGX", header.xds_org_x_pixels);
    add("XDS_ORGY", header.xds_org_y_pixels);
    add("CLOSE_DISTANCE", header.close_distance_mm);
    add("PHI", header.phi_deg);
    add("OSC_START", header.phi_deg);
    add("OSC_RANGE", header.osc_range_deg);
    add("TWOTHETA", header.twotheta_deg);
    text += "DETECTOR_SN=000;\nBEAMLINE=fake;\n";
    for (const std::string& statement : header.more) text += statement + ";\n";
    return text + "}\f";
}

}  // namespace

std::string smv_header_text(const SmvHeader& header) {
    const std::string body = header_body(header);
    std::size_t size = usual_header;
    const auto whole = [&] { return format("{\nHEADER_BYTES=%zu;\n", size) + body; };
    while (!header.more.empty() && whole().size() > size) size += usual_header;
    std::string text = whole();
    if (text.size() < size) text.append(size - text.size(), ' ');
    return text;
}

}  // namespace nbhybrid::io
