#pragma once
// How many steps a spread is sampled in, when the user gives some of (count, range, step) and leaves the rest open. Each function
// follows the reference's choices, of which some surprise; they are noted where they are made. Templates are over the type of
// number: double, or numerics::Dual for derivatives.

namespace nbhybrid {

// Regular samples of a spread: step * i for i = 0 .. count - 1, laid out over `range`.
template <class T>
struct SamplingT {
    double count = 1;  // a whole number; not yet an int, since range / step may exceed one
    T range{};
    T step{};
};
using Sampling = SamplingT<double>;

// What the user said. A count of zero or less, a negative range and a step of zero or less mean "not given".
template <class T>
struct SamplingRequestT {
    double count = -1;
    T range{-1};
    T step{-1};
};
using SamplingRequest = SamplingRequestT<double>;

// Beam divergence along one axis and relative spread of wavelengths. A range alone is sampled at its start and its end; a count
// alone means a range of 1. Anything without extent becomes a single sample.
Sampling resolve_spread(const SamplingRequest& request);

// Rotation about the spindle. A range alone gives two steps of half of it, a count alone a range of one degree.
// A count of 0 asks for one step; only a negative one means "not given". The count is 0 for a range of 0 cut into steps.
template <class T = double>
SamplingT<T> resolve_rotation(const SamplingRequestT<T>& request);

// Sensor layers from the count and the thickness (m): two unless more are asked for, none without thickness (count 1, step 0).
// With a count the layers lie thickness / (count - 1) apart. A negative thickness means "not given": half a micrometre if layers
// are asked for, none otherwise.
template <class T = double>
SamplingT<T> resolve_layers(double count, const T& thickness);

}  // namespace nbhybrid
