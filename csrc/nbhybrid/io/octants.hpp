#pragma once
// Whether a table has reflections in all directions. Symmetry is never applied, so a list of unique reflections (an asymmetric
// unit) would leave most of the detector empty.

#include <array>
#include <cstdint>
#include <string>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid::io {

// Reflections by the signs of h, k and l; those with an index of 0 belong to no octant.
class OctantCounts {
public:
    void add(int h, int k, int l) {
        if (h != 0 && k != 0 && l != 0) ++counts_[(h < 0 ? 1U : 0U) + (k < 0 ? 2U : 0U) + (l < 0 ? 4U : 0U)];
    }
    // Warns if they lie in four octants or fewer: so do the asymmetric units of all Laue groups, and those of all but -1 with
    // Friedel mates added. A few reflections elsewhere do not count, and nothing is said of a few reflections.
    void warn(const std::string& name, double default_amplitude, Warnings& warnings) const;

private:
    std::array<std::int64_t, 8> counts_{};
};

// The same for the entries of a table that are neither 0 nor the default amplitude.
void warn_of_missing_octants(const StructureFactors& table, const std::string& name, Warnings& warnings);

}  // namespace nbhybrid::io
