#pragma once
// The headers of a mask and of an image set the detector where the command line leaves it open.

#include <string>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::options {

// Before any option takes effect, the mask first. Both throw InputFileError.
void take_mask(const std::string& path, ReferenceOptions& options, Warnings& warnings);
void take_image_header(const std::string& path, ReferenceOptions& options, Warnings& warnings);

// Before the options take effect: distances and centres are not given yet.
void open_for_headers(DetectorOptions& detector);
// And after: those of the headers come where the options left them open.
void merge_headers(DetectorOptions& detector, const Semantics& semantics);

// The request that these semantics make of the same options and headers.
PlacementRequest placement_by(const DetectorOptions& detector, const Semantics& semantics);

}  // namespace nbhybrid::options
