#include "nbhybrid/options/oriented.hpp"

namespace nbhybrid::options {

OrientedCrystal oriented(const ReferenceOptions& options, const Built& built, const Mat3& rotation) {
    const Experiment& e = built.experiment;
    OrientedCrystal crystal;
    crystal.lattice = rotated_lattice(built.lattice_recipe, rotation);
    crystal.cells = resolve_cells(options.crystal.cells, built.crystal_size, crystal.lattice);
    const double recommended = recommended_oversample(longest_edge(crystal.cells, crystal.lattice), e.beam.wavelength,
                                                      e.detector.distance, e.detector.pixel_size);
    crystal.oversample = resolve_oversample(options.sampling.oversample, recommended);
    return crystal;
}

}  // namespace nbhybrid::options
