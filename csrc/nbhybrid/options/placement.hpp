#pragma once
// From options and headers to the request for a place of the detector, and where the reference's defects move it.

#include <vector>

#include "nbhybrid/checks/input.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/detector_placement.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::options {

// The request that these semantics make of the options, with the detector's sizes and origin.
PlacementRequest complete_placement(const ReferenceOptions& options, const Semantics& semantics);

// What options, not headers, say of the beam centre in millimetres.
std::vector<checks::Centre> centres_given(const DetectorOptions& options);

// The edges of a detector that has so many pixels; others stay as they are.
template <class T>
void set_sizes(const DetectorOptions& detector, PlacementRequestT<T>& placement) {
    if (detector.fast_pixels != 0) placement.size_fast = placement.pixel_size * T(static_cast<double>(detector.fast_pixels));
    if (detector.slow_pixels != 0) placement.size_slow = placement.pixel_size * T(static_cast<double>(detector.slow_pixels));
}

// Warns of defects that are not corrected where they move this detector, or change what is said of its distance.
void warn_about_placement(const ReferenceOptions& options, const LaboratoryFrame& frame, const Detector& detector,
                          Warnings& warnings);

}  // namespace nbhybrid::options
