#include "nbhybrid/io/file_kind.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/image_format.hpp"

namespace nbhybrid::io {

namespace {

using namespace std::string_view_literals;

// Enough for a header, and for some rows.
constexpr std::size_t bytes_to_look_at = 4096;
// Rows of numbers that must agree on what they are.
constexpr std::size_t rows_to_look_at = 5, rows_to_be_sure = 3;

struct Beginning {
    std::string_view bytes;
    FileKind kind;
};

constexpr Beginning magic_bytes[] = {
    {"MTZ "sv, FileKind::mtz},
    {"\x1f\x8b"sv, FileKind::gzip},
    {"BZh"sv, FileKind::bzip2},
    {"\xfd"
     "7zXZ\0"sv,
     FileKind::xz},
    {"PK\x03\x04"sv, FileKind::zip},
    {"\x89HDF\r\n\x1a\n"sv, FileKind::hdf5},
    {"\x89PNG\r\n\x1a\n"sv, FileKind::png},
    {"\xff\xd8\xff"sv, FileKind::jpeg},
    {"II*\0"sv, FileKind::tiff},
    {"MM\0*"sv, FileKind::tiff},
    {"\x93NUMPY"sv, FileKind::npy},
    {"%PDF-"sv, FileKind::pdf},
    {"P5\n"sv, FileKind::pgm},
    {"###CBF"sv, FileKind::cbf},
    {"{\nHEADER_BYTES="sv, FileKind::smv},
    {"\xd2\x04\0\0"sv, FileKind::mar},
};

// Of a text, at the beginning of its first line that is no comment.
constexpr Beginning first_words[] = {
    {"!FORMAT=XDS_ASCII"sv, FileKind::xds_reflections},
    {"XPARM.XDS"sv, FileKind::xds_geometry},
    {" XPARM.XDS"sv, FileKind::xds_geometry},
    {"data_"sv, FileKind::cif},
    {"HEADER    "sv, FileKind::pdb},
    {"CRYST1"sv, FileKind::pdb},
    {"REMARK "sv, FileKind::pdb},
    {"ATOM  "sv, FileKind::pdb},
    {"HETATM"sv, FileKind::pdb},
    {"TITLE     "sv, FileKind::pdb},
    {"COMPND    "sv, FileKind::pdb},
    {"<?xml"sv, FileKind::xml},
    {"<!DOCTYPE"sv, FileKind::html},
    {"<html"sv, FileKind::html},
    {"[experiment]"sv, FileKind::toml},
};

bool begins_with(std::string_view text, std::string_view part) { return text.substr(0, part.size()) == part; }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t i = 0;
    while (i < line.size()) {
        while (i < line.size() && is_space(line[i])) ++i;
        const std::size_t begin = i;
        while (i < line.size() && !is_space(line[i])) ++i;
        if (i > begin) words.push_back(line.substr(begin, i - begin));
    }
    return words;
}

// What a row of words may be.
struct Row {
    std::size_t columns = 0;
    bool all_numbers = true;
    bool begins_with_indices = false;   // three integers
    bool ends_with_wavelength = false;  // in metres, after four other numbers: nothing else is so small
};

Row row_of(const std::vector<std::string_view>& words) {
    Row row;
    row.columns = words.size();
    std::size_t integers = 0;
    double last = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        long long integer = 0;
        double number = 0;
        if (i == integers && i < 3 && parse_int(words[i], integer)) ++integers;
        row.all_numbers = row.all_numbers && parse_double(words[i], number);
        last = number;
    }
    row.begins_with_indices = integers == 3;
    row.ends_with_wavelength = row.columns == 5 && last > 0 && last < 1e-6;
    return row;
}

FileKind kind_by_columns(const std::vector<std::string_view>& lines, bool last_is_whole) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i + (last_is_whole ? 0 : 1) < lines.size() && rows.size() < rows_to_look_at; ++i) {
        const std::vector<std::string_view> words = words_of(lines[i]);
        if (!words.empty()) rows.push_back(row_of(words));
    }
    if (rows.size() < rows_to_be_sure) return FileKind::unknown;
    std::size_t reflections = 0, sources = 0, triples = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].all_numbers) return FileKind::unknown;
        if (rows[i].ends_with_wavelength) ++sources;
        else if (rows[i].begins_with_indices && rows[i].columns >= 4) ++reflections;
        if (i < 3 && rows[i].columns == 3 && !rows[i].begins_with_indices) ++triples;
    }
    if (reflections == rows.size()) return FileKind::reflections;
    if (sources == rows.size()) return FileKind::sources;
    return triples == 3 ? FileKind::matrix : FileKind::unknown;
}

// The reference's dump: six index limits, a newline and a form feed.
bool is_dump(std::string_view bytes) {
    const std::size_t end = bytes.substr(0, 128).find("\n\f");
    if (end == std::string_view::npos) return false;
    const std::vector<std::string_view> words = words_of(bytes.substr(0, end));
    long long value = 0;
    for (const std::string_view word : words)
        if (!parse_int(word, value)) return false;
    return words.size() == 6;
}

}  // namespace

FileKind kind_of(std::string_view bytes) {
    for (const Beginning& beginning : magic_bytes)
        if (begins_with(bytes, beginning.bytes)) return beginning.kind;
    if (is_dump(bytes)) return FileKind::dump;
    if (bytes.find('\0') != std::string_view::npos) return FileKind::unknown;
    const std::vector<std::string_view> lines = lines_of(bytes);
    for (const std::string_view line : lines) {
        for (const Beginning& beginning : first_words)
            if (begins_with(line, beginning.bytes)) return beginning.kind;
        if (words_of(line).empty() || line.front() == '#') continue;
        break;
    }
    if (begins_with(bytes, "{") && bytes.find("\"__id__\"") != std::string_view::npos) return FileKind::dials_json;
    return kind_by_columns(lines, bytes.size() < bytes_to_look_at);
}

FileKind kind_of_file(const std::string& path) {
    struct stat status{};
    // Reading from a pipe would consume its data, or block.
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return FileKind::unknown;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) return FileKind::unknown;
    std::string bytes(bytes_to_look_at, '\0');
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    return kind_of(bytes);
}

std::string described(FileKind kind) {
    switch (kind) {
        case FileKind::unknown: return "";
        case FileKind::bzip2: return "is compressed with bzip2";
        case FileKind::cbf: return "is a CBF image";
        case FileKind::gzip: return "is compressed with gzip";
        case FileKind::hdf5: return "is an HDF5 file";
        case FileKind::jpeg: return "is a JPEG picture";
        case FileKind::mar: return "is a MAR image";
        case FileKind::mtz: return "is an MTZ file";
        case FileKind::npy: return "is an array of numpy";
        case FileKind::pdf: return "is a PDF document";
        case FileKind::pgm: return "is a PGM picture";
        case FileKind::png: return "is a PNG picture";
        case FileKind::smv: return "is an SMV image";
        case FileKind::tiff: return "is a TIFF image";
        case FileKind::xz: return "is compressed with xz";
        case FileKind::zip: return "is a zip archive";
        case FileKind::cif: return "looks like a CIF file";
        case FileKind::dials_json: return "looks like a file of DIALS experiments";
        case FileKind::dump: return "is a dump of amplitudes (-dump)";
        case FileKind::html: return "looks like a page of HTML";
        case FileKind::pdb: return "looks like a PDB file";
        case FileKind::toml: return "looks like the spec of a series";
        case FileKind::xds_reflections: return "looks like reflections of XDS (XDS_ASCII.HKL)";
        case FileKind::xds_geometry: return "looks like a geometry of XDS (XPARM.XDS)";
        case FileKind::xml: return "looks like XML";
        case FileKind::reflections: return "looks like a list of reflections, h k l F (-hkl)";
        case FileKind::sources: return "looks like a list of sources, X Y Z weight lambda (-sourcefile)";
        case FileKind::matrix: return "looks like an orientation matrix (-mat)";
    }
    return "";
}

std::string format_named_by(const std::string& path) {
    // A .bin file may be anything.
    if (const ImageFormat* format = image_format_of(path); format && format != &raw_format) return std::string(format->title);
    struct Suffix {
        std::string_view suffix, format;
    };
    // Of other programs, or of nbhybrid's Python package.
    static constexpr Suffix suffixes[] = {
        {"cbf", "CBF"},
        {"edf", "EDF"},
        {"gz", "a file compressed with gzip"},
        {"bz2", "a file compressed with bzip2"},
        {"h5", "HDF5"},
        {"hdf", "HDF5"},
        {"hdf5", "HDF5"},
        {"nxs", "NeXus (HDF5)"},
        {"jpeg", "JPEG"},
        {"jpg", "JPEG"},
        {"mccd", "MAR"},
        {"npy", "numpy"},
        {"npz", "numpy"},
        {"pdf", "PDF"},
        {"png", "PNG"},
        {"svg", "SVG"},
        {"tif", "TIFF"},
        {"tiff", "TIFF"},
        {"zip", "a zip archive"},
    };
    const std::string end = suffix_of(path);
    for (const Suffix& suffix : suffixes)
        if (suffix.suffix == end) return std::string(suffix.format);
    return "";
}

}  // namespace nbhybrid::io
