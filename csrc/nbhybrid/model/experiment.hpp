#pragma once
// Everything a simulation needs, valid once built. What comes after only reads it.

#include <cstdint>
#include <memory>

#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/detector.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/model/step_counts.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid {

// Templates are over the type of number: double, or numerics::Dual for derivatives.
template <class T>
struct ScanT {
    T phi_start{};          // radians
    SamplingT<T> rotation;  // radians
    Vec3 spindle;           // unit vector
};
using Scan = ScanT<double>;

// How a pixel is sampled and what is recomputed at each sample.
struct PixelSampling {
    int oversample = 1;
    bool thickness = false, polarization = false, solid_angle = false;
    double dmin = 0;             // m; 0 or less: no limit
    double water_thickness = 0;  // m
};

struct Experiment {
    Beam beam;
    Crystal crystal;
    // Never null. Shared, since a table may be larger than everything else together.
    std::shared_ptr<const StructureFactors> structure_factors = std::make_shared<const StructureFactors>();
    Detector detector;
    Scan scan;
    PixelSampling sampling;
    Semantics semantics;
};

// Steps a pixel takes: sources x domains x phi steps x sub-pixels. Layers of the sensor are not counted.
int steps_per_pixel(const Experiment& experiment);

// Whether a step of the scan is at exactly 0 and others are not.
bool has_one_rotation_of_zero(const Scan& scan);

// A pixel's edge in units of a spot's width, which is 1/longest_edge in reciprocal space; no unit.
double spots_per_pixel(double longest_edge, double wavelength, double distance, double pixel_size);

// Sub-pixels along a pixel's edge that resolve the spots of this crystal: three for each reciprocal pixel that its longest edge
// fills.
double recommended_oversample(double longest_edge, double wavelength, double distance, double pixel_size);

// Along a pixel's edge: the square of it is still an int.
inline constexpr double most_subpixels = 46340;

// Sub-pixels along a pixel's edge: as many as were asked for, or as are recommended if that is 0 or less. Throws SizeError for more
// than can be counted.
int resolve_oversample(std::int64_t asked, double recommended);

// Throws SizeError if the run needs more steps, pixels or indices than can be counted or held in memory.
void check_size(const Experiment& experiment);
void check_image_size(double fast_pixels, double slow_pixels);

}  // namespace nbhybrid
