#pragma once
// From beam centres, conventions and rotations to vectors in the laboratory frame.

#include <cmath>
#include <limits>
#include <optional>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/detector.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/numerics/dual.hpp"

namespace nbhybrid {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();
template <class T>
bool is_given(const T& value) {
    return !std::isnan(numerics::value_of(value));
}

// Where nothing else is said, metres.
inline constexpr double usual_distance = 100e-3;

template <class T>
struct PlacementRequestT {
    Convention convention = Convention::mosflm;
    Pivot pivot = Pivot::beam;  // counts for Convention::custom alone; the others have their own
    // What was asked for by name, where `pivot` may also come from other options.
    std::optional<Pivot> pivot_asked;
    LaboratoryFrameT<T> custom_frame;
    T pixel_size{};
    T size_fast{}, size_slow{};
    T distance{usual_distance};
    T close_distance{not_given};
    T x_beam{not_given}, y_beam{not_given};    // in the convention's terms
    T x_close{not_given}, y_close{not_given};  // along the fast and the slow axis, from the first pixel's corner
    T org_x{not_given}, org_y{not_given};      // pixels
    Vec3T<T> rotation;                         // about x, y and z, radians
    // Corner of the first pixel, m, where it is after all rotations; else it follows from the centres and distances.
    std::optional<Vec3T<T>> origin;
    T twotheta{};
};
using PlacementRequest = PlacementRequestT<double>;

// The frame of the request with unit vectors; the two-theta axis stays as it was given. A normal that is not exactly of
// length 1 is replaced by fast x slow, with a warning if the user gave one. Throws ModelError for a vector without direction.
template <class T = double>
LaboratoryFrameT<T> resolve_frame(const PlacementRequestT<T>& request, Warnings& warnings);

// A point on the detector: metres along the fast and the slow axis from the first pixel's corner.
template <class T>
struct DetectorPointT {
    T fast{not_given}, slow{not_given};
};
using DetectorPoint = DetectorPointT<double>;

// What a convention's beam centre (X, Y) is on the detector, and back. Not given stays not given.
template <class T = double>
DetectorPointT<T> beam_point(const PlacementRequestT<T>& request);
void set_beam_point(const DetectorPoint& point, PlacementRequest& request);

// Where the detector of the request stands. Throws ModelError if no finite placement comes out, and, where the semantics correct
// Defect::beam_center and Defect::distance, if centres or distances contradict each other.
template <class T = double>
PlacementT<T> placement_of(const PlacementRequestT<T>& request, const LaboratoryFrameT<T>& frame, bool is_curved,
                           const Semantics& semantics);

// The same for a detector, whose `curved` must be set, with all that it tells of its placement.
void place_detector(const PlacementRequest& request, const LaboratoryFrame& frame, Detector& detector,
                    const Semantics& semantics = {});

}  // namespace nbhybrid
