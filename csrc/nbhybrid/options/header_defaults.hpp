#pragma once
// The headers of a mask and of an image set the detector before the command line does.

#include <string>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::options {

// A mask's BEAM_CENTER_Y counts from the far edge, an image's does not. Both throw InputFileError.
void take_mask(const std::string& path, ReferenceOptions& options, Warnings& warnings);
void take_image_header(const std::string& path, ReferenceOptions& options, Warnings& warnings);

}  // namespace nbhybrid::options
