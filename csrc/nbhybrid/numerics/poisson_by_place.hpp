#pragma once
// Poisson deviates that depend on nothing but a seed and the place of the pixel: the same numbers in any order, on any number of
// threads, on host and device.

#include <cmath>
#include <cstdint>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/numerics/philox.hpp"
#include "nbhybrid/numerics/portable_elementary.hpp"

namespace nbhybrid::numerics {

struct NoisePlace {
    std::uint32_t image, panel, pixel;
};

// The deviates of one pixel, two at a time.
class PixelDeviates {
public:
    NBHYBRID_HOST_DEVICE PixelDeviates(std::uint64_t seed, const NoisePlace& place) : seed_(seed), place_(place) {}

    // Two numbers on (0, 1), neither end included: odd multiples of 2^-53.
    NBHYBRID_HOST_DEVICE void next(double& u, double& v) {
        const Philox random = philox({{place_.pixel, place_.panel, place_.image, draws_++}}, seed_);
        u = uniform(random.word[0], random.word[1]);
        v = uniform(random.word[2], random.word[3]);
    }

private:
    NBHYBRID_HOST_DEVICE static double uniform(std::uint32_t high, std::uint32_t low) {
        const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 20U) | (low >> 12U);
        return (2.0 * static_cast<double>(bits) + 1.0) * (1.0 / 9007199254740992.0);
    }

    std::uint64_t seed_;
    NoisePlace place_;
    std::uint32_t draws_ = 0;
};

// log k! - (k log k - k + log(2 pi k) / 2) for k >= 10: Stirling's series, error below 1e-15.
NBHYBRID_HOST_DEVICE inline double stirling_correction(double k) {
    const double x = 1.0 / (k * k);
    return (1.0 / 12 - x * (1.0 / 360 - x * (1.0 / 1260 - x * (1.0 / 1680 - x * (1.0 / 1188 - x * (691.0 / 360360)))))) / k;
}

// k log(k / mean) + mean - k without the loss of digits near k = mean. C. Loader, "Fast and accurate computation of binomial
// probabilities" (2000).
NBHYBRID_HOST_DEVICE inline double poisson_deviance(double k, double mean) {
    const double difference = k - mean;
    if (std::fabs(difference) >= 0.1 * (k + mean)) return k * portable_log(k / mean) - difference;
    const double v = difference / (k + mean), v2 = v * v;
    double power = 2 * k * v, sum = difference * v;
    for (int i = 1; i < 12; ++i) {
        power *= v2;
        sum += power / (2 * i + 1);
    }
    return sum;
}

// The logarithm of the probability of k >= 0 photons.
NBHYBRID_HOST_DEVICE inline double log_poisson(double k, double mean) {
    if (k < 10) {
        double factorial = 1;
        for (int i = 2; i <= static_cast<int>(k); ++i) factorial *= i;
        return k * portable_log(mean) - mean - portable_log(factorial);
    }
    return -stirling_correction(k) - poisson_deviance(k, mean) - 0.5 * portable_log(2 * pi * k);
}

// By adding up probabilities until they exceed a deviate. For means below 10.
NBHYBRID_HOST_DEVICE inline double poisson_by_inversion(double mean, PixelDeviates& deviates) {
    constexpr int most = 200;  // has no probability that a double could tell from 0
    double u = 0, unused = 0;
    deviates.next(u, unused);
    double probability = portable_exp(-mean);
    int count = 0;
    while (u > probability && count < most) {
        u -= probability;
        ++count;
        probability *= mean / count;
    }
    return count;
}

// Transformed rejection with squeeze: W. Hoermann, Insurance: Mathematics and Economics 12 (1993) 39, algorithm PTRS. For means
// of 10 and more.
NBHYBRID_HOST_DEVICE inline double poisson_by_transformed_rejection(double mean, PixelDeviates& deviates) {
    const double b = 0.931 + 2.53 * std::sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double squeeze = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = 0, v = 0;
        deviates.next(u, v);
        u -= 0.5;
        const double us = 0.5 - std::fabs(u);
        const double count = std::floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= squeeze) return count;
        if (count < 0 || (us < 0.013 && v > us)) continue;
        if (portable_log(v * inverse_alpha / (a / (us * us) + b)) <= log_poisson(count, mean)) return count;
    }
}

// Photons counted where `mean` are expected. Means of 0 and less, and those that are not numbers, give 0; means beyond 1e15,
// where a double no longer tells neighbouring counts apart, are returned as they are.
NBHYBRID_HOST_DEVICE inline double poisson_deviate(double mean, std::uint64_t seed, const NoisePlace& place) {
    if (!(mean > 0)) return 0;
    if (mean > 1e15) return mean;
    PixelDeviates deviates(seed, place);
    return mean < 10 ? poisson_by_inversion(mean, deviates) : poisson_by_transformed_rejection(mean, deviates);
}

}  // namespace nbhybrid::numerics
