#include "nbhybrid/run/duration.hpp"

#include <algorithm>

#include "nbhybrid/core/text.hpp"

namespace nbhybrid::run {

namespace {

constexpr double hour = 3600;  // seconds

// Seconds that a thread takes for the geometry of a sub-pixel, and for a step. From bench/results/cpu-2core.md: case A (one
// orientation) takes 9.1 ns a step, case B (a hundred) 2.8, gaussian spots 0.22; those that are left to the scalar path 110.
// A device: GPU.md of an H200, 48e9 steps a second.
struct Cost {
    double subpixel, step;
};
constexpr Cost vector_cost{6e-9, 2.8e-9}, culled_cost{6e-9, 0.2e-9}, scalar_cost{60e-9, 110e-9}, device_cost{1e-10, 2.1e-11};

Cost cost_of(const Simulator& simulator) {
    if (simulator.device() != "cpu") return device_cost;
    const Bounds& bounds = simulator.plan().bounds();
    if (!bounds.unsupported_option.empty()) return scalar_cost;
    return bounds.support.is_limited ? culled_cost : vector_cost;
}

// How the number of sub-pixels came about.
std::string culprit_of_oversampling(const options::ReferenceOptions& o, const Experiment& e) {
    const int n = e.sampling.oversample;
    if (o.sampling.oversample > 0) return format("-oversample %d makes %d x %d sub-pixels", n, n, n);
    const Crystal& c = e.crystal;
    const double lengths[] = {c.cells.x * c.lattice.edges.x, c.cells.y * c.lattice.edges.y, c.cells.z * c.lattice.edges.z};
    const double sizes[] = {o.crystal.size.x, o.crystal.size.y, o.crystal.size.z};
    static constexpr const char *axes[] = {"a", "b", "c"}, *count_options[] = {"-Na", "-Nb", "-Nc"};
    const std::size_t axis = static_cast<std::size_t>(std::max_element(lengths, lengths + 3) - lengths);
    const bool same_counts = o.crystal.cells.x == o.crystal.cells.y && o.crystal.cells.y == o.crystal.cells.z;
    std::string option = same_counts ? "-N" : count_options[axis];
    if (sizes[axis] > 0) option = o.crystal.size_options[axis].empty() ? "-xtalsize" : o.crystal.size_options[axis];
    return option +
           format(
               " makes a crystal of %.3g mm along %s, for whose spots %d x %d sub-pixels are taken: give -oversample, or a "
               "small block of the crystal with -mosaic and -mosaic_domains",
               lengths[axis] * 1000, axes[axis], n, n);
}

// The option whose factor is the largest.
std::string culprit(const options::ReferenceOptions& o, const Experiment& e) {
    const double oversample = e.sampling.oversample, sources = static_cast<double>(e.beam.sources.size());
    const double domains = static_cast<double>(e.crystal.domains.size()), phi = e.scan.rotation.count;
    const double layers = e.detector.sensor.layers;
    const double largest = std::max({oversample * oversample, sources, domains, phi, layers});
    if (largest <= 1) return format("the image has %d x %d pixels", e.detector.fast_pixels, e.detector.slow_pixels);
    if (largest == oversample * oversample) return culprit_of_oversampling(o, e);
    if (largest == domains) return format("-mosaic_domains makes %.0f of them", domains);
    if (largest == phi) return format("-phisteps (or -osc and -phistep) makes %.0f steps", phi);
    if (largest == layers) return format("-detector_thicksteps makes %.0f layers", layers);
    return (o.beam.source_file ? "-sourcefile " + *o.beam.source_file + " holds" : "-divergence and -dispersion make") +
           format(" %.0f sources", sources);
}

}  // namespace

Duration expected_duration(const Simulator& simulator, int threads) {
    const Experiment& e = simulator.experiment();
    const Region& r = e.detector.region;
    const double pixels = static_cast<double>(r.fast_last - r.fast_first + 1) * static_cast<double>(r.slow_last - r.slow_first + 1);
    const double subpixels = pixels * e.sampling.oversample * e.sampling.oversample * e.detector.sensor.layers;
    Duration duration;
    duration.device = simulator.device();
    duration.threads = duration.device == "cpu" ? std::max(threads, 1) : 1;
    duration.steps = pixels * steps_per_pixel(e) * e.detector.sensor.layers;
    const Cost cost = cost_of(simulator);
    duration.seconds = (subpixels * cost.subpixel + duration.steps * cost.step) / duration.threads;
    return duration;
}

std::string duration_line(const Duration& d) {
    const std::string where = d.device == "cpu" ? format("%d threads", d.threads) : d.device;
    return format("  %.2g steps: about ", d.steps) + duration_text(d.seconds) + " on " + where + " (an estimate)\n";
}

void warn_about_duration(const BuiltExperiment& built, const Duration& duration, int images, Warnings& warnings) {
    const double seconds = duration.seconds * images;
    if (seconds > hour)
        warnings.add("long-run", "this run will take about " + duration_text(seconds) +
                                     format(" (an estimate, for %.2g steps): ", duration.steps * images) +
                                     culprit(built.options, built.experiment()));
}

}  // namespace nbhybrid::run
