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
template <class T>
struct Mat3T {
    Vec3T<T> row_x, row_y, row_z;
};

using Mat3 = Mat3T<double>;

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

template <class T>
NBHYBRID_HOST_DEVICE inline Vec3T<T> operator*(const Mat3T<T>& m, const Vec3T<T>& v) {
    return {dot(m.row_x, v), dot(m.row_y, v), dot(m.row_z, v)};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Mat3T<T> transposed(const Mat3T<T>& m) {
    return {{m.row_x.x, m.row_y.x, m.row_z.x}, {m.row_x.y, m.row_y.y, m.row_z.y}, {m.row_x.z, m.row_y.z, m.row_z.z}};
}

template <class T>
NBHYBRID_HOST_DEVICE inline Mat3T<T> operator*(const Mat3T<T>& m, const Mat3T<T>& n) {
    const Mat3T<T> columns = transposed(n);
    return transposed(Mat3T<T>{m * columns.row_x, m * columns.row_y, m * columns.row_z});
}

template <class T>
inline bool is_finite(const Vec3T<T>& v) {
    using std::isfinite;
    return isfinite(v.x) && isfinite(v.y) && isfinite(v.z);
}

// The same in another type of number.
template <class T>
inline Vec3T<T> as(const Vec3& v) {
    return {T(v.x), T(v.y), T(v.z)};
}

template <class T>
inline Mat3T<T> as(const Mat3& m) {
    return {as<T>(m.row_x), as<T>(m.row_y), as<T>(m.row_z)};
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid
