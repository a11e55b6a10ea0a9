#include "nbhybrid/run/simulation.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/run/printout.hpp"
#include "nbhybrid/run/write_files.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::run {

namespace {

// Records of traced steps are held in memory until they are written.
constexpr double most_trace_bytes = 4.0 * 1024 * 1024 * 1024;

}  // namespace

Simulation::Simulation(options::ReferenceOptions options, int threads)
    : options_(std::move(options)), threads_(threads), built_(options::build_experiment(options_, warnings_)) {
    check_outputs();
    warn_about_shared_names();
    plan_ = std::make_unique<Plan>(built_.experiment);
    prepare_traces();
    kernel::StopSign stop;
    kernel::resolve_carry_over(*plan_, threads_, stop, nullptr);
}

// Says where a file would be written twice, or over an input.
void Simulation::warn_about_shared_names() {
    const options::OutputOptions& o = options_.output;
    const options::OwnOptions& own = options_.own;
    std::vector<std::string> outputs = {o.float_file, o.integer_file};
    if (o.write_pgm) outputs.push_back(o.pgm_file);
    if (o.write_noise) outputs.push_back(o.noise_file);
    if (write_dump_) outputs.push_back(options_.crystal.dump_file);
    if (own.trace_steps && !own.trace_pixels.empty()) outputs.push_back(own.trace_file);
    if (!own.json_file.empty()) outputs.push_back(own.json_file);
    const std::optional<std::string> inputs[] = {options_.crystal.hkl_file, options_.crystal.matrix_file, options_.beam.source_file,
                                                 options_.detector.mask_file, options_.detector.image_file};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!io::is_regular_or_new(outputs[i])) continue;
        for (std::size_t j = 0; j < i; ++j)
            if (io::same_file(outputs[i], outputs[j]))
                warnings_.add(outputs[i] + " is the name of two outputs: only one of them remains");
        for (const std::optional<std::string>& input : inputs)
            if (input && io::same_file(outputs[i], *input))
                warnings_.add(outputs[i] + " is an input, and is replaced by an output");
    }
}

void Simulation::check_outputs() {
    const options::OutputOptions& o = options_.output;
    io::check_writable(o.float_file);
    io::check_writable(o.integer_file);
    if (o.write_pgm) io::check_writable(o.pgm_file);
    if (o.write_noise) io::check_writable(o.noise_file);
    if (!options_.own.trace_pixels.empty() && options_.own.trace_steps) io::check_writable(options_.own.trace_file);
    if (!options_.own.json_file.empty()) io::check_writable(options_.own.json_file);
    write_dump_ = built_.table_was_read_from_text;
    if (!write_dump_) return;
    try {
        io::check_writable(options_.crystal.dump_file);
    } catch (const OutputFileError& error) {
        // The cache is a by-product that nobody may have asked for.
        if (options_.crystal.dump_file_given) throw;
        warnings_.add(std::string(error.what()) + ": the table of amplitudes is not kept for a later run");
        write_dump_ = false;
    }
}

void Simulation::prepare_traces() {
    const Detector& d = built_.experiment.detector;
    for (const options::PixelAddress& pixel : options_.own.trace_pixels) {
        if (pixel.slow >= d.slow_pixels || pixel.fast >= d.fast_pixels)
            throw OptionError(format("--trace-pixel %lld %lld: the image has %d x %d (slow x fast) pixels",
                                     static_cast<long long>(pixel.slow), static_cast<long long>(pixel.fast), d.slow_pixels,
                                     d.fast_pixels));
        kernel::PixelRecord record;
        record.slow = static_cast<int>(pixel.slow);
        record.fast = static_cast<int>(pixel.fast);
        traces_.pixels.push_back(record);
    }
    traces_.steps = options_.own.trace_steps;
    const double steps = static_cast<double>(plan_->view().scale.steps) * plan_->view().sensor.layers;
    const double bytes = traces_.steps ? steps * static_cast<double>(traces_.pixels.size() * sizeof(kernel::StepRecord)) : 0;
    if (bytes > most_trace_bytes)
        throw SizeError(
            format("--trace-level steps: %zu pixels of %.0f steps take %.3g GiB; at most 4 are possible: trace fewer pixels",
                   traces_.pixels.size(), steps, bytes / (1024.0 * 1024 * 1024)));
}

image::ImageView Simulation::view() const {
    const Detector& d = built_.experiment.detector;
    return {image_.data(), d.fast_pixels, d.slow_pixels, d.region, d.mask.data()};
}

std::string Simulation::description() const {
    const Experiment& e = built_.experiment;
    const Detector& d = e.detector;
    std::string text = format("%s convention, pivot at the %s\n", name_of(d.convention), name_of(d.pivot));
    if (semantics() != "reference") text += "  semantics: " + semantics() + "\n";
    text += format("  %d x %d pixels of %g mm at %g mm\n", d.fast_pixels, d.slow_pixels, d.pixel_size * 1000, d.distance * 1000);
    text += format("  wavelength %g A, %g photons/m^2\n", e.beam.wavelength * 1e10, e.beam.fluence);
    text += format("  %s crystal of %.0f x %.0f x %.0f cells, %lld amplitudes (others %g)%s\n", name_of(e.crystal.shape),
                   e.crystal.cells.x, e.crystal.cells.y, e.crystal.cells.z, static_cast<long long>(e.structure_factors.entries),
                   e.structure_factors.default_amplitude, e.crystal.interpolate ? ", interpolated" : "");
    text += format("  %zu sources\n", e.beam.sources.size());
    text += format("  %zu mosaic domains over mosaic spread of %g degrees\n", e.crystal.domains.size(),
                   e.crystal.mosaic_spread * degrees_per_radian);
    text += format("  %.0f phi steps from %g to %g degrees\n", e.scan.rotation.count, e.scan.phi_start * degrees_per_radian,
                   (e.scan.phi_start + e.scan.rotation.range) * degrees_per_radian);
    text += format("  %dx%d pixel oversample steps%s%s%s\n", e.sampling.oversample, e.sampling.oversample,
                   e.sampling.thickness ? " +thick" : "", e.sampling.polarization ? " +polar" : "",
                   e.sampling.solid_angle ? " +omega" : "");
    return text;
}

Configuration Simulation::configuration() const { return configuration_of(built_.experiment); }

void Simulation::render(const Watch& watch) {
    image_.assign(static_cast<std::size_t>(built_.experiment.detector.pixels()), 0.0F);
    kernel::StopSign stop;
    totals_ = kernel::render(*plan_, image_.data(), traces_, threads_, stop, watch);
    statistics_ = image::measure(view());
    if (!std::isfinite(statistics_.mean)) warnings_.add("the image has pixels that are not finite numbers");
}

std::string Simulation::statistics_text() const {
    const DetectorStage& d = plan_->view().detector;
    const int steps = plan_->view().scale.steps;
    // The reference names the corner of the brightest pixel's last sub-pixel's centre, in metres.
    const auto last_centre = [&](int pixel) {
        return pixel < 0 ? 0.0 : physics::subpixel_centre(d.subpixel_size, pixel * d.oversample + d.oversample - 1);
    };
    std::string text = format("solid angle subtended by detector = %g steradian ( %g%% sphere)\n", totals_.solid_angles / steps,
                              100 * totals_.solid_angles / steps / 4 / pi);
    text += format("max_I = %g  at %g %g\n", statistics_.max, last_centre(statistics_.max_fast), last_centre(statistics_.max_slow));
    text += format("mean= %g rms= %g rmsd= %g\n", statistics_.mean, statistics_.rms, statistics_.rmsd);
    const double scale = image::integer_scale(options_.output.integer_scale, statistics_);
    text += format("intfile_scale = %g\n", scale);
    if (options_.output.write_pgm)
        text += format("pgm_scale = %g\n", image::pgm_scale(options_.output.pgm_scale, scale, statistics_));
    return text;
}

std::string Simulation::trace_text() const { return traces_.pixels.empty() ? "" : trace::summary_text(*plan_, traces_.pixels); }

std::string Simulation::printout_text(int slow) const {
    if (!options_.output.printout) return "";
    return run::printout_text(*plan_, built_.experiment, options_.output, slow);
}

std::string Simulation::noise_text() const {
    if (!noise_written_) return "";
    return format("%.0f photons on noise image (%lld overloads)\n", noise_.photons, static_cast<long long>(noise_.overloads));
}

std::vector<std::string> Simulation::write(const Watch& watch) {
    FileWriter writer(view(), built_.experiment, options_.output, statistics_, watch);
    // First, as in the reference: of outputs of one name the last remains.
    if (write_dump_) writer.write_dump(options_.crystal.dump_file);
    writer.write_float();
    writer.write_integer();
    if (options_.output.write_pgm) writer.write_pgm();
    if (options_.output.write_noise) {
        noise_ = writer.write_noise(built_.deviates, built_.noise_state);
        noise_written_ = true;
    }
    if (traces_.steps && !traces_.pixels.empty()) writer.write_steps(options_.own.trace_file, traces_.pixels);
    std::vector<std::string> paths = writer.commit();
    committed_ = true;
    return paths;
}

}  // namespace nbhybrid::run
