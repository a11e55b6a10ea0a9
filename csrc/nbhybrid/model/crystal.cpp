#include "nbhybrid/model/crystal.hpp"

#include <algorithm>
#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/random/random_rotation.hpp"

namespace nbhybrid {

using numerics::Dual;

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

template <class T>
std::vector<Mat3T<T>> make_domains(const MosaicityT<T>& mosaicity, SharedDeviates& deviates, StreamState state) {
    if (mosaicity.domains > most_domains)
        throw SizeError(format("%lld mosaic domains are more than %lld", static_cast<long long>(mosaicity.domains),
                               static_cast<long long>(most_domains)));
    std::vector<Mat3T<T>> domains(static_cast<std::size_t>(mosaicity.domains));
    for (Mat3T<T>& domain : domains) {
        const RandomTurn turn = random_turn(deviates, state);
        domain = rotation_matrix(as<T>(turn.axis), numerics::product_in_float(mosaicity.spread, turn.share));
    }
    domains.front() = as<T>(identity_matrix);
    return domains;
}

template <class T>
Vec3T<T> resolve_cells(const Vec3T<T>& cells, const Vec3& size, const Lattice& lattice) {
    const auto along = [](const T& count, double length, double edge) {
        const T covering = length > 0 ? T(std::ceil(length / edge)) : count;
        return covering < T(1.0) ? T(1.0) : covering;
    };
    return {along(cells.x, size.x, lattice.edges.x), along(cells.y, size.y, lattice.edges.y),
            along(cells.z, size.z, lattice.edges.z)};
}

template std::vector<Mat3> make_domains(const Mosaicity&, SharedDeviates&, StreamState);
template std::vector<Mat3T<Dual>> make_domains(const MosaicityT<Dual>&, SharedDeviates&, StreamState);
template Vec3 resolve_cells(const Vec3&, const Vec3&, const Lattice&);
template Vec3T<Dual> resolve_cells(const Vec3T<Dual>&, const Vec3&, const Lattice&);

double longest_edge(const Vec3& cells, const Lattice& lattice) {
    return std::max({lattice.edges.x * cells.x, lattice.edges.y * cells.y, lattice.edges.z * cells.z});
}

}  // namespace nbhybrid
