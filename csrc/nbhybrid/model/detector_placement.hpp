#pragma once
// From beam centres, conventions and rotations to vectors in the laboratory frame.

#include <cmath>
#include <limits>
#include <optional>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/detector.hpp"

namespace nbhybrid {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();
inline bool is_given(double value) { return !std::isnan(value); }

// The vectors that a convention fixes together: they need not be normalised yet.
struct LaboratoryFrame {
    Vec3 beam{1, 0, 0};
    Vec3 fast{0, 0, 1};
    Vec3 slow{0, -1, 0};
    Vec3 normal{1, 0, 0};
    Vec3 twotheta_axis{0, 1, 0};
    Vec3 polarization{0, 0, 1};
    Vec3 spindle{0, 0, 1};
};

struct PlacementRequest {
    Convention convention = Convention::mosflm;
    Pivot pivot = Pivot::beam;  // counts for Convention::custom alone; the others have their own
    LaboratoryFrame custom_frame;
    double pixel_size = 0;
    double size_fast = 0, size_slow = 0;
    double distance = 0;
    double close_distance = not_given;
    double x_beam = not_given, y_beam = not_given;
    double x_close = not_given, y_close = not_given;
    double org_x = not_given, org_y = not_given;  // pixels
    Vec3 rotation;                                // about x, y and z, radians
    // Corner of the first pixel, m, where it is after all rotations; else it follows from the centres and distances.
    std::optional<Vec3> origin;
    double twotheta = 0;
};

// The frame of the request with unit vectors; the two-theta axis stays as it was given. A normal that is not exactly of
// length 1 is replaced by fast x slow, with a warning if the user gave one. Throws ModelError for a vector without direction.
LaboratoryFrame resolve_frame(const PlacementRequest& request, Warnings& warnings);

// Fills the placement fields of the detector. Throws ModelError if no finite placement comes out.
void place_detector(const PlacementRequest& request, const LaboratoryFrame& frame, Detector& detector);

}  // namespace nbhybrid
