#pragma once
// The factors of a pixel in the arithmetics that the loop nest can be compiled with: by the C library's functions with all bits of
// the reference; without them, within bounds; and quickly, where a pixel need not have the reference's bits. The formulas stand
// under physics/ and terms/.

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"
#include "nbhybrid/terms/polarization.hpp"
#include "nbhybrid/terms/sensor_capture.hpp"
#include "nbhybrid/terms/solid_angle.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

struct ComputedPositions {
    template <class Block>
    NBHYBRID_HOST_DEVICE static Vec3 curved(const DetectorStage& d, const Block&, int, int, const Vec3& flat) {
        return physics::curved_position(flat, d.distance, d.beam, d.fast_axis, d.slow_axis);
    }
};

struct LibraryMath : ComputedPositions {
    static constexpr bool keeps_all_bits = true;

    // The way to the pixel, and its length.
    template <class Block>
    NBHYBRID_HOST_DEVICE static void direct(Block& block, int i, const Vec3& position) {
        block.position.set(i, perturbed("pixel_pos_meters", position));
        block.path[i] = perturbed("R_distance_meters", norm(block.position[i]));
        block.diffracted.set(i, perturbed("diffracted_vec", normalized(block.position[i])));
    }

    NBHYBRID_HOST_DEVICE static Vec3 scattering_vector(const Vec3& diffracted, const Vec3& incident, double wavelength, double) {
        return perturbed("scattering_vec_A_inv", physics::scattering_vector(diffracted, incident, wavelength));
    }

    NBHYBRID_HOST_DEVICE static double solid_angle(const DetectorStage& d, double path) {
        return perturbed("omega_pixel_sr",
                         d.point_pixel ? terms::point_solid_angle(path) : terms::solid_angle(d.pixel_size, path, d.close_distance));
    }

    struct Polarization {
        NBHYBRID_HOST_DEVICE Polarization(double kahn, const Vec3& towards, const Vec3& along)
            : kahn_factor(kahn), incident(towards), axis(along) {}
        NBHYBRID_HOST_DEVICE double factor(const Vec3& diffracted) const {
            return perturbed("polar", terms::polarization_factor(kahn_factor, incident, diffracted, axis));
        }
        double kahn_factor;
        Vec3 incident, axis;
        double error = 0;
    };

    template <class Block>
    NBHYBRID_HOST_DEVICE static void capture(const SensorStage& sensor, Block& block, int i, double cos_incidence) {
        const double layer = terms::layer_capture(block.layer, sensor.layer_thickness, sensor.attenuation, cos_incidence);
        block.capture.set(i, perturbed("capture_fraction", layer), 0.0);
    }
};

struct BoundedMath : ComputedPositions {
    static constexpr bool keeps_all_bits = false;
    using Polarization = terms::PolarizationFrame;

    template <class Block>
    NBHYBRID_HOST_DEVICE static void direct(Block& block, int i, const Vec3& position) {
        using numerics::quotient;
        const double length = norm(position), inverse = 1.0 / length;
        block.path[i] = length;
        block.diffracted.set(i, {quotient(position.x, length, inverse), quotient(position.y, length, inverse),
                                 quotient(position.z, length, inverse)});
    }

    NBHYBRID_HOST_DEVICE static Vec3 scattering_vector(const Vec3& diffracted, const Vec3& incident, double wavelength,
                                                       double inverse) {
        using numerics::quotient;
        const Vec3 difference = diffracted - incident;
        return {quotient(difference.x, wavelength, inverse), quotient(difference.y, wavelength, inverse),
                quotient(difference.z, wavelength, inverse)};
    }

    NBHYBRID_HOST_DEVICE static double solid_angle(const DetectorStage& d, double path) {
        return terms::quick_solid_angle(d.point_pixel, d.pixel_size, path, d.close_distance);
    }

    template <class Block>
    NBHYBRID_HOST_DEVICE static void capture(const SensorStage& sensor, Block& block, int i, double cos_incidence) {
        const terms::BoundedCapture layer =
            terms::bounded_layer_capture(block.layer, sensor.layer_thickness, sensor.attenuation, cos_incidence);
        block.capture.set(i, layer.value, layer.error);
    }
};

// Quotients by reciprocals.
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
