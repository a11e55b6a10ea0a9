#pragma once
// Text files of amplitudes: one row "h k l F" a line.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid::io {

// What a line that begins with '#' does.
enum class CommentLines {
    end_of_file,  // the reference reads no further, and neither do we: with a warning
    skipped,
};

struct HklLimits {
    // The dense table is refused with a SizeError beyond this.
    std::size_t max_table_bytes = std::size_t{8} << 30U;
    CommentLines comments = CommentLines::end_of_file;
    // That may read a long file at once.
    int threads = 1;
};

// The table spans the lowest to the highest index found. Entries that no row names hold default_amplitude, a row overwrites
// earlier rows of the same reflection, and the padding planes are 0.
// Throws InputFileError (with the line) and SizeError.
StructureFactors read_hkl(const std::string& path, double default_amplitude, const HklLimits& limits, Warnings& warnings);

// The same for a file already in memory; name stands for its path in messages.
StructureFactors parse_hkl(std::string_view text, const std::string& name, double default_amplitude, const HklLimits& limits,
                           Warnings& warnings);

// The same for rows in memory: count x 3 indices and count amplitudes; later rows win. Throws ModelError for an amplitude that is
// not finite or an index beyond the largest, and SizeError.
StructureFactors table_of_rows(const std::int32_t* indices, const double* amplitudes, std::size_t count, double default_amplitude,
                               const HklLimits& limits, Warnings& warnings);

// A table of all amplitudes of a grid of `counts` entries along h, k and l (l fastest), the first of them at `origin`. Throws
// ModelError for an empty grid, an amplitude that is not finite or an index beyond the largest, and SizeError.
StructureFactors table_of_grid(const double* grid, const std::array<std::int64_t, 3>& origin,
                               const std::array<std::int64_t, 3>& counts, double default_amplitude, const HklLimits& limits,
                               Warnings& warnings);

// Zeros for a table over these ranges, padding included. SizeError with the ranges, the size and the limit if it would be larger
// than limits.max_table_bytes, or than what the machine can provide.
std::vector<double> zero_table(const IndexRange& h, const IndexRange& k, const IndexRange& l, const HklLimits& limits,
                               const std::string& name);

}  // namespace nbhybrid::io
