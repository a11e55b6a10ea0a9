#pragma once
// What sort of file something is, from its first bytes: for messages about files that cannot be read as what they were given for.
// Nothing here refuses a file that can be read.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "nbhybrid/core/errors.hpp"

namespace nbhybrid::io {

enum class FileKind {
    unknown,
    // known by their first bytes
    bzip2,
    cbf,
    gzip,
    hdf5,
    jpeg,
    mar,
    mtz,
    npy,
    pdf,
    pgm,
    png,
    smv,
    tiff,
    xz,
    zip,
    // known by how their text begins
    cif,
    dials_json,
    dump,
    html,
    pdb,
    toml,
    xds_reflections,
    xds_geometry,
    xml,
    // known by their columns
    reflections,
    sources,
    matrix,
};

FileKind kind_of(std::string_view first_bytes);
// Of what a file holds; unknown for anything but a regular file that can be read.
FileKind kind_of_file(const std::string& path);

// "is an MTZ file" or, where only the text speaks for it, "looks like a PDB file". Empty for FileKind::unknown.
std::string described(FileKind kind);

// The format that the end of a file's name stands for, of those that images have; empty for other names.
std::string format_named_by(const std::string& path);

// Gives what `read` gives. An InputFileError becomes one that says what the file is, if it is known to be of another sort than
// `wanted`, which `expected` names.
template <class Read>
auto reading_as(FileKind wanted, const std::string& path, const char* expected, Read read) {
    try {
        return read();
    } catch (const InputFileError&) {
        const FileKind kind = kind_of_file(path);
        if (kind == FileKind::unknown || kind == wanted) throw;
        throw InputFileError(path, described(kind) + ", expected " + expected);
    }
}

}  // namespace nbhybrid::io
