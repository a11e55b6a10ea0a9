#pragma once
// Options that do nothing where they stand: another one sets the same, or what they belong to is not there.

#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/step_counts.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

// An option of a command line with its values.
struct GivenOption {
    const OptionRow* row;
    Words words;
};

// In the order of the command line; `options` are what they made together.
void warn_about_conflicts(const std::vector<GivenOption>& given, const ReferenceOptions& options, Warnings& warnings);

// Where a seed is not that of what is drawn.
void warn_about_seeds(const ReferenceOptions& options, Warnings& warnings);

// Where the scan that was made of a request is not the one that was asked for.
void warn_about_scan(const SamplingRequest& request, const Sampling& made, Warnings& warnings);

}  // namespace nbhybrid::options
