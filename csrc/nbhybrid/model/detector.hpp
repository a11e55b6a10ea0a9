#pragma once
// The area detector: pixels, placement, sensor, and which part of it is looked at.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "nbhybrid/core/vec3.hpp"

namespace nbhybrid {

enum class Pivot { sample, beam };
enum class Convention { custom, adxv, mosflm, xds, dials, denzo };
// In the order of the enumerations.
inline constexpr const char* pivot_names[] = {"sample", "beam"};
inline constexpr const char* convention_names[] = {"custom", "adxv", "mosflm", "xds", "dials", "denzo"};
constexpr const char* name_of(Pivot pivot) { return pivot_names[static_cast<std::size_t>(pivot)]; }
constexpr const char* name_of(Convention convention) { return convention_names[static_cast<std::size_t>(convention)]; }

// The vectors that a convention fixes together, before the detector turns. Templates are over the type of number: double, or
// numerics::Dual for derivatives.
template <class T>
struct LaboratoryFrameT {
    Vec3T<T> beam{1, 0, 0};
    Vec3T<T> fast{0, 0, 1};
    Vec3T<T> slow{0, -1, 0};
    Vec3T<T> normal{1, 0, 0};
    Vec3T<T> twotheta_axis{0, 1, 0};
    Vec3T<T> polarization{0, 0, 1};
    Vec3T<T> spindle{0, 0, 1};
};
using LaboratoryFrame = LaboratoryFrameT<double>;

// Inclusive ranges of pixels.
struct Region {
    int fast_first = 0, fast_last = -1;
    int slow_first = 0, slow_last = -1;

    bool empty() const { return fast_first > fast_last || slow_first > slow_last; }
};

template <class T>
struct SensorT {
    T thickness{};        // m; 0: every photon is counted
    T layer_thickness{};  // m
    int layers = 1;
    T attenuation{-1};  // mu, 1/m
};
using Sensor = SensorT<double>;

// Where the beam and the nearest point of the detector lie on it, metres from the first pixel's corner, and what a header says of
// it.
struct DetectorOrigins {
    double beam_fast = 0, beam_slow = 0;
    double close_fast = 0, close_slow = 0;
    double header_beam_x = 0, header_beam_y = 0;
    double xds_org_x = 0, xds_org_y = 0;  // pixels
    Vec3 dials_origin_mm;
};

// Where the detector stands, after all rotations.
template <class T>
struct PlacementT {
    Vec3T<T> fast_axis, slow_axis, normal;  // unit vectors
    Vec3T<T> origin;                        // corner of the first pixel, m
    // m, along the beam and along the normal; where Defect::distance is corrected, both are the radius of a curved detector.
    T distance{}, close_distance{};
};

// A value a pixel, fast axis first; 0: the pixel is left out. Copies share the values.
class Mask {
public:
    Mask() = default;
    Mask(std::vector<std::uint16_t> values) : values_(std::make_shared<const std::vector<std::uint16_t>>(std::move(values))) {}

    bool empty() const { return !values_ || values_->empty(); }
    std::size_t size() const { return empty() ? 0 : values_->size(); }
    // Null if there is no mask.
    const std::uint16_t* data() const { return empty() ? nullptr : values_->data(); }

private:
    std::shared_ptr<const std::vector<std::uint16_t>> values_;
};

struct Detector : PlacementT<double> {
    int fast_pixels = 0, slow_pixels = 0;
    double pixel_size = 0;                // m
    double size_fast = 0, size_slow = 0;  // m
    Convention convention = Convention::mosflm;
    Pivot pivot = Pivot::beam;
    LaboratoryFrame frame;  // before all rotations
    Vec3 rotation;          // about x, y and z, radians
    double twotheta = 0;    // radians
    DetectorOrigins origins;
    Sensor sensor;
    bool curved = false;
    bool point_pixel = false;
    Region region;
    Mask mask;

    std::int64_t pixels() const { return static_cast<std::int64_t>(fast_pixels) * slow_pixels; }
};

}  // namespace nbhybrid
