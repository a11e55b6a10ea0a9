#include "nbhybrid/random/deviates.hpp"

#include <cmath>
#include <limits>

#include "nbhybrid/core/constants.hpp"

namespace nbhybrid {

namespace {

constexpr std::int64_t multiplier = 16807;
constexpr std::int64_t modulus = 2147483647;
constexpr std::int64_t table_size = 32;
constexpr std::int64_t numbers_per_slot = 1 + (modulus - 1) / table_size;
constexpr int warm_up = 8;
constexpr double largest_uniform = 1.0 - 1.2e-7;

constexpr float smallest_mean_for_rejection = 12.0F;
constexpr float smallest_mean_for_gaussian = 1.0e6F;
// Counts whose log k! is kept.
constexpr float counts_kept = 4096.0F;
constexpr float not_known = -1.0F;

void advance(StreamState& state) {
    const std::int64_t product = multiplier * state;
    if (state >= modulus) {  // a seed, never a state
        state = product % modulus;
        return;
    }
    // The remainder by 2^31 - 1: 2^31 counts as 1.
    const std::int64_t sum = (product & modulus) + (product >> 31);
    state = sum >= modulus ? sum - modulus : sum;
}

// ln Gamma(x) for x > 0 by Lanczos' series (SIAM J. Numer. Anal. B 1 (1964) 86), relative error about 2e-10 before the rounding
// to float32.
float log_gamma(float argument) {
    constexpr std::array<double, 6> coefficients = {76.18009172947146,  -86.50532032941677,    24.01409824083091,
                                                    -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5};
    const double x = argument;
    double shifted = x + 5.5;
    shifted -= (x + 0.5) * std::log(shifted);
    double series = 1.000000000190015;
    double denominator = x;
    for (const double coefficient : coefficients) series += coefficient / ++denominator;
    return static_cast<float>(-shifted + std::log(2.5066282746310005 * series / x));
}

}  // namespace

void SharedDeviates::fill(StreamState& state) {
    state = -state < 1 ? 1 : -state;
    for (std::int64_t slot = table_size + warm_up - 1; slot >= 0; --slot) {
        advance(state);
        if (slot < table_size) table_[static_cast<std::size_t>(slot)] = state;
    }
    last_ = table_[0];
}

float SharedDeviates::uniform(StreamState& state) {
    if (state <= 0 || last_ == 0) fill(state);
    advance(state);
    // Neither is negative: a shift will do.
    std::int64_t& slot = table_[static_cast<std::uint64_t>(last_) / static_cast<std::uint64_t>(numbers_per_slot)];
    last_ = slot;
    slot = state;
    const auto deviate = static_cast<float>((1.0 / static_cast<double>(modulus)) * static_cast<double>(last_));
    return static_cast<double>(deviate) > largest_uniform ? static_cast<float>(largest_uniform) : deviate;
}

float SharedDeviates::gaussian(StreamState& state) {
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    float u = 0.0F, v = 0.0F, radius_squared = 0.0F;
    do {
        u = static_cast<float>(2.0 * uniform(state) - 1.0);
        v = static_cast<float>(2.0 * uniform(state) - 1.0);
        radius_squared = u * u + v * v;
    } while (radius_squared >= 1.0F || radius_squared == 0.0F);
    const double r2 = radius_squared;
    const auto factor = static_cast<float>(std::sqrt(-2.0 * std::log(r2) / r2));
    spare_ = u * factor;
    has_spare_ = true;
    return v * factor;
}

float SharedDeviates::poisson(float mean, StreamState& state) {
    if (mean > smallest_mean_for_gaussian) {
        const double sigma = std::sqrt(static_cast<double>(mean));
        return static_cast<float>(mean + sigma * gaussian(state));
    }
    return mean < smallest_mean_for_rejection ? poisson_by_product(mean, state) : poisson_by_rejection(mean, state);
}

float SharedDeviates::poisson_by_product(float mean, StreamState& state) {
    float count = 0.0F, product = uniform(state);
    if (mean != last_mean_) {
        // exp(-mean) is at least 1 - mean, here made smaller by more than either may be rounded: most faint pixels need no more.
        const bool is_zero = product < 1.0 - static_cast<double>(mean) - 1e-6;
        last_mean_ = is_zero ? std::numeric_limits<float>::quiet_NaN() : mean;
        if (is_zero) return 0.0F;
        exponential_ = static_cast<float>(std::exp(static_cast<double>(-mean)));
    }
    while (product > exponential_) {
        ++count;
        product *= uniform(state);
    }
    return count;
}

float SharedDeviates::log_factorial(float count) {
    if (!(count < counts_kept)) return log_gamma(static_cast<float>(count + 1.0));
    if (log_factorials_.empty()) log_factorials_.assign(static_cast<std::size_t>(counts_kept), not_known);
    float& known = log_factorials_[static_cast<std::size_t>(count)];
    if (known == not_known) known = log_gamma(static_cast<float>(count + 1.0));
    return known;
}

float SharedDeviates::poisson_by_rejection(float mean, StreamState& state) {
    if (mean != last_mean_) {
        last_mean_ = mean;
        width_ = static_cast<float>(std::sqrt(2.0 * mean));
        log_mean_ = static_cast<float>(std::log(static_cast<double>(mean)));
        exponential_ = mean * log_mean_ - log_gamma(static_cast<float>(mean + 1.0));
    }
    float count = 0.0F, acceptance = 0.0F;
    do {
        float lorentzian = 0.0F;
        do {
            lorentzian = static_cast<float>(std::tan(pi * uniform(state)));
            count = width_ * lorentzian + mean;
        } while (count < 0.0F);
        count = std::floor(count);
        // 0.9 keeps the ratio of the distribution to the comparison function below 1.
        const float log_ratio = count * log_mean_ - log_factorial(count) - exponential_;
        acceptance = static_cast<float>(0.9 * (1.0 + lorentzian * lorentzian) * std::exp(static_cast<double>(log_ratio)));
    } while (uniform(state) > acceptance);
    return count;
}

}  // namespace nbhybrid
