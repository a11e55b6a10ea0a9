#include "nbhybrid/model/experiment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid {

namespace {

constexpr double largest_int = 2147483647.0;
constexpr int most_layers = 1000000;
constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;

double machine_bytes() {
    const long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page_size > 0 ? static_cast<double>(pages) * static_cast<double>(page_size) : 1e300;
}

double steps_as_double(const Experiment& e) {
    return static_cast<double>(e.beam.sources.size()) * static_cast<double>(e.crystal.domains.size()) * e.scan.rotation.count *
           e.sampling.oversample * e.sampling.oversample;
}

// Miller indices are rounded to int; half of its range leaves room for the arithmetic around them.
void check_index_range(const Experiment& e) {
    double shortest = e.beam.wavelength;
    for (const Source& source : e.beam.sources) shortest = std::min(shortest, source.wavelength);
    const Vec3& edges = e.crystal.lattice.edges;
    const double largest = 2.0 * std::max({edges.x, edges.y, edges.z}) / shortest;
    if (!(largest < largest_int / 2))
        throw SizeError(format("Miller indices would support %g: the cell is too large for a wavelength of %g Angstrom", largest,
                               shortest * 1e10));
}

}  // namespace

int steps_per_pixel(const Experiment& experiment) { return static_cast<int>(steps_as_double(experiment)); }

bool has_one_rotation_of_zero(const Scan& scan) {
    if (scan.rotation.count <= 1 || scan.rotation.step == 0.0) return false;
    const double near = std::round(-scan.phi_start / scan.rotation.step);
    const auto is_zero = [&](double i) {
        return i >= 0 && i < scan.rotation.count && scan.phi_start + scan.rotation.step * i == 0.0;
    };
    return is_zero(near - 1) || is_zero(near) || is_zero(near + 1);
}

double spots_per_pixel(double longest_edge, double wavelength, double distance, double pixel_size) {
    return longest_edge / (wavelength * distance / pixel_size);
}

double recommended_oversample(double longest_edge, double wavelength, double distance, double pixel_size) {
    const double reciprocal_pixel_size = wavelength * distance / pixel_size;
    return std::max(1.0, std::ceil(3.0 * longest_edge / reciprocal_pixel_size));
}

int resolve_oversample(std::int64_t asked, double recommended) {
    const double chosen = asked > 0 ? static_cast<double>(asked) : recommended;
    if (!(chosen <= most_subpixels))
        throw SizeError(
            format("an oversampling of %.10g takes %.3g steps a pixel; at most 2147483647 can be counted: give a smaller "
                   "-oversample",
                   chosen, chosen * chosen));
    return static_cast<int>(chosen);
}

void check_image_size(double fast_pixels, double slow_pixels) {
    const double pixels = fast_pixels * slow_pixels;
    const double bytes = pixels * sizeof(float);
    if (!(pixels <= largest_int) || !(bytes <= machine_bytes()))
        throw SizeError(
            format("-detpixels, or -detsize and -pixel: an image of %.10g x %.10g pixels would take %.3g GiB; at most %.10g pixels "
                   "and the %.3g GiB of this "
                   "machine are possible",
                   fast_pixels, slow_pixels, bytes / bytes_per_gib, largest_int, machine_bytes() / bytes_per_gib));
}

void check_size(const Experiment& e) {
    const double steps = steps_as_double(e);
    if (!(steps <= largest_int))
        throw SizeError(
            format("a pixel would take %.10g steps (%zu sources x %zu mosaic domains x %.10g phi steps x %d x %d "
                   "sub-pixels); at most %.10g can be counted",
                   steps, e.beam.sources.size(), e.crystal.domains.size(), e.scan.rotation.count, e.sampling.oversample,
                   e.sampling.oversample, largest_int));
    if (e.detector.sensor.layers > most_layers)
        throw SizeError(format("%d sensor layers of %.10g steps each; at most %d layers are possible", e.detector.sensor.layers,
                               steps, most_layers));
    const double edge = std::max(e.detector.fast_pixels, e.detector.slow_pixels);
    if (!(edge * e.sampling.oversample <= largest_int))
        throw SizeError(
            format("%.10g x %d sub-pixels along an edge of the image are more than can be counted", edge, e.sampling.oversample));
    check_index_range(e);
}

}  // namespace nbhybrid
