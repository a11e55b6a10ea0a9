#include "nbhybrid/checks/blank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"

namespace nbhybrid::checks {

namespace {

constexpr double angstrom_per_metre = 1e10;

// Lengths of scattering vectors, 1/Angstrom.
struct Shell {
    double low = std::numeric_limits<double>::infinity();
    double high = 0;

    void add(double length) {
        low = std::min(low, length);
        high = std::max(high, length);
    }
    bool empty() const { return !(low <= high); }
    // As spacings, the larger first.
    std::string text() const { return low > 0 ? format("%.3g to %.3g A", 1 / low, 1 / high) : format("%.3g A and more", 1 / high); }
};

bool mask_leaves_nothing(const Detector& d) {
    if (d.mask.empty()) return false;
    for (int slow = d.region.slow_first; slow <= d.region.slow_last; ++slow) {
        const std::uint16_t* const row = d.mask.data() + static_cast<std::int64_t>(slow) * d.fast_pixels;
        if (std::any_of(row + d.region.fast_first, row + d.region.fast_last + 1, [](std::uint16_t value) { return value != 0; }))
            return false;
    }
    return true;
}

Vec3 direction_to(const Detector& d, const Vec3& beam, double fast, double slow) {
    const Vec3 flat =
        physics::flat_position(fast * d.pixel_size * d.fast_axis, slow * d.pixel_size * d.slow_axis, Vec3{}, d.origin);
    return normalized(d.curved ? physics::curved_position(flat, d.distance, beam, d.fast_axis, d.slow_axis) : flat);
}

// The range of scattering vectors that the region covers: from a grid of points on it, with a margin for what lies between them.
Shell shell_of_image(const Experiment& e) {
    constexpr int most_places = 200;  // along each axis
    const Detector& d = e.detector;
    const auto places = [most_places](int first, int last) {
        const int count = std::min(last - first + 2, most_places);
        std::vector<double> at(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) at[static_cast<std::size_t>(i)] = first + (last + 1.0 - first) * i / (count - 1);
        return at;
    };
    const std::vector<double> fast = places(d.region.fast_first, d.region.fast_last);
    const std::vector<double> slow = places(d.region.slow_first, d.region.slow_last);
    Shell shell;
    double largest_step = 0, before = -1;
    for (const Source& source : {e.beam.sources.front(), e.beam.sources.back()}) {
        for (const double s : slow) {
            for (const double f : fast) {
                const Vec3 q =
                    physics::scattering_vector(direction_to(d, e.beam.direction, f, s), -source.position, source.wavelength);
                const double length = norm(q) / angstrom_per_metre;
                if (f != fast.front()) largest_step = std::max(largest_step, std::fabs(length - before));
                before = length;
                shell.add(length);
            }
        }
    }
    shell.low = std::max(0.0, shell.low - largest_step);
    shell.high += largest_step;
    return shell;
}

struct Contents {
    bool any = false;     // an amplitude other than 0
    bool within = false;  // one of them in the shell
    Shell shell;          // of all of them
};

Contents contents_of(const StructureFactors& f, const Lattice& lattice, const Shell& image) {
    Contents found;
    for (std::int64_t h = 0; h < f.h.count(); ++h)
        for (std::int64_t k = 0; k < f.k.count(); ++k)
            for (std::int64_t l = 0; l < f.l.count(); ++l) {
                const auto at = static_cast<std::size_t>(h) * f.stride_h() + static_cast<std::size_t>(k) * f.stride_k();
                if (f.values[at + static_cast<std::size_t>(l)] == 0) continue;
                const auto index = [](std::int64_t i, const IndexRange& range) { return static_cast<double>(range.min + i); };
                const double length =
                    norm(index(h, f.h) * lattice.a_star + index(k, f.k) * lattice.b_star + index(l, f.l) * lattice.c_star);
                found.any = true;
                found.shell.add(length);
                found.within = found.within || (length >= image.low && length <= image.high);
            }
    return found;
}

// A spot extends at least this far from its reflection, 1/Angstrom: half way to the next one.
double half_way(const Lattice& lattice) { return 0.5 * (norm(lattice.a_star) + norm(lattice.b_star) + norm(lattice.c_star)); }

}  // namespace

std::string why_dark(const Experiment& e) {
    if (e.beam.fluence == 0) return "the fluence is 0 (-fluence, or -flux, -exposure and -beamsize)";
    if (mask_leaves_nothing(e.detector)) return "the mask leaves no pixel of the region (-mask, -roi)";
    if (e.sampling.thickness && !(e.detector.sensor.thickness > 0))
        return "-oversample_thick without -detector_thick: a sensor without thickness captures nothing";
    if (e.detector.sensor.thickness > 0 && !(e.detector.sensor.attenuation > 0))
        return "a sensor that attenuates nothing captures nothing (-detector_abs)";
    return "";
}

std::string why_no_diffraction(const Experiment& e) {
    const StructureFactors& f = *e.structure_factors;
    Shell image = shell_of_image(e);
    if (e.sampling.dmin > 0) {
        const double finest = 1 / (e.sampling.dmin * angstrom_per_metre);
        if (image.low > finest)
            return format("every pixel lies beyond -dmin %g: the image looks at ", e.sampling.dmin * angstrom_per_metre) +
                   image.text();
        image.high = std::min(image.high, finest);
    }
    if (f.default_amplitude != 0) return "";
    if (!f.has_table()) return "all amplitudes are 0 (-hkl, -default_F)";
    const double margin = half_way(e.crystal.lattice);
    const Contents contents = contents_of(f, e.crystal.lattice, {std::max(0.0, image.low - margin), image.high + margin});
    if (!contents.any) return "all amplitudes are 0 (-hkl, -default_F)";
    if (!contents.within)
        return "no reflection of the table lies at the resolution of the image: the table holds " + contents.shell.text() +
               ", the image looks at " + image.text() + ", and -default_F is 0";
    return "";
}

std::string why_blank(const Experiment& e) {
    const std::string dark = why_dark(e);
    return dark.empty() ? why_no_diffraction(e) : dark;
}

}  // namespace nbhybrid::checks
