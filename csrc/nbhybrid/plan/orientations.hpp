#pragma once
// The crystal's lattice vectors at each phi step and in each mosaic domain. Templates are over the type of number: double, or
// numerics::Dual for derivatives.

#include <cstddef>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/physics/rotation.hpp"

namespace nbhybrid {

// The lattice vectors of one orientation of the crystal, m.
template <class T>
struct AxesT {
    Vec3T<T> a, b, c;
};
using Axes = AxesT<double>;

template <class T>
T phi_of_step(const ScanT<T>& scan, int step) {
    return scan.phi_start + scan.rotation.step * T(step);
}

template <class T>
AxesT<T> rotated(const AxesT<T>& axes, const Vec3& spindle, const T& phi) {
    const Vec3T<T> axis = as<T>(spindle);
    return {physics::rotate_about(axes.a, axis, phi), physics::rotate_about(axes.b, axis, phi),
            physics::rotate_about(axes.c, axis, phi)};
}

template <class T>
AxesT<T> in_domain(const Mat3T<T>& domain, const AxesT<T>& axes) {
    return {domain * axes.a, domain * axes.b, domain * axes.c};
}

// The crystal at each phi step of a sweep that finds it in the orientation `current`; leaves there the one it ends with.
template <class T>
std::vector<AxesT<T>> sweep(const ScanT<T>& scan, const AxesT<T>& unrotated, bool carries_over, AxesT<T>& current) {
    std::vector<AxesT<T>> steps;
    const int count = static_cast<int>(scan.rotation.count);
    steps.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const T phi = phi_of_step(scan, i);
        if (phi != T(0.0)) current = rotated(unrotated, scan.spindle, phi);
        else if (!carries_over) current = unrotated;
        steps.push_back(current);
    }
    return steps;
}

}  // namespace nbhybrid
