#pragma once
// How far spots reach, in float32: for the search for orientations that may be near a reflection where double is slow.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/terms/miller_pairs.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// The support radius of spots in float32, with what the indices in float32 may be off.
struct FloatSupport {
    float x, y, z;

    NBHYBRID_HOST_DEVICE FloatSupport(const Vec3& along_axes, double largest_index) {
        const double slack = 1e-6 + 1e-6 * largest_index;
        x = numerics::float_of(along_axes.x + slack);
        y = numerics::float_of(along_axes.y + slack);
        z = numerics::float_of(along_axes.z + slack);
    }

    // The same for one axis and all places within `half` of a middle.
    NBHYBRID_HOST_DEVICE static bool is_far(float middle, float half, float support) {
        return __builtin_fabsf(middle - numerics::nearest_whole(middle)) - half > support;
    }

    NBHYBRID_HOST_DEVICE bool is_far(const terms::PairIndices& i) const {
        return (__builtin_fabsf(i.h.offset) > x) | (__builtin_fabsf(i.k.offset) > y) | (__builtin_fabsf(i.l.offset) > z);
    }
};

// A box in reciprocal space that holds some scattering vectors.
struct FloatBox {
    Vec3T<float> middle, half;

    NBHYBRID_HOST_DEVICE FloatBox(const Vec3& m, const Vec3& h)
        : middle{numerics::float_of(m.x), numerics::float_of(m.y), numerics::float_of(m.z)},
          half{numerics::float_of(h.x), numerics::float_of(h.y), numerics::float_of(h.z)} {}

    // Whether one of them may be near to a reflection in this orientation.
    NBHYBRID_HOST_DEVICE bool is_reached(const PairAxes& axes, const FloatSupport& support) const {
        return !is_far(axes.a, support.x) && !is_far(axes.b, support.y) && !is_far(axes.c, support.z);
    }

private:
    NBHYBRID_HOST_DEVICE bool is_far(const numerics::PairVec3& axis, float support) const {
        const Vec3T<float> u{axis.x.high, axis.y.high, axis.z.high};
        const Vec3T<float> size{__builtin_fabsf(u.x), __builtin_fabsf(u.y), __builtin_fabsf(u.z)};
        return FloatSupport::is_far(dot(u, middle), dot(size, half), support);
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
