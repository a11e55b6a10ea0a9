#include "nbhybrid/model/beam.hpp"

#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

namespace {

constexpr double most_sources = 1e8;

// Square of a sample's deviation from the centre, in units of the range. An even number of samples is half a step off centre, which
// is subtracted. Without a range it is 0/0 = NaN, and the comparison with it keeps the sample.
double relative_square(const Sampling& s, double deviation) {
    const int is_even = std::fmod(s.count, 2.0) == 0.0 ? 1 : 0;
    return (deviation * deviation - s.step * s.step / 4.0 * is_even) / s.range / s.range;
}

bool outside_ellipse(const SourceGrid& grid, double horizontal, double vertical) {
    double test = relative_square(grid.horizontal, horizontal);
    test += relative_square(grid.vertical, vertical);
    return test * 4.0 > 1.1;
}

double deviation(const Sampling& s, int i) { return s.step * i - s.range / 2.0; }

void add_wavelengths(const SourceGrid& grid, const Vec3& position, std::vector<Source>& sources) {
    for (int i = 0; i < static_cast<int>(grid.dispersion.count); ++i) {
        const double wavelength = grid.wavelength * (1.0 + grid.dispersion.step * i - grid.dispersion.range / 2.0);
        sources.push_back(make_source(position, wavelength, 1.0));
    }
}

}  // namespace

Source make_source(const Vec3& position, double wavelength, double weight) {
    if (!is_finite(position)) throw ModelError("the position of a source is not finite");
    const Vec3 direction = normalized(position);
    if (!is_finite(direction) || norm(direction) < 0.5) throw ModelError("a source has no direction: its position is the sample's");
    if (!(std::isfinite(wavelength) && wavelength > 0))
        throw ModelError(format("a source has the wavelength %g m; it must be positive", wavelength));
    return {direction, wavelength, weight};
}

std::vector<Source> make_source_grid(const SourceGrid& grid) {
    const double largest = grid.horizontal.count * grid.vertical.count * grid.dispersion.count;
    if (!(largest <= most_sources))
        throw SizeError(format("%.10g x %.10g divergence and %.10g wavelength steps make more than %.10g sources",
                               grid.horizontal.count, grid.vertical.count, grid.dispersion.count, most_sources));
    const Vec3 vertical_axis = normalized(cross(grid.direction, grid.polarization_axis));
    std::vector<Source> sources;
    for (int i = 0; i < static_cast<int>(grid.horizontal.count); ++i) {
        for (int j = 0; j < static_cast<int>(grid.vertical.count); ++j) {
            const double horizontal = deviation(grid.horizontal, i);
            const double vertical = deviation(grid.vertical, j);
            if (grid.round && outside_ellipse(grid, horizontal, vertical)) continue;
            const Vec3 centre = -source_distance * grid.direction;
            const Vec3 raised = physics::rotate_about(centre, grid.polarization_axis, vertical);
            add_wavelengths(grid, physics::rotate_about(raised, vertical_axis, horizontal), sources);
        }
    }
    if (sources.empty()) throw ModelError("the divergence steps leave no source inside the ellipse");
    for (Source& source : sources) source.weight = 1.0 / static_cast<double>(sources.size());
    return sources;
}

}  // namespace nbhybrid
