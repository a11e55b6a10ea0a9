#pragma once
// From options to a valid experiment.

#include <cstdint>
#include <optional>
#include <vector>

#include "nbhybrid/checks/input.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid::options {

struct Seeds {
    std::int64_t noise = 0;
    std::optional<std::int64_t> misset;  // nothing: the orientation is not random
    std::optional<std::int64_t> mosaic;  // nothing: no domain is turned at random
};

struct Built {
    Experiment experiment;
    // The shuffle table goes on from the orientation and the domains to the noise.
    SharedDeviates deviates;
    // For whoever draws the domains again.
    SharedDeviates deviates_before_domains;
    // As the command line has them: what drew, or would draw, noise, a random orientation and domains.
    Seeds seeds;
    StreamState noise_state = 0;
    bool table_was_read_from_text = false;  // then the dump is written
    bool unit_cell_given = false;
    LatticeRecipe lattice_recipe;
    Vec3 crystal_size;                // m, within the beam; 0 along an axis: the number of cells was given
    std::vector<Source> source_rows;  // of a source file, as it has them
    checks::Given given;              // what the checks of input looked at
};

// Reads the input files that the options name. Throws OptionError, ModelError, InputFileError and SizeError.
Built build_experiment(const ReferenceOptions& options, Warnings& warnings, int threads = 1);

// Puts what was read from files and drawn by the clock into the options, of which the same experiment then comes without either.
void settle(ReferenceOptions& options, const Built& built);

}  // namespace nbhybrid::options
