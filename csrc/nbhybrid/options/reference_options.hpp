#pragma once
// The command line as values: what the reference's variables hold after its argument list has been read. Units as inside: metres
// and radians. Nothing is checked against anything else yet, and what may stay open is still open.

#include <array>
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
    std::optional<std::string> matrix_file;
    // Three edges in Angstrom, three angles in radians; 0 where none was given.
    std::optional<std::array<double, 6>> cell;
    Misset misset = Misset::none;
    Vec3 misset_angles;
    Vec3 cells{1, 1, 1};
    Vec3 size;                                // 0: from the cells
    std::array<std::string, 3> size_options;  // that gave its edges, for messages; empty: none did
    CrystalShape shape = CrystalShape::square;
    double fudge = 1;
    double mosaic_spread = -1;
    std::int64_t mosaic_domains = -1;
    std::optional<std::string> hkl_file;
    std::string dump_file = "Fdump.bin";
    bool dump_file_given = false;
    double default_amplitude = 0;
    Interpolation interpolation = Interpolation::automatic;
    // In place of the files and of what would be drawn; the command line has no words for these.
    std::optional<std::array<double, 9>> matrix;
    std::optional<Mat3> rotation;
    std::vector<Mat3> domains;
    std::shared_ptr<const StructureFactors> structure_factors;
};

struct BeamOptions {
    double wavelength = 1e-10;
    bool wavelength_is_from_energy = false;
    double fluence = 125932015286227086360700780544.0;
    double flux = 0, exposure = 1, size = 1e-4;
    double kahn_factor = 0;
    bool polarization = true;
    SamplingRequest horizontal, vertical;
    SamplingRequest dispersion{-1, 0, -1};
    bool round_divergence = true;
    std::optional<std::string> source_file;
    std::vector<Source> sources;  // in place of the file, and of divergence and dispersion; x is NaN for along the beam
};

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
    // pixel size, sizes, distances and centres stand in the request
    PlacementRequest placement;
    HeaderPlacement header;                         // of a command line: where the request's parts come from
    std::int64_t fast_pixels = 0, slow_pixels = 0;  // 0: from the size
    std::vector<std::string> vector_options;        // those that chose Convention::custom, since the last named convention
    std::optional<Vec3> pix0;                       // m, except that pix0_in_mm tells what the user meant
    bool pix0_in_mm = false;
    bool curved = false, point_pixel = false;
    double sensor_thickness = 0;
    double attenuation = -1;
    std::int64_t layers = -1;
    std::array<std::int64_t, 4> region{-1, -1, -1, -1};  // fast first, fast last, slow first, slow last; negative: open
    std::optional<std::string> mask_file, image_file;
    Mask mask;
    int mask_fast_pixels = 0, mask_slow_pixels = 0;
};

struct ScanOptions {
    double phi = 0;
    SamplingRequest rotation;
};

struct SamplingOptions {
    std::int64_t oversample = -1;
    bool thickness = false, polarization = false, solid_angle = false;
    double dmin = 0;
    double water = 0;
};

struct SeedOptions {
    // As the generator takes them: the command line's numbers negated. Open ones come from the clock.
    std::optional<std::int64_t> noise, misset;
    std::int64_t mosaic = -12345678;
};

struct OutputOptions {
    std::string float_file = "floatimage.bin";
    std::string integer_file = "intimage.img";
    std::string pgm_file = "image.pgm";
    std::string noise_file = "noiseimage.img";
    std::vector<std::string> more_files;  // their names say in which format
    bool write_pgm = true, write_noise = true;
    double integer_scale = 0, pgm_scale = 0;  // 0 or less: automatic
    double adc_offset = 40;
    bool printout = false;
    std::int64_t printout_fast = -1, printout_slow = -1;
    bool progress = true;
};

struct PixelAddress {
    std::int64_t slow = 0, fast = 0;
};

// What the reference's command line does not have.
struct OwnOptions {
    std::vector<PixelAddress> trace_pixels;
    bool trace_steps = false;
    std::string trace_file = "trace_steps.txt";
    int threads = 0;        // 0: the cores this process may use
    std::string json_file;  // empty: none
    bool quiet = false;
    bool strict = false;                        // a warning is an error
    std::vector<std::string> ignored_warnings;  // by name
    bool verify = false;
    Engine engine = Engine::exact;
    std::string device = "cpu";  // or cuda, or cuda:N
    double max_table_gib = 8;
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

    ReferenceOptions() {
        detector.placement.pixel_size = 1e-4;
        detector.placement.size_fast = detector.placement.size_slow = 102.4e-3;
    }
};

}  // namespace nbhybrid::options
