#pragma once
// Three-vectors and 3 x 3 matrices. The order of every sum is part of the contract: images are compared bit by bit, so an
// expression here may not be reassociated.

#include <cmath>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"

namespace nbhybrid {

template <class T>
struct Vec3T {
    T x{}, y{}, z{};
};

using Vec3 = Vec3T<double>;

// Row-major.
struct Mat3 {
    Vec3 row_x, row_y, row_z;
};

inline constexpr Mat3 identity_matrix{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

inline namespace NBHYBRID_ISA {

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator+(const Vec3T<T>& u, const Vec3T<T>& v) {
    return {u.x + v.x, u.y + v.y, u.z + v.z};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator-(const Vec3T<T>& u, const Vec3T<T>& v) {
    return {u.x - v.x, u.y - v.y, u.z - v.z};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator-(const Vec3T<T>& v) {
    return {-v.x, -v.y, -v.z};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator*(const T& scale, const Vec3T<T>& v) {
    return {scale * v.x, scale * v.y, scale * v.z};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator/(const Vec3T<T>& v, const T& divisor) {
    return {v.x / divisor, v.y / divisor, v.z / divisor};
}

template <class T>
NBHYBRID_HOST_DEVICE inline T dot(const Vec3T<T>& u, const Vec3T<T>& v) {
    return u.x * v.x + u.y * v.y + u.z * v.z;
}

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> cross(const Vec3T<T>& u, const Vec3T<T>& v) {
    return {u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x};
}

template <class T>
NBHYBRID_HOST_DEVICE inline T norm(const Vec3T<T>& v) {
    using std::sqrt;
    return sqrt(v.x * v.x + v.y * v.y + v.z * v.z);
}

// v / |v|; the zero vector stays the zero vector.
template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> normalized(const Vec3T<T>& v) {
    const T length = norm(v);
    return length != T(0) ? v / length : Vec3T<T>{};
}

NBHYBRID_HOST_DEVICE inline Vec3 operator*(const Mat3& m, const Vec3& v) {
    return {dot(m.row_x, v), dot(m.row_y, v), dot(m.row_z, v)};
}

NBHYBRID_HOST_DEVICE inline Mat3 transposed(const Mat3& m) {
    return {{m.row_x.x, m.row_y.x, m.row_z.x}, {m.row_x.y, m.row_y.y, m.row_z.y}, {m.row_x.z, m.row_y.z, m.row_z.z}};
}

NBHYBRID_HOST_DEVICE inline Mat3 operator*(const Mat3& m, const Mat3& n) {
    const Mat3 columns = transposed(n);
    return transposed({m * columns.row_x, m * columns.row_y, m * columns.row_z});
}

inline bool is_finite(const Vec3& v) { return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z); }

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid
