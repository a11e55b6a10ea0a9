#pragma once
// From beam centres, conventions and rotations to vectors in the laboratory frame.

#include <cmath>
#include <limits>
#include <optional>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/detector.hpp"
#include "nbhybrid/model/semantics.hpp"

namespace nbhybrid {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();
inline bool is_given(double value) { return !std::isnan(value); }

// Where nothing else is said, metres.
inline constexpr double usual_distance = 100e-3;

struct PlacementRequest {
    Convention convention = Convention::mosflm;
    Pivot pivot = Pivot::beam;  // counts for Convention::custom alone; the others have their own
    // What was asked for by name, where `pivot` may also come from other options.
    std::optional<Pivot> pivot_asked;
    LaboratoryFrame custom_frame;
    double pixel_size = 0;
    double size_fast = 0, size_slow = 0;
    double distance = usual_distance;
    double close_distance = not_given;
    double x_beam = not_given, y_beam = not_given;    // in the convention's terms
    double x_close = not_given, y_close = not_given;  // along the fast and the slow axis, from the first pixel's corner
    double org_x = not_given, org_y = not_given;      // pixels
    Vec3 rotation;                                    // about x, y and z, radians
    // Corner of the first pixel, m, where it is after all rotations; else it follows from the centres and distances.
    std::optional<Vec3> origin;
    double twotheta = 0;
};

// The frame of the request with unit vectors; the two-theta axis stays as it was given. A normal that is not exactly of
// length 1 is replaced by fast x slow, with a warning if the user gave one. Throws ModelError for a vector without direction.
LaboratoryFrame resolve_frame(const PlacementRequest& request, Warnings& warnings);

// A point on the detector: metres along the fast and the slow axis from the first pixel's corner.
struct DetectorPoint {
    double fast = not_given, slow = not_given;
};

// What a convention's beam centre (X, Y) is on the detector, and back. Not given stays not given.
DetectorPoint beam_point(const PlacementRequest& request);
void set_beam_point(const DetectorPoint& point, PlacementRequest& request);

// Fills the placement fields of the detector, whose `curved` must be set. Throws ModelError if no finite placement comes out, and,
// where the semantics correct Defect::beam_center and Defect::distance, if centres or distances contradict each other.
void place_detector(const PlacementRequest& request, const LaboratoryFrame& frame, Detector& detector,
                    const Semantics& semantics = {});

}  // namespace nbhybrid
