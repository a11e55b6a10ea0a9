#pragma once
// Tells the kind of a file from its first bytes, for messages when a file cannot be read as what the user gave it for. It never
// refuses a file.

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
// The kind of an existing file; unknown if it is not a regular file or cannot be read.
FileKind kind_of_file(const std::string& path);

// "is an MTZ file" or, where only the text speaks for it, "looks like a PDB file". Empty for FileKind::unknown.
std::string described(FileKind kind);

// The format that the end of a file's name stands for, of those that images have; empty for other names.
std::string format_named_by(const std::string& path);

// Calls `read` and returns its result. If that throws an InputFileError and the file is known to be of another kind than `wanted`,
// the error says so, and that `expected` was wanted.
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
