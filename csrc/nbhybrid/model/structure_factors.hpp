#pragma once
// Amplitudes of the unit cell on a dense grid of Miller indices, in electrons.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nbhybrid {

// Inclusive range of one Miller index.
struct IndexRange {
    int min = 0;
    int max = -1;
    std::int64_t count() const { return static_cast<std::int64_t>(max) - min + 1; }
};

struct StructureFactors {
    IndexRange h, k, l;
    // (h.count()+1) x (k.count()+1) x (l.count()+1) values, l fastest. The last plane of each index is never looked up: it is
    // part of the reference's dump file, so it is kept and the grid is read and written in one go. Empty: no table.
    std::vector<double> values;
    // The amplitude of every reflection that the table does not hold.
    double default_amplitude = 0.0;
    // How many entries the table is reported to hold (rows of an HKL file, grid points of a dump); 0 without a table.
    std::int64_t entries = 0;

    bool has_table() const { return entries != 0; }
    std::size_t stride_h() const { return static_cast<std::size_t>(k.count() + 1) * stride_k(); }
    std::size_t stride_k() const { return static_cast<std::size_t>(l.count() + 1); }
};

}  // namespace nbhybrid
