#pragma once
// The rays that come from the sources. Templates are over the type of number: double, or numerics::Dual for derivatives.

#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/beam.hpp"

namespace nbhybrid {

template <class T>
struct IncidentRayT {
    Vec3T<T> direction;
    Vec3T<T> direction_renormalized;  // may differ in the last bits
    T wavelength;
    T weight;  // 1 on average
};
using IncidentRay = IncidentRayT<double>;

// What the weights of sources are divided by.
template <class T>
struct SourceWeights {
    T mean{};
    bool are_equal = true;

    explicit SourceWeights(const std::vector<SourceT<T>>& sources) {
        T sum{};
        for (const SourceT<T>& source : sources) {
            sum += source.weight;
            are_equal = are_equal && source.weight == sources.front().weight;
        }
        mean = sum / T(static_cast<double>(sources.size()));
    }

    T relative(const T& weight) const { return are_equal ? T(1.0) : weight / mean; }
};

template <class T>
IncidentRayT<T> ray_from(const SourceT<T>& source, const SourceWeights<T>& weights) {
    return {-source.position, normalized(-source.position), source.wavelength, weights.relative(source.weight)};
}

}  // namespace nbhybrid
