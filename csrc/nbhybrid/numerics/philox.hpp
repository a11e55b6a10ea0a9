#pragma once
// Random numbers by place instead of by order: a counter and a key give four words that look random. Philox 4x32 with 10 rounds:
// Salmon, Moraes, Dror & Shaw, Proc. SC11 (2011) 16.

#include <cstdint>

#include "nbhybrid/core/host_device.hpp"

namespace nbhybrid::numerics {

struct Philox {
    // A plain array: it must also work on a device.
    std::uint32_t word[4];
};

NBHYBRID_HOST_DEVICE inline Philox philox(Philox counter, std::uint64_t key) {
    constexpr std::uint64_t multiplier_0 = 0xD2511F53U, multiplier_1 = 0xCD9E8D57U;
    constexpr std::uint32_t weyl_0 = 0x9E3779B9U, weyl_1 = 0xBB67AE85U;
    auto key_0 = static_cast<std::uint32_t>(key), key_1 = static_cast<std::uint32_t>(key >> 32U);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product_0 = multiplier_0 * counter.word[0], product_1 = multiplier_1 * counter.word[2];
        counter = {{static_cast<std::uint32_t>(product_1 >> 32U) ^ counter.word[1] ^ key_0, static_cast<std::uint32_t>(product_1),
                    static_cast<std::uint32_t>(product_0 >> 32U) ^ counter.word[3] ^ key_1, static_cast<std::uint32_t>(product_0)}};
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
    return counter;
}

}  // namespace nbhybrid::numerics
