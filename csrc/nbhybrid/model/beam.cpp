#include "nbhybrid/model/beam.hpp"

#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

using numerics::Dual;
using numerics::value_of;

namespace {

constexpr double most_sources = 1e8;

// Square of a sample's deviation from the centre, in units of the range. An even number of samples is half a step off centre, which
// is subtracted. Without a range it is 0/0 = NaN, and the comparison with it keeps the sample.
double relative_square(const Sampling& s, double deviation) {
    const int is_even = std::fmod(s.count, 2.0) == 0.0 ? 1 : 0;
    return (deviation * deviation - s.step * s.step / 4.0 * is_even) / s.range / s.range;
}

template <class T>
bool outside_ellipse(const SourceGridT<T>& grid, double horizontal, double vertical) {
    double test = relative_square(grid.horizontal, horizontal);
    test += relative_square(grid.vertical, vertical);
    return test * 4.0 > 1.1;
}

double deviation(const Sampling& s, int i) { return s.step * i - s.range / 2.0; }

template <class T>
void add_wavelengths(const SourceGridT<T>& grid, const Vec3& position, std::vector<SourceT<T>>& sources) {
    for (int i = 0; i < static_cast<int>(grid.dispersion.count); ++i) {
        const T wavelength = grid.wavelength * T(1.0 + grid.dispersion.step * i - grid.dispersion.range / 2.0);
        sources.push_back(make_source(as<T>(position), wavelength, T(1.0)));
    }
}

}  // namespace

template <class T>
SourceT<T> make_source(const Vec3T<T>& position, const std::common_type_t<T>& wavelength, const std::common_type_t<T>& weight) {
    if (!is_finite(position)) throw ModelError("the position of a source is not finite");
    const Vec3T<T> direction = normalized(position);
    if (!is_finite(direction) || norm(direction) < T(0.5))
        throw ModelError("a source has no direction: its position is the sample's");
    if (!(std::isfinite(value_of(wavelength)) && wavelength > T(0)))
        throw ModelError(format("a source has the wavelength %g m; it must be positive", value_of(wavelength)));
    return {direction, wavelength, weight};
}

template <class T>
std::vector<SourceT<T>> make_source_grid(const SourceGridT<T>& grid) {
    const double largest = grid.horizontal.count * grid.vertical.count * grid.dispersion.count;
    if (!(largest <= most_sources))
        throw SizeError(format("%.10g x %.10g divergence and %.10g wavelength steps make more than %.10g sources",
                               grid.horizontal.count, grid.vertical.count, grid.dispersion.count, most_sources));
    const Vec3 vertical_axis = normalized(cross(grid.direction, grid.polarization_axis));
    std::vector<SourceT<T>> sources;
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
    for (SourceT<T>& source : sources) source.weight = T(1.0 / static_cast<double>(sources.size()));
    return sources;
}

template Source make_source(const Vec3&, const double&, const double&);
template SourceT<Dual> make_source(const Vec3T<Dual>&, const Dual&, const Dual&);
template std::vector<Source> make_source_grid(const SourceGrid&);
template std::vector<SourceT<Dual>> make_source_grid(const SourceGridT<Dual>&);

}  // namespace nbhybrid
