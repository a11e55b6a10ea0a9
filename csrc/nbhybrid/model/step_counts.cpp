#include "nbhybrid/model/step_counts.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/numerics/dual.hpp"

namespace nbhybrid {

namespace {

template <class T>
constexpr SamplingT<T> single_sample{1, T(0.0), T(0.0)};
constexpr double automatic_thickness = 0.5e-6;

template <class T>
bool has_extent(const SamplingT<T>& s) {
    return s.range > T(0.0) && s.step > T(0.0) && s.count > 0;
}

Sampling spread_without_count(double range, double step) {
    if (range < 0.0) return step > 0.0 ? Sampling{2, step, step} : single_sample<double>;
    return step > 0.0 ? Sampling{std::ceil(range / step), range, step} : Sampling{2, range, range};
}

Sampling spread_with_count(double count, double range, double step) {
    if (range < 0.0) return step > 0.0 ? Sampling{2, step, step} : Sampling{count, 1.0, 1.0 / count};
    if (step > 0.0) return {count, range, step};
    const double at_least_two = count <= 1 ? 2 : count;
    return {at_least_two, range, range / (at_least_two - 1)};
}

}  // namespace

Sampling resolve_spread(const SamplingRequest& request) {
    const Sampling sampling = request.count <= 0 ? spread_without_count(request.range, request.step)
                                                 : spread_with_count(request.count, request.range, request.step);
    return has_extent(sampling) ? sampling : single_sample<double>;
}

template <class T>
SamplingT<T> resolve_rotation(const SamplingRequestT<T>& request) {
    const T range = request.range, step = request.step;
    if (request.count < 0) {
        if (range < T(0.0)) return step > T(0.0) ? SamplingT<T>{2, step, step} : single_sample<T>;
        return step > T(0.0) ? SamplingT<T>{std::ceil(numerics::value_of(range / step)), range, step}
                             : SamplingT<T>{2, range, range / T(2.0)};
    }
    const double count = request.count == 0 ? 1 : request.count;
    if (range < T(0.0)) {
        if (step > T(0.0)) return {2, step, step};
        const double one_degree = 1.0 / degrees_per_radian;
        return {count, T(one_degree), T(one_degree / count)};
    }
    return {count, range, step < T(0.0) ? range / T(count) : step};
}

template <class T>
SamplingT<T> resolve_layers(double count, const T& thickness) {
    if (thickness < T(0.0))
        return count > 0 ? SamplingT<T>{count, T(automatic_thickness), T(automatic_thickness / count)} : single_sample<T>;
    SamplingT<T> layers{2, thickness, thickness / T(2)};
    if (count > 0) {
        layers.count = count <= 1 ? 2 : count;
        layers.step = thickness / T(layers.count - 1);
    }
    return has_extent(layers) ? layers : single_sample<T>;
}

template Sampling resolve_rotation(const SamplingRequest&);
template SamplingT<numerics::Dual> resolve_rotation(const SamplingRequestT<numerics::Dual>&);
template Sampling resolve_layers(double, const double&);
template SamplingT<numerics::Dual> resolve_layers(double, const numerics::Dual&);

}  // namespace nbhybrid
