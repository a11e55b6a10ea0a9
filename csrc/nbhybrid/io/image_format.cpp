#include "nbhybrid/io/image_format.hpp"

#include <algorithm>

namespace nbhybrid::io {

namespace {

// What is handed to the system at once: no less than an OutputFile would gather.
constexpr std::size_t bytes_at_once = std::size_t{256} << 10U;

bool has_suffix(const ImageFormat& format, std::string_view suffix) {
    std::string_view rest = format.suffixes;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == suffix) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

}  // namespace

std::size_t bytes_of(PixelType type) {
    switch (type) {
        case PixelType::float32: return 4;
        case PixelType::uint16: return 2;
        case PixelType::uint8: return 1;
    }
    return 0;
}

const char* name_of(PixelType type) {
    switch (type) {
        case PixelType::float32: return "float32";
        case PixelType::uint16: return "uint16";
        case PixelType::uint8: return "uint8";
    }
    return "";
}

const std::vector<const ImageFormat*>& image_formats() {
    static const std::vector<const ImageFormat*> formats = {&raw_format, &smv_format, &pgm_format};
    return formats;
}

const ImageFormat* image_format_named(std::string_view name) {
    for (const ImageFormat* format : image_formats())
        if (format->name == name) return format;
    return nullptr;
}

const ImageFormat* image_format_of(const std::string& path) {
    const std::string suffix = suffix_of(path);
    for (const ImageFormat* format : image_formats())
        if (!suffix.empty() && has_suffix(*format, suffix)) return format;
    return nullptr;
}

std::string suffix_of(const std::string& path) {
    const std::size_t point = path.rfind('.');
    if (point == std::string::npos || path.find('/', point) != std::string::npos) return "";
    std::string suffix = path.substr(point + 1);
    for (char& c : suffix)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return suffix;
}

void write_rows(OutputFile& file, const ImageToWrite& image, PixelType type) {
    const std::size_t row_bytes = static_cast<std::size_t>(image.fast_pixels) * bytes_of(type);
    const auto rows_at_once = static_cast<int>((bytes_at_once + row_bytes - 1) / row_bytes);
    for (int first = 0; first < image.slow_pixels; first += rows_at_once) {
        const int rows = std::min(rows_at_once, image.slow_pixels - first);
        file.write(image.rows(first, rows), static_cast<std::size_t>(rows) * row_bytes);
    }
}

}  // namespace nbhybrid::io
