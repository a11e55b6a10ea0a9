#pragma once
// The orientations of the crystal, phi step by phi step and in each by domains.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// The crystal's axes at a phi step, in a domain.
NBHYBRID_HOST_DEVICE inline Axes orientation(const OrientationStage& o, const Axes* steps, const Axes* table, int phi, int domain) {
    if (table != nullptr) return table[static_cast<std::int64_t>(phi) * o.n_domains + domain];
    const Axes axes = steps[phi];
    if (o.domains == nullptr) return axes;
    return {o.domains[domain] * axes.a, o.domains[domain] * axes.b, o.domains[domain] * axes.c};
}

// Of a later sweep, by its place in it.
NBHYBRID_HOST_DEVICE inline Axes later_orientation(const OrientationStage& o, std::int64_t place) {
    return orientation(o, o.later_sweep, o.later_sweep_table, static_cast<int>(place / o.n_domains),
                       static_cast<int>(place % o.n_domains));
}

// step(phi, domain, axes) for one after the other, until it returns false; false if it did.
template <class Step>
NBHYBRID_HOST_DEVICE inline bool for_each_orientation(const OrientationStage& o, const Axes* steps, const Axes* table, Step step) {
    for (int phi = 0; phi < o.n_phi; ++phi)
        for (int domain = 0; domain < o.n_domains; ++domain)
            if (!step(phi, domain, orientation(o, steps, table, phi, domain))) return false;
    return true;
}

template <class Step>
NBHYBRID_HOST_DEVICE inline bool for_each_later_orientation(const OrientationStage& o, Step step) {
    return for_each_orientation(o, o.later_sweep, o.later_sweep_table, step);
}

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
