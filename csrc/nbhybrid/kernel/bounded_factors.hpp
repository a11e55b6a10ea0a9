#pragma once
// The factors of a pixel without the library's functions, and how far they may be from those with them.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/pixel_block.hpp"
#include "nbhybrid/physics/bounded_math.hpp"
#include "nbhybrid/physics/pixel_position.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

struct BoundedMath {
    static constexpr bool keeps_all_bits = false;

    template <class Block>
    NBHYBRID_HOST_DEVICE static Vec3 curved(const DetectorStage& d, const Block&, int, int, const Vec3& flat) {
        return physics::curved_position(flat, d.distance, d.beam, d.fast_axis, d.slow_axis);
    }

    template <class Block>
    NBHYBRID_HOST_DEVICE static void direct(Block& block, int i, const Vec3& position) {
        const double length = norm(position), inverse = 1.0 / length;
        block.path[i] = length;
        block.diffracted.set(i, {physics::quotient(position.x, length, inverse), physics::quotient(position.y, length, inverse),
                                 physics::quotient(position.z, length, inverse)});
    }

    NBHYBRID_HOST_DEVICE static Vec3 scattering_vector(const Vec3& diffracted, const Vec3& incident, double wavelength,
                                                       double inverse) {
        const Vec3 difference = diffracted - incident;
        return {physics::quotient(difference.x, wavelength, inverse), physics::quotient(difference.y, wavelength, inverse),
                physics::quotient(difference.z, wavelength, inverse)};
    }

    // cos(2 psi) sin^2(2 theta) = E^2 - B^2 with the ray's components along E and B, which do not matter if the Kahn factor is 0.
    struct Polarization {
        NBHYBRID_HOST_DEVICE Polarization(double kahn, const Vec3& towards, const Vec3& along)
            : kahn_factor(kahn), incident(towards), e{}, b{}, error(20 * physics::rounding) {
            if (kahn == 0.0) return;
            b = normalized(cross(along, incident));
            e = normalized(cross(incident, b));
            const double skew = __builtin_fabs(dot(b, incident)) + __builtin_fabs(dot(e, incident)) + __builtin_fabs(dot(e, b)) +
                                __builtin_fabs(dot(e, e) - 1.0) + __builtin_fabs(dot(b, b) - 1.0) +
                                __builtin_fabs(dot(incident, incident) - 1.0);
            error += __builtin_fabs(kahn) * (4 * skew + 60 * physics::rounding);
        }
        double kahn_factor;
        Vec3 incident, e, b;
        double error;
    };

    template <class Block>
    NBHYBRID_HOST_DEVICE static void polarize(const Polarization& p, Block& block, int i, const Vec3& diffracted) {
        const double along = dot(p.incident, diffracted);
        if (p.kahn_factor == 0.0) {
            block.polarization[i] = 0.5 + 0.5 * along * along;
            return;
        }
        const double e = dot(diffracted, p.e), b = dot(diffracted, p.b);
        block.polarization[i] = 0.5 * (1.0 + along * along - p.kahn_factor * (e * e - b * b));
    }

    NBHYBRID_HOST_DEVICE static double solid_angle(const DetectorStage& d, double path) {
        const double square = path * path;
        return d.point_pixel ? 1.0 / square : d.pixel_size * d.pixel_size * d.close_distance / (square * path);
    }

    template <class Block>
    NBHYBRID_HOST_DEVICE static void capture(const SensorStage& sensor, Block& block, int i, double cos_incidence) {
        const double to_front = -block.layer * sensor.layer_thickness * sensor.attenuation / cos_incidence;
        const double to_back = -(block.layer + 1) * sensor.layer_thickness * sensor.attenuation / cos_incidence;
        const double front = absorbed(to_front), back = absorbed(to_back);
        // Of one argument both functions give one value: the difference is 0, here and there.
        const double error = to_front == to_back ? 0.0 : (physics::exponential_error + 6 * physics::rounding) * (front + back);
        block.capture.set(i, front - back, error);
    }

    // exp(x), and not-a-number beyond the range of exponential(); less than its range is no less than 0.
    NBHYBRID_HOST_DEVICE static double absorbed(double x) {
        const double inside = x < -700.0 ? -700.0 : x;
        return physics::exponential(inside) + (x <= 700.0 ? 0.0 : __builtin_nan(""));
    }
};

// The same where a pixel need not have the reference's bits: quotients by reciprocals.
struct QuickMath : BoundedMath {
    template <class Block>
    NBHYBRID_HOST_DEVICE static void direct(Block& block, int i, const Vec3& position) {
        const double length = norm(position);
        block.path[i] = length;
        block.diffracted.set(i, (1.0 / length) * position);
    }

    NBHYBRID_HOST_DEVICE static Vec3 scattering_vector(const Vec3& diffracted, const Vec3& incident, double, double inverse) {
        return inverse * (diffracted - incident);
    }
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
