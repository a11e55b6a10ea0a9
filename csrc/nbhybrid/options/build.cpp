#include "nbhybrid/options/build.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "nbhybrid/checks/input.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/columns.hpp"
#include "nbhybrid/io/fdump.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/hkl.hpp"
#include "nbhybrid/io/matrix.hpp"
#include "nbhybrid/model/sampling_error.hpp"
#include "nbhybrid/model/sensor.hpp"
#include "nbhybrid/options/conflicts.hpp"
#include "nbhybrid/options/option_table.hpp"
#include "nbhybrid/options/placement.hpp"
#include "nbhybrid/random/random_rotation.hpp"

namespace nbhybrid::options {

namespace {

// The angle of the cap from which -misset random draws. The reference means degrees and takes radians.
constexpr float random_misset_cap = 90.0F;

// Runs a step of the model and puts the option's name before its complaints.
template <class Step>
auto naming(const std::string& option, Step step) {
    try {
        return step();
    } catch (const ModelError& error) {
        throw OptionError(option + ": " + error.what());
    }
}

std::optional<UnitCell> unit_cell(const CrystalOptions& o) {
    if (!o.cell) return std::nullopt;
    const std::array<double, 6>& v = *o.cell;
    const auto or_else = [](double value, double otherwise) { return value > 0 ? value : otherwise; };
    return UnitCell{
        v[0], or_else(v[1], v[0]), or_else(v[2], v[0]), or_else(v[3], pi / 2), or_else(v[4], pi / 2), or_else(v[5], pi / 2)};
}

double largest_difference_of_angles(const UnitCell& u, const UnitCell& v) {
    return std::max({std::fabs(u.alpha - v.alpha), std::fabs(u.beta - v.beta), std::fabs(u.gamma - v.gamma)});
}

std::string angles_text(const UnitCell& cell) {
    return format("%.6g %.6g %.6g", cell.alpha * degrees_per_radian, cell.beta * degrees_per_radian,
                  cell.gamma * degrees_per_radian);
}

// Where the crystal has other angles than -cell says: those of a matrix, or those that the reference makes of them.
void warn_about_angles(const CrystalOptions& o, const UnitCell& asked, const Lattice& lattice, Warnings& warnings) {
    constexpr double worth_telling = 0.0005 / degrees_per_radian;    // shows in what is told
    constexpr double refined_from_given = 0.5 / degrees_per_radian;  // a matrix has been refined, a cell is often a round one
    const UnitCell found = cell_of(lattice);
    const double difference = largest_difference_of_angles(asked, found);
    const bool has_matrix = o.matrix_file || o.matrix;
    const std::array<double, 6>& given = *o.cell;
    const bool names_angles = given[3] > 0 || given[4] > 0 || given[5] > 0;
    if (has_matrix && names_angles && difference > refined_from_given)
        warnings.add("no-effect", "-cell: the angles " + angles_text(asked) + " have no effect: those of the matrix count, " +
                                      angles_text(found));
    if (!has_matrix && difference > worth_telling)
        warnings.add(id_of(Defect::oblique_cell), "-cell: the angles " + angles_text(asked) + " become " + angles_text(found) +
                                                      how_to_correct(Defect::oblique_cell));
}

Lattice build_lattice(const ReferenceOptions& o, Built& built, Warnings& warnings) {
    const CrystalOptions& c = o.crystal;
    if (!c.cell && !c.matrix_file && !c.matrix) throw OptionError("there is no crystal: expected -cell or -mat");
    LatticeRecipe& recipe = built.lattice_recipe;
    Orientation& orientation = recipe.orientation;
    orientation.wavelength = o.beam.wavelength;
    orientation.matrix = c.matrix;
    if (c.matrix_file) {
        const io::MatrixFile file = io::read_matrix_file(*c.matrix_file);
        orientation.matrix = file.matrix;
        built.given.matrix = {*c.matrix_file, file.cell, std::nullopt, file.matrix};
    } else if (c.matrix) {
        built.given.matrix = {"", std::nullopt, std::nullopt, *c.matrix};
    }
    orientation.rotation = c.rotation;
    if (c.misset == Misset::angles) {
        if (!is_finite(c.misset_angles))
            throw OptionError("-misset_seed also acts as -misset, with words as angles that are not finite");
        orientation.misset = c.misset_angles;
    }
    if (c.misset == Misset::random) {
        StreamState state = o.seeds.misset.value_or(-static_cast<StreamState>(std::time(nullptr)));
        built.seeds.misset = -state;
        const Mat3 rotation = o.own.semantics.corrects(Defect::random_misset)
                                  ? uniform_rotation(built.deviates, state)
                                  : random_rotation(random_misset_cap, built.deviates, state);
        orientation.misset = misset_angles(rotation);
    }
    recipe.cell = unit_cell(c);
    const std::optional<UnitCell>& cell = recipe.cell;
    built.unit_cell_given = cell.has_value();
    if (cell) naming("-cell", [&] { return cell_volume(*cell); });
    if (cell && built.given.matrix) built.given.matrix->edges = {cell->a, cell->b, cell->c};
    recipe.oblique = o.own.semantics.corrects(Defect::oblique_cell) ? ObliqueCell::as_asked : ObliqueCell::as_reference;
    const std::string name = c.matrix_file ? *c.matrix_file : c.matrix ? "matrix" : "-cell";
    const Lattice lattice = naming(name, [&] { return make_lattice(cell, orientation, recipe.oblique); });
    if (cell) warn_about_angles(c, *cell, lattice, warnings);
    return lattice;
}

// Fluence from the flux; then the beam clips the sample.
void apply_beam_size(const ReferenceOptions& o, Beam& beam, Vec3& size, Warnings& warnings) {
    const BeamOptions& b = o.beam;
    beam.fluence = b.fluence;
    if (b.has_flux()) {
        beam.fluence = fluence_of_flux(b.flux, b.exposure, b.size);
        if (!std::isfinite(beam.fluence))
            throw OptionError(format("-flux: the fluence through a -beamsize of %g mm is not finite", b.size * 1000));
    }
    if (b.size < 0) return;
    const auto clip = [&](double& edge, const char* axis) {
        if (!(b.size < edge)) return;
        warnings.add("sample-clipped", format("the sample's edge along %s (%g mm) is clipped to the beam (-beamsize %g mm)", axis,
                                              edge * 1000, b.size * 1000));
        edge = b.size;
    };
    clip(size.y, "b");
    clip(size.z, "c");
}

// What an option gives has been looked at; what a header gives has not.
void check_header_values(const ReferenceOptions& o) {
    const PlacementRequest& p = o.detector.placement;
    const auto check = [&](double value, const char* name) {
        if (value > 0) return;
        const std::string file = o.detector.image_file ? *o.detector.image_file : o.detector.mask_file.value_or("");
        throw InputFileError(file, option(name).header_key() + " is not above zero; correct the header, or give " + name);
    };
    check(p.pixel_size, "-pixel");
    check(p.distance, "-distance");
    if (is_given(p.close_distance)) check(p.close_distance, "-close_distance");
    check(o.beam.wavelength, "-lambda");
}

void resolve_pixels(const PlacementRequest& placement, Detector& d) {
    const double fast = std::ceil(placement.size_fast / placement.pixel_size - 0.5);
    const double slow = std::ceil(placement.size_slow / placement.pixel_size - 0.5);
    check_image_size(fast, slow);
    if (!(fast >= 1 && slow >= 1))
        throw OptionError(format("-detsize: %g x %g mm hold no pixel of %g mm", placement.size_fast * 1000,
                                 placement.size_slow * 1000, placement.pixel_size * 1000));
    d.fast_pixels = static_cast<int>(fast);
    d.slow_pixels = static_cast<int>(slow);
    d.pixel_size = placement.pixel_size;
    d.size_fast = placement.size_fast;
    d.size_slow = placement.size_slow;
}

Region resolve_region(const std::array<std::int64_t, 4>& roi, const Detector& d) {
    const auto first = [](std::int64_t i) { return i < 0 ? 0 : i; };
    const auto last = [](std::int64_t i, int pixels) { return i < 0 || i >= pixels ? pixels - 1 : i; };
    const std::int64_t fast_first = first(roi[0]), slow_first = first(roi[2]);
    const std::int64_t fast_last = last(roi[1], d.fast_pixels), slow_last = last(roi[3], d.slow_pixels);
    if (fast_first > fast_last || slow_first > slow_last)
        throw OptionError(format("-roi %lld %lld %lld %lld: there is nothing inside the image of %d x %d pixels",
                                 static_cast<long long>(roi[0]), static_cast<long long>(roi[1]), static_cast<long long>(roi[2]),
                                 static_cast<long long>(roi[3]), d.fast_pixels, d.slow_pixels));
    return {static_cast<int>(fast_first), static_cast<int>(fast_last), static_cast<int>(slow_first), static_cast<int>(slow_last)};
}

Sensor resolve_sensor(const DetectorOptions& o, Warnings& warnings) {
    const Sensor sensor = make_sensor(o.sensor_thickness, o.attenuation, static_cast<double>(o.layers));
    if (sensor.thickness > 0.0 && o.attenuation < 0.0)
        warnings.add("attenuation-depth", "-detector_thick without -detector_abs: the attenuation depth is the thickness");
    return sensor;
}

LaboratoryFrame build_detector(const ReferenceOptions& o, Detector& d, Warnings& warnings) {
    const PlacementRequest placement = complete_placement(o, o.own.semantics);
    resolve_pixels(placement, d);
    if (!o.detector.mask.empty()) {
        if (o.detector.mask_fast_pixels != d.fast_pixels || o.detector.mask_slow_pixels != d.slow_pixels)
            throw InputFileError(o.detector.mask_file.value_or("the mask"),
                                 format("the mask has %d x %d pixels, the image %d x %d", o.detector.mask_fast_pixels,
                                        o.detector.mask_slow_pixels, d.fast_pixels, d.slow_pixels));
        d.mask = o.detector.mask;
    }
    d.region = resolve_region(o.detector.region, d);
    const LaboratoryFrame frame = resolve_frame(placement, warnings);
    d.curved = o.detector.curved;
    place_detector(placement, frame, d, o.own.semantics);
    d.point_pixel = o.detector.point_pixel;
    d.sensor = resolve_sensor(o.detector, warnings);
    warn_about_placement(o, frame, d, warnings);
    return frame;
}

void check_weights(const std::string& path, const std::vector<Source>& sources) {
    double sum = 0;
    for (const Source& source : sources) {
        if (!(source.weight >= 0))
            throw InputFileError(path, format("a source has the weight %g; weights must not be negative", source.weight));
        sum += source.weight;
    }
    if (!(sum > 0 && std::isfinite(sum)))
        throw InputFileError(path, "the weights of all sources must have a finite sum above zero");
}

// The rows of the file are kept as they are, too: their directions are not normalised yet.
std::vector<Source> read_sources(const ReferenceOptions& o, const Beam& beam, Built& built, Warnings& warnings) {
    std::vector<Source>& rows = built.source_rows;
    const std::string& path = *o.beam.source_file;
    const auto comments =
        o.own.semantics.corrects(Defect::comment_lines) ? io::CommentRows::skipped : io::CommentRows::as_zero_rows;
    const Vec3 usual = -source_distance * beam.direction;
    const auto or_else = [](double value, double otherwise) { return std::isnan(value) ? otherwise : value; };
    std::vector<Source> sources;
    for (const io::ColumnRow& row : io::read_columns(path, 5, comments, warnings)) {
        const Vec3 position{or_else(row.values[0], usual.x), or_else(row.values[1], usual.y), or_else(row.values[2], usual.z)};
        rows.push_back({position, or_else(row.values[4], beam.wavelength), or_else(row.values[3], 1.0)});
        const auto columns = std::count_if(row.values.begin(), row.values.end(), [](double value) { return !std::isnan(value); });
        built.given.sources.push_back(
            {position, rows.back().wavelength, rows.back().weight, row.line, static_cast<int>(columns), row.from_comment});
        try {
            sources.push_back(make_source(position, rows.back().wavelength, rows.back().weight));
        } catch (const ModelError& error) {
            const std::string why =
                row.from_comment ? " (the reference reads a line that begins with # as numbers, 0 where there are none)" : "";
            throw InputFileError(path, row.line, error.what() + why);
        }
    }
    return sources;
}

void build_beam(const ReferenceOptions& o, const LaboratoryFrame& frame, Built& built, Warnings& warnings) {
    Beam& beam = built.experiment.beam;
    beam.direction = frame.beam;
    beam.polarization_axis = frame.polarization;
    beam.wavelength = o.beam.wavelength;
    beam.kahn_factor = o.beam.kahn_factor;
    beam.polarization = o.beam.polarization;
    beam.horizontal = resolve_spread(o.beam.horizontal);
    beam.vertical = resolve_spread(o.beam.vertical);
    beam.dispersion = resolve_spread(o.beam.dispersion);
    for (const Source& row : o.beam.sources) {
        const Vec3 position = is_along_beam(row) ? -source_distance * beam.direction : row.position;
        beam.sources.push_back(make_source(position, row.wavelength, row.weight));
        built.given.sources.push_back({position, row.wavelength, row.weight});
    }
    if (o.beam.source_file) {
        built.given.source_file = *o.beam.source_file;
        built.given.sources.clear();
        beam.sources = read_sources(o, beam, built, warnings);
    }
    if (!beam.sources.empty()) {
        if (o.own.semantics.corrects(Defect::source_weights))
            check_weights(o.beam.source_file.value_or("the sources"), beam.sources);
        return;
    }
    const SourceGrid grid{beam.direction, beam.polarization_axis, beam.wavelength,        beam.horizontal,
                          beam.vertical,  beam.dispersion,        o.beam.round_divergence};
    beam.sources = naming("-divergence and -dispersion", [&] { return make_source_grid(grid); });
}

// Names the option that sets the limit of the table's size.
template <class Read>
StructureFactors within_table_limit(Read read) {
    try {
        return read();
    } catch (const TableLimitError& error) {
        throw SizeError(std::string(error.what()) + " (--max-table-gib sets the limit)");
    }
}

StructureFactors read_amplitudes(const ReferenceOptions& o, int threads, Built& built, Warnings& warnings) {
    const CrystalOptions& c = o.crystal;
    io::HklLimits limits;
    limits.threads = threads;
    constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;
    limits.max_table_bytes = static_cast<std::size_t>(std::min(o.own.max_table_gib * bytes_per_gib, 9e18));
    if (o.own.semantics.corrects(Defect::comment_lines)) limits.comments = io::CommentLines::skipped;
    if (c.hkl_file) {
        built.table_was_read_from_text = true;
        return within_table_limit([&] { return io::read_hkl(*c.hkl_file, c.default_amplitude, limits, warnings); });
    }
    const bool may_read_dump = c.dump_file_given || !o.own.semantics.corrects(Defect::silent_fdump);
    if (may_read_dump && access(c.dump_file.c_str(), F_OK) == 0) {
        warnings.add(c.dump_file_given ? "dump-file" : "silent-fdump",
                     "no -hkl file: the amplitudes are read from " + c.dump_file + ", which an earlier run left" +
                         (c.dump_file_given ? "" : how_to_correct(Defect::silent_fdump)));
        return within_table_limit([&] { return io::read_fdump(c.dump_file, c.default_amplitude, limits, warnings); });
    }
    if (c.default_amplitude == 0.0)
        throw OptionError("there are no structure factors: expected -hkl, a dump file (" + c.dump_file + ") or -default_F");
    // A series names its folder's own dump, whether there is one or not.
    const bool is_asked_for = c.dump_file_given && c.dump_file.substr(c.dump_file.rfind('/') + 1) != option("-dump").usual_text;
    if (is_asked_for)
        warnings.add("dump-file", "-dump " + c.dump_file + ": there is no such file: all amplitudes are those of -default_F");
    StructureFactors none;
    none.default_amplitude = c.default_amplitude;
    return none;
}

// The reference looks at the counts of cells before it derives them from sizes.
bool resolve_interpolation(const CrystalOptions& o, const StructureFactors& table) {
    if (!table.has_table()) return false;
    if (o.interpolation == Interpolation::automatic) return o.cells.x <= 2 || o.cells.y <= 2 || o.cells.z <= 2;
    return o.interpolation == Interpolation::on;
}

// Before the domains are drawn.
void check_steps(std::size_t domains, const Scan& scan) {
    const double largest = static_cast<double>(domains) * scan.rotation.count;
    if (!(largest <= 2147483647.0))
        throw SizeError(format(
            "a pixel would take %.10g steps and more (%zu mosaic domains x %.10g phi steps); at most 2147483647 can be counted",
            largest, domains, scan.rotation.count));
}

void check_cells(const Vec3& cells, const Semantics& semantics) {
    if (semantics.allows_fractions_of_cells()) return;
    for (const double n : {cells.x, cells.y, cells.z})
        if (n != std::floor(n))
            throw ModelError(
                format("-N: found %g, expected a whole number of cells with the semantics reference; with corrected "
                       "fractions are allowed",
                       n));
}

void build_crystal(const ReferenceOptions& o, const Vec3& size, Experiment& e, Built& built, Warnings& warnings) {
    check_cells(o.crystal.cells, o.own.semantics);
    Crystal& crystal = e.crystal;
    crystal.lattice = build_lattice(o, built, warnings);
    crystal.shape = o.crystal.shape;
    crystal.fudge = o.crystal.fudge;
    crystal.cells = resolve_cells(o.crystal.cells, size, crystal.lattice);
    if (!o.crystal.domains.empty()) {
        crystal.domains = o.crystal.domains;
        crystal.has_rotated_domains = true;
        check_steps(crystal.domains.size(), e.scan);
        return;
    }
    const Mosaicity mosaicity = resolve_mosaicity(o.crystal.mosaic_spread, o.crystal.mosaic_domains, warnings);
    crystal.mosaic_spread = mosaicity.spread;
    if (mosaicity.spread > 0 && mosaicity.domains == 1)
        warnings.add("mosaic-domains", "-mosaic has no effect with -mosaic_domains 1: the first domain is not rotated");
    check_steps(static_cast<std::size_t>(mosaicity.domains), e.scan);
    built.deviates_before_domains = built.deviates;
    crystal.domains = make_domains(mosaicity, built.deviates, o.seeds.mosaic);
    crystal.has_rotated_domains = crystal.mosaic_spread > 0.0;
    if (crystal.domains.size() > 1) built.seeds.mosaic = -o.seeds.mosaic;
}

// Where sub-pixels are larger than the spots need. How large the errors are is known for spots without sharp edges, and of a known
// width.
void warn_about_sampling(const Experiment& e, double recommended, Warnings& warnings) {
    const physics::CrystalShape shape = e.crystal.shape;
    if (physics::has_spots(shape)) {
        warnings.add("undersampled",
                     format("the spots are finer than the sub-pixels: -oversample %.10g would resolve them", recommended));
        return;
    }
    const int oversample = e.sampling.oversample;
    const double spots = spots_per_pixel(longest_edge(e.crystal.cells, e.crystal.lattice), e.beam.wavelength, e.detector.distance,
                                         e.detector.pixel_size);
    const int enough = sufficient_oversample(spots, static_cast<int>(std::min(recommended, most_subpixels)));
    if (oversample >= enough) return;
    const SamplingError error = expected_sampling_error(spots, oversample);
    const double step = spots / oversample;
    const auto percent = [](double v) { return v > 1 ? std::string("more than 100 %") : format("about %.2g %%", 100 * v); };
    // Below a step of 1 the formula, which knows no diagonals, has no error; docs/oversampling.md has what was measured.
    const std::string sum = step > 1 ? percent(error.sum) : step > 0.75 ? "up to 10 %" : "up to 2 %";
    warnings.add(
        "undersampled",
        format("with -oversample %d a sub-pixel is %.2g spots wide: the sums of single spots are off by %s, their brightest "
               "pixels by %s; -oversample %d is enough",
               oversample, step, sum.c_str(), percent(error.pixel).c_str(), enough));
}

void resolve_sampling(const ReferenceOptions& o, Experiment& e, Warnings& warnings) {
    PixelSampling& s = e.sampling;
    s.thickness = o.sampling.thickness;
    s.polarization = o.sampling.polarization;
    s.solid_angle = o.sampling.solid_angle;
    s.dmin = o.sampling.dmin;
    s.water_thickness = o.sampling.water;
    const double recommended = recommended_oversample(longest_edge(e.crystal.cells, e.crystal.lattice), e.beam.wavelength,
                                                      e.detector.distance, e.detector.pixel_size);
    s.oversample = resolve_oversample(o.sampling.oversample, recommended);
    if (s.oversample < recommended) warn_about_sampling(e, recommended, warnings);
}

bool have_different_weights(const std::vector<Source>& sources) {
    return std::any_of(sources.begin(), sources.end(), [&](const Source& s) { return s.weight != sources.front().weight; });
}

// How the spots of gauss and tophat crystals compare with those of as many cells of the other shapes.
std::string widths_of_spots(const Crystal& c) {
    const auto of = [](double edge, double n, double m) { return edge / metres_per_angstrom / (n * m); };
    const Vec3 &edges = c.lattice.edges, &n = c.cells;
    return format(
        "the spots of gauss and tophat crystals shrink with N^3: here they are %.3g, %.3g and %.3g times as wide along "
        "a, b and c as those of so many cells",
        of(edges.x, n.y, n.z), of(edges.y, n.z, n.x), of(edges.z, n.x, n.y));
}

// Where a defect of the reference changes the image by more than its details, and is not corrected.
void warn_about_defects(const ReferenceOptions& o, const Experiment& e, Warnings& warnings) {
    const PixelSampling& s = e.sampling;
    const Sensor& sensor = e.detector.sensor;
    const auto warn = [&](bool applies, Defect defect, const std::string& what) {
        if (applies && !e.semantics.corrects(defect)) warnings.add(id_of(defect), what + how_to_correct(defect));
    };
    warn((s.thickness || s.polarization || s.solid_angle) && steps_per_pixel(e) > 1, Defect::oversample_product,
         "the options -oversample_thick, -oversample_polar and -oversample_omega multiply the sum so far at every step");
    warn(sensor.layers > 1 && sensor.thickness > 0 && !s.thickness, Defect::layer_capture,
         "all layers of the sensor capture what the deepest does");
    warn(s.water_thickness != 0, Defect::water_twice, "the water is scaled twice");
    warn(have_different_weights(e.beam.sources), Defect::source_weights, "the weights of the sources are not used");
    warn(o.crystal.misset == Misset::random, Defect::random_misset, "random orientations are not uniform");
    warn(has_one_rotation_of_zero(e.scan), Defect::phi_carryover,
         "the phi step at exactly 0 leaves the crystal as the step before left it");
    warn(physics::has_spots(e.crystal.shape) && e.crystal.fudge != 0, Defect::spot_scale, widths_of_spots(e.crystal));
}

void note_what_was_given(const ReferenceOptions& o, checks::Given& given) {
    const PlacementRequest& p = o.detector.placement;
    given.wavelength_is_from_energy = o.beam.wavelength_is_from_energy;
    given.header = o.detector.image_file ? *o.detector.image_file : o.detector.mask_file.value_or("");
    given.distance = p.distance;
    given.close_distance = is_given(p.close_distance) ? p.close_distance : 0;
    given.sensor_thickness = o.detector.sensor_thickness;
    const std::optional<UnitCell> cell = unit_cell(o.crystal);
    if (cell) given.cell_angles = Vec3{cell->alpha, cell->beta, cell->gamma};
    given.centres = centres_given(o.detector);
    given.distances_count = !o.detector.pix0 || !o.own.semantics.corrects(Defect::pix0_overwritten);
}

// A value in the wrong unit may be what makes a run too large.
template <class Step>
void with_likely_meaning(const Warnings& warnings, Step step) {
    try {
        step();
    } catch (const SizeError& error) {
        std::string meaning;
        for (const Warning& warning : warnings.all())
            if (warning.name == "unit" && warning.text.find("; ") != std::string::npos)
                // As in "-lambda 1e-10: ...; 1e-10 looks like metres".
                meaning =
                    "; " + warning.text.substr(0, warning.text.find(' ') + 1) + warning.text.substr(warning.text.rfind("; ") + 2);
        throw SizeError(error.what() + meaning);
    }
}

}  // namespace

Built build_experiment(const ReferenceOptions& o, Warnings& warnings, int threads) {
    Built built;
    Experiment& e = built.experiment;
    e.semantics = o.own.semantics;
    check_header_values(o);
    Vec3& size = built.crystal_size;
    size = o.crystal.size;
    apply_beam_size(o, e.beam, size, warnings);
    const LaboratoryFrame frame = build_detector(o, e.detector, warnings);
    e.scan = {o.scan.phi, resolve_rotation(o.scan.rotation), frame.spindle};
    warn_about_scan(o.scan.rotation, e.scan.rotation, warnings);
    if (!(e.scan.rotation.count >= 1)) throw OptionError("-osc: a range of 0 divided into steps has none; leave out -phistep");
    build_crystal(o, size, e, built, warnings);
    e.structure_factors = o.crystal.structure_factors;
    if (!e.structure_factors)
        e.structure_factors = std::make_shared<const StructureFactors>(read_amplitudes(o, threads, built, warnings));
    e.crystal.interpolate = resolve_interpolation(o.crystal, *e.structure_factors);
    build_beam(o, frame, built, warnings);
    note_what_was_given(o, built.given);
    const auto check = [&] { checks::check_input(e, built.given, warnings); };
    if (o.beam.source_file)
        io::reading_as(io::FileKind::sources, *o.beam.source_file, "rows X Y Z weight lambda of sources", check);
    else check();
    with_likely_meaning(warnings, [&] {
        resolve_sampling(o, e, warnings);
        check_size(e);
    });
    warn_about_defects(o, e, warnings);
    warn_about_seeds(o, warnings);
    built.noise_state = o.seeds.noise.value_or(-static_cast<StreamState>(std::time(nullptr)));
    built.seeds.noise = -built.noise_state;
    return built;
}

}  // namespace nbhybrid::options
