#pragma once
// The command line as values: what the reference's variables hold after its argument list has been read. Units as inside: metres
// and radians. Nothing is checked against anything else yet, and what may stay open is still open. The fields of options of one
// value come from their rows in table/*.def; what they and others hold without an option is set by the constructor of
// ReferenceOptions.

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/detector_placement.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/model/step_counts.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid::options {

enum class Misset { none, angles, random };
enum class Interpolation { automatic, on, off };

struct CrystalOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/crystal.def"
    // Three edges in Angstrom, three angles in radians; 0 where none was given.
    std::optional<std::array<double, 6>> cell;
    Misset misset = Misset::none;
    Vec3 misset_angles;
    Vec3 cells;
    Vec3 size;                                // 0: from the cells
    std::array<std::string, 3> size_options;  // that gave its edges, for messages; empty: none did
    CrystalShape shape = CrystalShape::square;
    bool dump_file_given = false;
    Interpolation interpolation = Interpolation::automatic;
    // In place of the files and of what would be drawn; the command line has no words for these.
    std::optional<std::array<double, 9>> matrix;
    std::optional<Mat3> rotation;
    std::vector<Mat3> domains;
    std::shared_ptr<const StructureFactors> structure_factors;
};

struct BeamOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/beam.def"
    bool wavelength_is_from_energy = false;
    bool polarization = true;
    SamplingRequest horizontal, vertical, dispersion;
    bool round_divergence = true;
    std::vector<Source> sources;  // in place of the file, and of divergence and dispersion; x is NaN for along the beam

    // Whether the fluence is that of the flux.
    bool has_flux() const { return flux != 0.0 && exposure > 0.0 && size >= 0; }
};

inline bool is_along_beam(const Source& row) { return std::isnan(row.position.x); }

// Centres and distances that headers of -mask and -img gave, and the request as the options alone made it. A header counts where
// the options leave something open.
struct HeaderPlacement {
    std::string file;               // the last one read
    PlacementRequest values;        // distances and centres alone; not given: the headers do not say
    DetectorPoint beam, nearest;    // of a header that nbhybrid wrote: true places on the detector
    double y_of_mask = not_given;   // m; BEAM_CENTER_Y of a mask as it stands there, where it is taken for another
    PlacementRequest from_options;  // `placement` before the headers' values came into it
    bool is_merged = false;         // `placement` is both together

    HeaderPlacement() { values.distance = not_given; }
};

struct DetectorOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/detector.def"
    // pixel size, sizes, distances and centres stand in the request
    PlacementRequest placement;
    HeaderPlacement header;                         // of a command line: where the request's parts come from
    std::int64_t fast_pixels = 0, slow_pixels = 0;  // 0: from the size
    std::vector<std::string> vector_options;        // those that chose Convention::custom, since the last named convention
    std::optional<Vec3> pix0;                       // m, except that pix0_in_mm tells what the user meant
    bool pix0_in_mm = false;
    bool curved = false;
    double attenuation = -1;
    std::array<std::int64_t, 4> region{-1, -1, -1, -1};  // fast first, fast last, slow first, slow last; negative: open
    Mask mask;
    int mask_fast_pixels = 0, mask_slow_pixels = 0;
};

struct ScanOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/scan.def"
    SamplingRequest rotation;
};

struct SamplingOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/sampling.def"
};

struct SeedOptions {
    // As the generator takes them: the command line's numbers negated. Open ones come from the clock.
    std::optional<std::int64_t> noise, misset;
    std::int64_t mosaic = 0;
};

struct OutputOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/output.def"
    std::vector<std::string> more_files;  // their names say in which format
    bool write_pgm = true, write_noise = true;
    std::int64_t printout_fast = -1, printout_slow = -1;
    bool progress = true;
};

struct PixelAddress {
    std::int64_t slow = 0, fast = 0;
};

// What the reference's command line does not have.
struct OwnOptions {
#define FIELD(type, name) type name{};
#include "nbhybrid/options/table/own.def"
    std::vector<PixelAddress> trace_pixels;
    bool trace_steps = false;
    std::vector<std::string> ignored_warnings;  // by name
    Engine engine = Engine::exact;
    std::string device = "cpu";  // or cuda, or cuda:N
    Semantics semantics;
};

struct ReferenceOptions {
    CrystalOptions crystal;
    BeamOptions beam;
    DetectorOptions detector;
    ScanOptions scan;
    SamplingOptions sampling;
    SeedOptions seeds;
    OutputOptions output;
    OwnOptions own;

    // What holds without any option.
    ReferenceOptions();
};

}  // namespace nbhybrid::options
