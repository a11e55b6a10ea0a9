#pragma once
// Arrays of one number for each of the pixels that are computed side by side.

#include <cstddef>
#include <type_traits>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid::numerics {
inline namespace NBHYBRID_ISA {

// A cache line; arrays that go through vector registers begin on one.
inline constexpr std::size_t line_bytes = 64;

// The lane of a block of one pixel, whatever its number: what needs no array stays in registers on a device.
template <class T>
struct OneLane {
    T value{};
    NBHYBRID_HOST_DEVICE T& operator[](int) { return value; }
    NBHYBRID_HOST_DEVICE const T& operator[](int) const { return value; }
};

template <class T, int width>
using Lanes = std::conditional_t<width == 1, OneLane<T>, T[width]>;

template <int width>
struct alignas(width > 1 ? line_bytes : alignof(double)) VectorLanes {
    Lanes<double, width> x, y, z;

    NBHYBRID_HOST_DEVICE Vec3 operator[](int i) const { return {x[i], y[i], z[i]}; }
    NBHYBRID_HOST_DEVICE void set(int i, const Vec3& v) { x[i] = v.x, y[i] = v.y, z[i] = v.z; }
};

// A number of each lane, and how far it may be from what the library's functions give. None is set without the other.
template <int width>
class alignas(width > 1 ? line_bytes : alignof(double)) UncertainLanes {
public:
    NBHYBRID_HOST_DEVICE double operator[](int i) const { return values_[i]; }
    NBHYBRID_HOST_DEVICE double error(int i) const { return errors_[i]; }
    NBHYBRID_HOST_DEVICE void set(int i, double value, double error) {
        values_[i] = value;
        // A program of `make initialised` leaves it out, to show that this would be noticed.
#ifndef NBHYBRID_PLANT_UNSET
        errors_[i] = error;
#else
        static_cast<void>(error);
#endif
    }
    NBHYBRID_HOST_DEVICE const Lanes<double, width>& values() const { return values_; }
    NBHYBRID_HOST_DEVICE const Lanes<double, width>& errors() const { return errors_; }

private:
    Lanes<double, width> values_, errors_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::numerics
