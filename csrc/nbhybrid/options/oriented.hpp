#pragma once
// What a rotation of the crystal changes of an experiment that is built.

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/lattice.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/options/reference_options.hpp"

namespace nbhybrid::options {

struct OrientedCrystal {
    Lattice lattice;
    // Where they are derived from the lengths of the cell's edges: a rotation changes the last bits of these.
    Vec3 cells;
    int oversample;
};

// What build_experiment() would make of the options with this rotation on top of the crystal's own. Throws ModelError and
// SizeError.
OrientedCrystal oriented(const ReferenceOptions& options, const Built& built, const Mat3& rotation);

}  // namespace nbhybrid::options
