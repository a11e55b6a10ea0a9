#include "nbhybrid/options/build.hpp"

namespace nbhybrid::options {

void settle(ReferenceOptions& o, const Built& built) {
    if (o.crystal.matrix_file) o.crystal.matrix = built.given.matrix->elements;
    o.crystal.matrix_file.reset();
    o.crystal.structure_factors = built.experiment.structure_factors;
    o.crystal.hkl_file.reset();
    o.crystal.interpolation = built.experiment.crystal.interpolate ? Interpolation::on : Interpolation::off;
    if (o.beam.source_file) o.beam.sources = built.source_rows;
    o.beam.source_file.reset();
    if (built.seeds.misset) o.seeds.misset = -*built.seeds.misset;
}

}  // namespace nbhybrid::options
