#include "nbhybrid/run/simulation.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/large_pages.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/image/pixel_loops.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/run/blank_image.hpp"
#include "nbhybrid/run/clipping.hpp"
#include "nbhybrid/run/duration.hpp"
#include "nbhybrid/run/printout.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::run {

namespace {

struct NamedOutput {
    std::string option, path;
};

// The reference's options do as the reference does; ours need not.
void share_name(const NamedOutput& output, const std::string& what_it_is, const char* what_happens, Warnings& warnings) {
    if (output.option.substr(0, 2) == "--")
        throw OptionError(output.option + " " + output.path + ": is " + what_it_is + ", expected a name of its own");
    warnings.add("shared-file", output.path + " " + what_happens);
}

}  // namespace

Simulation::Simulation(std::shared_ptr<const BuiltExperiment> built, int threads)
    : built_(std::move(built)), options_(built_->options), threads_(threads), image_files_(image_files_of(options_.output)) {
    check_outputs();
    warn_about_shared_names();
    warn_about_formats();
    simulator_ =
        std::make_unique<Simulator>(built_->experiment(), threads_, kernel::Way{options_.own.engine, options_.own.verify, true});
    warnings_.add(simulator_->warnings());
    const Bounds& bounds = simulator_->plan().bounds();
    if (options_.own.engine == Engine::fast && !bounds.unsupported_option.empty())
        warnings_.add("engine-changed", "--engine fast: the exact engine renders this run, since " + bounds.unsupported_option);
    else if (options_.own.engine == Engine::fast && !bounds.unsupported_in_float.empty())
        warnings_.add("engine-changed", "--engine fast: the exact engine renders this run, since " + bounds.unsupported_in_float);
    prepare_traces();
}

void Simulation::use_device(std::shared_ptr<kernel::Device> device) { simulator_->use_device(std::move(device)); }

std::string Simulation::foresee() {
    constexpr double worth_a_line = 60;  // s
    const Duration duration = expected_duration(*simulator_, threads_);
    warn_about_duration(*built_, duration, 1, warnings_);
    return duration.seconds < worth_a_line ? "" : duration_line(duration);
}

// Says where the name of a file promises another format, and what formats cannot hold of this experiment.
void Simulation::warn_about_formats() {
    std::vector<const io::ImageFormat*> known;
    for (const ImageFile& file : image_files_) {
        if (file.format == nullptr) continue;
        const std::string format_named = io::format_named_by(file.path);
        if (!format_named.empty() && format_named != file.format->title)
            warnings_.add("file-format", file.option + (" " + file.path) + ": is written as " + std::string(file.format->title) +
                                             ", although its name is that of " + format_named +
                                             ": give another name, or convert it afterwards");
        if (std::find(known.begin(), known.end(), file.format) == known.end()) known.push_back(file.format);
    }
    for (const io::ImageFormat* format : known)
        if (format->warn != nullptr) format->warn(built_->experiment(), warnings_);
}

// Says where a file would be written twice, or over an input.
void Simulation::warn_about_shared_names() {
    const options::OwnOptions& own = options_.own;
    std::vector<NamedOutput> outputs;
    if (write_dump_) outputs.push_back({"-dump", options_.crystal.dump_file});
    for (const ImageFile& file : image_files_) outputs.push_back({file.option, file.path});
    if (own.trace_steps && !own.trace_pixels.empty()) outputs.push_back({"--trace-file", own.trace_file});
    if (!own.json_file.empty()) outputs.push_back({"--json", own.json_file});
    const std::optional<std::string> inputs[] = {options_.crystal.hkl_file, options_.crystal.matrix_file, options_.beam.source_file,
                                                 options_.detector.mask_file, options_.detector.image_file};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!io::is_regular_or_new(outputs[i].path)) continue;
        for (std::size_t j = 0; j < i; ++j)
            if (io::same_file(outputs[i].path, outputs[j].path))
                share_name(outputs[i], "the file of " + outputs[j].option, "is the name of two outputs: only one of them remains",
                           warnings_);
        for (const std::optional<std::string>& input : inputs)
            if (input && io::same_file(outputs[i].path, *input))
                share_name(outputs[i], "an input", "is an input, and is replaced by an output", warnings_);
    }
}

void Simulation::check_outputs() {
    for (const ImageFile& file : image_files_) io::check_writable(file.path);
    if (!options_.own.trace_pixels.empty() && options_.own.trace_steps) io::check_writable(options_.own.trace_file);
    if (!options_.own.json_file.empty()) io::check_writable(options_.own.json_file);
    write_dump_ = built_->built.table_was_read_from_text;
    if (!write_dump_) return;
    try {
        io::check_writable(options_.crystal.dump_file);
    } catch (const OutputFileError& error) {
        // The cache is a by-product that nobody may have asked for.
        if (options_.crystal.dump_file_given) throw;
        warnings_.add("dump-file", std::string(error.what()) + ": the table of amplitudes is not kept for a later run");
        write_dump_ = false;
    }
}

void Simulation::prepare_traces() {
    const Detector& d = experiment().detector;
    for (const options::PixelAddress& pixel : options_.own.trace_pixels) {
        if (pixel.slow >= d.slow_pixels || pixel.fast >= d.fast_pixels)
            throw OptionError(format("--trace-pixel %lld %lld: the image has %d x %d (slow x fast) pixels",
                                     static_cast<long long>(pixel.slow), static_cast<long long>(pixel.fast), d.slow_pixels,
                                     d.fast_pixels));
        traces_.pixels.push_back({static_cast<int>(pixel.slow), static_cast<int>(pixel.fast)});
    }
    const options::OutputOptions& o = options_.output;
    if (o.printout && (o.printout_fast >= d.fast_pixels || o.printout_slow >= d.slow_pixels))
        warnings_.add("no-effect", format("-printout_pixel %lld %lld has no effect: the image has %d x %d (fast x slow) pixels",
                                          static_cast<long long>(o.printout_fast), static_cast<long long>(o.printout_slow),
                                          d.fast_pixels, d.slow_pixels));
    traces_.steps = options_.own.trace_steps;
    kernel::check_trace_size(simulator_->plan(), traces_.pixels.size(), traces_.steps);
}

image::ImageView Simulation::view() const {
    const Detector& d = experiment().detector;
    return {image_.get(), d.fast_pixels, d.slow_pixels, d.region, d.mask.data()};
}

std::string Simulation::description() const {
    const Experiment& e = experiment();
    const Detector& d = e.detector;
    std::string text = format("%s convention, pivot at the %s\n", name_of(d.convention), name_of(d.pivot));
    if (semantics() != "reference") text += "  semantics: " + semantics() + "\n";
    text += format("  %d x %d pixels of %g mm at %g mm\n", d.fast_pixels, d.slow_pixels, d.pixel_size * 1000, d.distance * 1000);
    text += format("  wavelength %g A, %g photons/m^2\n", e.beam.wavelength * 1e10, e.beam.fluence);
    text += format("  %s crystal of %.15g x %.15g x %.15g cells, %lld amplitudes (others %g)%s\n", name_of(e.crystal.shape),
                   e.crystal.cells.x, e.crystal.cells.y, e.crystal.cells.z, static_cast<long long>(e.structure_factors->entries),
                   e.structure_factors->default_amplitude, e.crystal.interpolate ? ", interpolated" : "");
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

Configuration Simulation::configuration() const { return configuration_of(experiment()); }

void Simulation::render(const Watch& watch) {
    // Not set to zero: each thread is then the first to touch the memory that it fills.
    if (!image_) {
        const auto pixels = static_cast<std::size_t>(experiment().detector.pixels());
        image_.reset(new float[pixels]);
        ask_for_large_pages(image_.get(), pixels * sizeof(float));
    }
    kernel::RenderRequest request = simulator_->request();
    request.trace = traces_;
    request.wanted.solid_angles = true;
    request.threads = threads_;
    request.watch = watch;
    request.target.images = {image_.get()};
    rendered_ = kernel::render(request);
    if (counts().wrong != 0)
        warnings_.add("verify-failed", format("%lld pixels differ from the scalar path's: this must not happen, please report it",
                                              static_cast<long long>(counts().wrong)));
}

void Simulation::measure() {
    // With fewer pixels starting a thread takes longer than their sums; and more threads than this wait for each other.
    constexpr std::int64_t pixels_worth_a_thread = 2000000, most_threads = 8;
    const Region& r = experiment().detector.region;
    const std::int64_t pixels = std::int64_t{r.fast_last - r.fast_first + 1} * (r.slow_last - r.slow_first + 1);
    const auto threads = static_cast<int>(std::min({std::int64_t{threads_}, pixels / pixels_worth_a_thread, most_threads}));
    statistics_ =
        image::measure(view(), image::pixel_loops(kernel::vector_kernel().isa),
                       [&](std::int64_t tasks, const std::function<void(std::int64_t)>& work) {
                           kernel::StopSign never;
                           kernel::for_each_task(tasks, threads > 1 ? threads : kernel::callers_thread, never, nullptr, work);
                       });
    if (!std::isfinite(statistics_.mean)) warnings_.add("not-finite", "the image has pixels that are not finite numbers");
    warn_if_blank(image_.get(), experiment(), warnings_);
    const double scale = image::integer_scale(options_.output.integer_scale, statistics_);
    for (const ImageFile& file : image_files_) warn_if_clipped(file, view(), scale, options_.output.adc_offset, warnings_);
}

std::string Simulation::statistics_text() const {
    const DetectorStage& d = simulator_->plan().view().detector;
    const int steps = simulator_->plan().view().scale.steps;
    // The reference names the corner of the brightest pixel's last sub-pixel's centre, in metres.
    const auto last_centre = [&](int pixel) {
        return pixel < 0 ? 0.0 : physics::subpixel_centre(d.subpixel_size, pixel * d.oversample + d.oversample - 1);
    };
    std::string text = format("solid angle subtended by detector = %g steradian ( %g%% sphere)\n", totals().solid_angles / steps,
                              100 * totals().solid_angles / steps / 4 / pi);
    text += format("max_I = %g  at %g %g\n", statistics_.max, last_centre(statistics_.max_fast), last_centre(statistics_.max_slow));
    text += format("mean= %g rms= %g rmsd= %g\n", statistics_.mean, statistics_.rms, statistics_.rmsd);
    const double scale = image::integer_scale(options_.output.integer_scale, statistics_);
    text += format("intfile_scale = %g\n", scale);
    if (options_.output.write_pgm)
        text += format("pgm_scale = %g\n", image::pgm_scale(options_.output.pgm_scale, scale, statistics_));
    return text;
}

std::string Simulation::trace_text() const { return traces().empty() ? "" : trace::summary_text(simulator_->plan(), traces()); }

std::string Simulation::printout_text(int slow) const {
    if (!options_.output.printout) return "";
    return run::printout_text(simulator_->plan(), experiment(), options_.output, slow);
}

std::string Simulation::noise_text() const {
    if (!noise_written_) return "";
    return format("%.0f photons on noise image (%lld overloads)\n", noise_.photons, static_cast<long long>(noise_.overloads));
}

std::vector<std::string> Simulation::write(const Watch& watch) {
    FileWriter writer(view(), experiment(), options_.output, statistics_);
    // First, as in the reference: of outputs of one name the last remains.
    if (write_dump_) writer.add_dump(options_.crystal.dump_file);
    for (const ImageFile& file : image_files_) {
        if (file.shows == Shows::counted) writer.add_noise(file, built_->built.deviates, built_->built.noise_state, noise_);
        else if (file.format != nullptr) writer.add_image(file);
    }
    if (traces_.steps && !traces_.pixels.empty()) writer.add_steps(options_.own.trace_file, traces());
    noise_ = {};
    std::vector<std::string> paths = writer.commit(threads_, watch);
    noise_written_ = options_.output.write_noise;
    committed_ = true;
    return paths;
}

}  // namespace nbhybrid::run
