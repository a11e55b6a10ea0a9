#pragma once
// From options to a valid experiment.

#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid::options {

struct Built {
    Experiment experiment;
    // The shuffle table goes on from the orientation and the domains to the noise.
    SharedDeviates deviates;
    StreamState noise_state = 0;
    bool table_was_read_from_text = false;  // then the dump is written
    bool unit_cell_given = false;
    std::vector<Source> source_rows;  // of a source file, as it has them
};

// Reads the input files that the options name. Throws OptionError, ModelError, InputFileError and SizeError.
Built build_experiment(const ReferenceOptions& options, Warnings& warnings, int threads = 1);

}  // namespace nbhybrid::options
