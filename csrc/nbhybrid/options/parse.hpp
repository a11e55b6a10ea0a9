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

// One option of a command line, not yet understood.
struct SplitOption {
    std::string name;        // as it was given
    std::string usual_name;  // the first of its spellings
    bool is_file = false;    // its value is the name of a file
    bool is_own = false;     // the reference does not have it
    std::vector<std::string> values;
};

// Throws OptionError for a word that is no option, and where values are missing.
std::vector<SplitOption> split_options(const std::vector<std::string>& words);

// The options with their values and meanings, a line each.
std::string options_help();

}  // namespace nbhybrid::options
