#include "nbhybrid/model/crystal.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/random/random_rotation.hpp"

namespace nbhybrid {

namespace {

constexpr std::int64_t most_domains = 100'000'000;

}  // namespace

Mosaicity resolve_mosaicity(double spread, std::int64_t domains, Warnings& warnings) {
    const bool counted = domains > 0;
    if (spread > 0.0) {
        if (!counted)
            warnings.add("mosaic-domains", "-mosaic without -mosaic_domains: the spread is sampled by " +
                                               std::to_string(usual_mosaic_domains) + " domains");
        return {spread, counted ? domains : usual_mosaic_domains};
    }
    if (counted && domains > 1) warnings.add("mosaic-domains", "-mosaic_domains without a -mosaic spread: there is one domain");
    return {0.0, 1};
}

std::vector<Mat3> make_domains(const Mosaicity& mosaicity, SharedDeviates& deviates, StreamState state) {
    if (mosaicity.domains > most_domains)
        throw SizeError(format("%lld mosaic domains are more than %lld", static_cast<long long>(mosaicity.domains),
                               static_cast<long long>(most_domains)));
    std::vector<Mat3> domains(static_cast<std::size_t>(mosaicity.domains));
    const auto cap = static_cast<float>(mosaicity.spread);
    for (Mat3& domain : domains) domain = random_rotation(cap, deviates, state);
    domains.front() = identity_matrix;
    return domains;
}

Vec3 resolve_cells(const Vec3& cells, const Vec3& size, const Lattice& lattice) {
    const auto along = [](double count, double length, double edge) {
        const double covering = length > 0 ? std::ceil(length / edge) : count;
        return covering <= 1.0 ? 1.0 : covering;
    };
    return {along(cells.x, size.x, lattice.edges.x), along(cells.y, size.y, lattice.edges.y),
            along(cells.z, size.z, lattice.edges.z)};
}

double longest_edge(const Vec3& cells, const Lattice& lattice) {
    return std::max({lattice.edges.x * cells.x, lattice.edges.y * cells.y, lattice.edges.z * cells.z});
}

}  // namespace nbhybrid
