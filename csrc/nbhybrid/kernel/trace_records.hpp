#pragma once
// What a traced pixel says, as plain data that all copies of the kernel and the devices share.

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

struct SourceRecord {
    Vec3 position, diffracted, incident, scattering;
    double path = 0, solid_angle = 0, wavelength = 0;
};

using physics::Indices;

// A step that was summed.
struct StepRecord {
    int layer = 0, sub_slow = 0, sub_fast = 0, source = 0, phi = 0, domain = 0;
    Vec3 index;
    Indices nearest;
    double lattice_factor = 0, amplitude = 0;
    double polarization = 0, solid_angle = 0, capture = 0;
    double intensity = 0;  // the sum after the step
};

// The step of the first source, phi and domain of a sub-pixel, summed or not.
struct FirstStepRecord {
    Axes axes;
    Vec3 index;
    Indices nearest;
    Vec3 axis_factors;
    double lattice_factor = 0;
    double amplitude = 0;  // if the step was summed: then there is a first_amplitude event
};

struct FinalRecord {
    double intensity = 0;  // before scaling
    double capture = 0, polarization = 0, solid_angle = 0, cos_2theta = 0;
    double photons = 0;
    float pixel = 0;
};

// Who rendered a traced pixel.
enum class TracedBy {
    scalar_path,
    scalar_path_for_device,  // which does not follow the state that is carried into this pixel
    device,
};

// Whether the bound of a device's error told how the pixel rounds. The image holds the scalar path's value where it did not.
enum class RoundingTest { none, decided, undecided };

}  // namespace nbhybrid::kernel
