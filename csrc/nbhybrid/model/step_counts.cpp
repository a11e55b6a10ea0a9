#include "nbhybrid/model/step_counts.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid {

namespace {

constexpr Sampling single_sample{1, 0.0, 0.0};
constexpr double automatic_thickness = 0.5e-6;

bool has_extent(const Sampling& s) { return s.range > 0.0 && s.step > 0.0 && s.count > 0; }

Sampling spread_without_count(double range, double step) {
    if (range < 0.0) return step > 0.0 ? Sampling{2, step, step} : single_sample;
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
    return has_extent(sampling) ? sampling : single_sample;
}

Sampling resolve_rotation(const SamplingRequest& request) {
    const double range = request.range, step = request.step;
    if (request.count < 0) {
        if (range < 0.0) return step > 0.0 ? Sampling{2, step, step} : single_sample;
        return step > 0.0 ? Sampling{std::ceil(range / step), range, step} : Sampling{2, range, range / 2.0};
    }
    const double count = request.count == 0 ? 1 : request.count;
    if (range < 0.0) {
        if (step > 0.0) return {2, step, step};
        const double one_degree = 1.0 / degrees_per_radian;
        return {count, one_degree, one_degree / count};
    }
    return {count, range, step < 0.0 ? range / count : step};
}

Sampling resolve_layers(double count, double thickness) {
    if (thickness < 0.0) return count > 0 ? Sampling{count, automatic_thickness, automatic_thickness / count} : single_sample;
    Sampling layers{2, thickness, thickness / 2};
    if (count > 0) {
        layers.count = count <= 1 ? 2 : count;
        layers.step = thickness / (layers.count - 1);
    }
    return has_extent(layers) ? layers : single_sample;
}

}  // namespace nbhybrid
