#pragma once
// From words to ReferenceOptions.

#include <string>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::options {

// The words after `nbhybrid run`. Header files (-mask, -img) are read first, as in the reference, then the options take effect in
// their order. Throws OptionError and, for the header files, InputFileError.
ReferenceOptions parse_options(const std::vector<std::string>& words, Warnings& warnings);

// The options with their values and meanings, a line each.
std::string options_help();

}  // namespace nbhybrid::options
