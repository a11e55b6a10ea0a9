#include "nbhybrid/io/octants.hpp"

#include <algorithm>
#include <numeric>

#include "nbhybrid/core/text.hpp"

namespace nbhybrid::io {

namespace {

// Shorter lists were written by hand, and on purpose.
constexpr std::int64_t fewest_reflections = 50;
// The share of all reflections that may lie in other octants.
constexpr double strays = 0.01;

}  // namespace

void OctantCounts::warn(const std::string& name, double default_amplitude, Warnings& warnings) const {
    std::array<std::int64_t, 8> sorted = counts_;
    std::sort(sorted.rbegin(), sorted.rend());
    const auto all = static_cast<double>(std::accumulate(sorted.begin(), sorted.end(), std::int64_t{0}));
    const auto in_four = static_cast<double>(std::accumulate(sorted.begin(), sorted.begin() + 4, std::int64_t{0}));
    if (all < fewest_reflections || in_four < (1 - strays) * all) return;
    const auto occupied =
        std::count_if(sorted.begin(), sorted.end(), [&](std::int64_t n) { return static_cast<double>(n) > strays * all; });
    warnings.add("asymmetric-unit",
                 name + format(": its reflections lie in %d of the 8 octants of h, k and l, as those of an asymmetric unit do; no "
                               "symmetry is applied, and all others have -default_F %g: expand the list to P1, with Friedel mates",
                               static_cast<int>(occupied), default_amplitude));
}

void warn_of_missing_octants(const StructureFactors& table, const std::string& name, Warnings& warnings) {
    OctantCounts octants;
    for (int h = table.h.min; h <= table.h.max; ++h)
        for (int k = table.k.min; k <= table.k.max; ++k) {
            const double* const row = table.values.data() + static_cast<std::size_t>(h - table.h.min) * table.stride_h() +
                                      static_cast<std::size_t>(k - table.k.min) * table.stride_k();
            for (int l = table.l.min; l <= table.l.max; ++l)
                if (const double value = row[l - table.l.min]; value != 0.0 && value != table.default_amplitude)
                    octants.add(h, k, l);
        }
    octants.warn(name, table.default_amplitude, warnings);
}

}  // namespace nbhybrid::io
