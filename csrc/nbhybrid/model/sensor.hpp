#pragma once
// The sensor from its thickness and how far photons get in it. Templates are over the type of number: double, or numerics::Dual for
// derivatives.

#include "nbhybrid/model/detector.hpp"
#include "nbhybrid/model/step_counts.hpp"

namespace nbhybrid {

// 1/m, of a depth in m at which 1/e of the photons are left.
template <class T>
T attenuation_of_depth(const T& depth) {
    return T(1.0) / depth;
}

// An attenuation below zero means "not given": then the depth is the thickness.
template <class T>
SensorT<T> make_sensor(const T& thickness, const T& attenuation, double layers) {
    const SamplingT<T> sampling = resolve_layers(layers, thickness);
    SensorT<T> sensor{sampling.range, sampling.step, static_cast<int>(sampling.count), attenuation};
    if (sensor.thickness > T(0.0) && sensor.attenuation < T(0.0)) sensor.attenuation = attenuation_of_depth(sensor.thickness);
    return sensor;
}

}  // namespace nbhybrid
