#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "check.hpp"
#include "nbhybrid/random/deviates.hpp"
#include "nbhybrid/random/random_rotation.hpp"

using namespace nbhybrid;

namespace {

constexpr std::int64_t modulus = 2147483647;  // 2^31 - 1

// 16807 s mod 2^31 - 1 by adding the high bits of the product to the low ones, without a division.
std::int64_t next(std::int64_t s) {
    const std::uint64_t product = 16807ULL * static_cast<std::uint64_t>(s);
    const std::uint64_t folded = (product & 0x7fffffffULL) + (product >> 31U);
    return static_cast<std::int64_t>(folded >= static_cast<std::uint64_t>(modulus) ? folded - static_cast<std::uint64_t>(modulus)
                                                                                   : folded);
}

std::int64_t power(std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 != 0) result = result * base % modulus;
        base = base * base % modulus;
    }
    return result;
}

// The seed whose number after `steps` steps of the generator is `value`.
std::int64_t seed_reaching(std::int64_t value, int steps) {
    // 16807^(m - 2) is its inverse, since m is prime.
    return value * power(power(16807, modulus - 2), steps) % modulus;
}

// The shuffled sequence of integers of one stream, from a list of the generator's numbers: the first 8 are thrown away, the next 32
// fill the table from its end, and then each number replaces the one it releases.
std::vector<std::int64_t> shuffled(std::int64_t seed, int count) {
    std::vector<std::int64_t> numbers{seed};
    for (int i = 0; i < 40 + count; ++i) numbers.push_back(next(numbers.back()));
    std::vector<std::int64_t> table(32), released;
    for (std::size_t i = 0; i < 32; ++i) table[31 - i] = numbers[9 + i];
    std::int64_t last = table[0];
    for (int i = 0; i < count; ++i) {
        // 32 equal intervals of the numbers 1 ... m - 1.
        const auto slot = static_cast<std::size_t>(last / ((modulus - 1) / 32 + 1));
        last = table[slot];
        table[slot] = numbers[41 + static_cast<std::size_t>(i)];
        released.push_back(last);
    }
    return released;
}

constexpr float largest = 0.99999988F;  // 1 - 2^-23

float as_deviate(std::int64_t integer) {
    const auto deviate = static_cast<float>(static_cast<double>(integer) * (1.0 / static_cast<double>(modulus)));
    return deviate < largest ? deviate : largest;
}

double log_poisson(double mean, int count) { return count * std::log(mean) - mean - std::lgamma(count + 1.0); }

}  // namespace

TEST("random sequences: the shuffled minimal standard, number by number") {
    CHECK_EQ(shuffled(1, 1).front(), 893351816);
    for (const std::int64_t seed : {1L, 2L, 17L, 12345678L, 2147483646L}) {
        SharedDeviates deviates;
        StreamState state = -seed;
        std::size_t wrong = 0;
        for (const std::int64_t integer : shuffled(seed, 5000)) wrong += deviates.uniform(state) != as_deviate(integer) ? 1 : 0;
        CHECK_EQ(wrong, 0U);
    }
}

TEST("random sequences: the largest deviate is capped below 1") {
    // The largest integer there is comes up as number 40 - 9 of the table, and as one that is drawn later.
    for (const int steps : {9, 25, 40, 60}) {
        const std::int64_t seed = seed_reaching(modulus - 1, steps);
        SharedDeviates deviates;
        StreamState state = -seed;
        int seen = 0;
        for (const std::int64_t integer : shuffled(seed, 1000)) {
            const float u = deviates.uniform(state);
            CHECK(u < 1.0F);
            if (integer != modulus - 1) continue;
            CHECK_EQ(u, largest);
            ++seen;
        }
        CHECK_EQ(seen, 1);
    }
}

TEST("random sequences: a stream goes on from what others have left in the table") {
    SharedDeviates deviates;
    StreamState first = -5;
    for (int i = 0; i < 3; ++i) deviates.uniform(first);
    // A second stream that begins with a positive state takes over the first one's table, and releases its numbers.
    const std::vector<std::int64_t> alone = shuffled(5, 4);
    StreamState second = 77;
    CHECK_EQ(deviates.uniform(second), as_deviate(alone[3]));
    CHECK_EQ(second, next(77));
    // One that begins with a negative state fills the table, and the first then releases numbers of the second.
    StreamState third = -9;
    CHECK_EQ(deviates.uniform(third), as_deviate(shuffled(9, 1)[0]));
    CHECK_EQ(deviates.uniform(first), as_deviate(shuffled(9, 2)[1]));
}

TEST("random sequences: a small mean multiplies uniform deviates until the product is below exp(-mean)") {
    SharedDeviates deviates, again;
    StreamState state = -31, same = -31;
    for (int i = 0; i < 2000; ++i) {
        const float mean = 0.01F + 11.9F * static_cast<float>(i) / 2000.0F;
        const float found = deviates.poisson(mean, state);
        float expected = -1, product = 1;
        while (product > static_cast<float>(std::exp(-static_cast<double>(mean)))) {
            product *= again.uniform(same);
            ++expected;
        }
        CHECK_EQ(found, expected);
    }
    CHECK_EQ(state, same);
}

TEST("random sequences: counts are distributed as Poisson says, on both sides of a mean of 12") {
    SharedDeviates deviates;
    StreamState state = -8;
    for (const float mean : {0.5F, 4.0F, 11.99F, 12.01F, 40.0F}) {
        const int draws = 100000, bins = 100;
        std::vector<int> counts(bins);
        for (int i = 0; i < draws; ++i) {
            const float count = deviates.poisson(mean, state);
            CHECK(count >= 0.0F && count == std::floor(count));
            if (count < static_cast<float>(bins)) ++counts[static_cast<std::size_t>(count)];
        }
        double chi_squared = 0;
        int used = 0;
        for (int k = 0; k < bins; ++k) {
            const double expected = draws * std::exp(log_poisson(mean, k));
            if (expected < 20) continue;
            const double difference = counts[static_cast<std::size_t>(k)] - expected;
            chi_squared += difference * difference / expected;
            ++used;
        }
        // Mean `used`, standard deviation sqrt(2 used).
        CHECK(chi_squared < used + 5 * std::sqrt(2.0 * used));
    }
}

TEST("random sequences: a count does not depend on the means asked for before") {
    SharedDeviates remembering;
    StreamState state = -4;
    remembering.uniform(state);
    for (const float mean : {3.0F, 50.0F, 3.0F, 3.0F, 12.0F, 50.0F, 50.0F, 11.5F, 0.1F, 12.0F, 12.0F, 3.0F, 999999.0F, 50.0F}) {
        // Another one that has drawn as much, but no counts.
        SharedDeviates fresh;
        StreamState same = -4;
        fresh.uniform(same);
        while (same != state) fresh.uniform(same);
        CHECK_EQ(remembering.poisson(mean, state), fresh.poisson(mean, same));
        CHECK_EQ(state, same);
    }
    CHECK_EQ(remembering.poisson(0.0F, state), 0.0F);
}

TEST("random sequences: above a million a count is the mean and a Gaussian deviate, spare included") {
    SharedDeviates deviates, again;
    StreamState state = -2, same = -2;
    for (const float mean : {1.5e6F, 1.0e7F, 3.0e8F}) {
        const float expected = static_cast<float>(mean + std::sqrt(static_cast<double>(mean)) * again.gaussian(same));
        CHECK_EQ(deviates.poisson(mean, state), expected);
    }
    // At exactly a million it is still a whole number from the rejection, which draws at least two deviates.
    const StreamState before = state;
    deviates.poisson(1.0e6F, state);
    CHECK(state != before && state != next(before));
}

TEST("random sequences: Gaussian deviates come in pairs on one circle") {
    SharedDeviates deviates, again;
    StreamState state = -6, same = -6;
    for (int i = 0; i < 1000; ++i) {
        const float first = deviates.gaussian(state), second = deviates.gaussian(state);
        float u = 0, v = 0;
        do {
            u = static_cast<float>(2.0 * again.uniform(same) - 1.0);
            v = static_cast<float>(2.0 * again.uniform(same) - 1.0);
        } while (u * u + v * v >= 1.0F || u * u + v * v == 0.0F);
        // The pair has the direction of (v, u), and the length that maps the disk's area to a Gaussian.
        const double r2 = u * u + v * v;
        CHECK(std::fabs(first * first + second * second + 2 * std::log(r2)) < 1e-5 * (1 - 2 * std::log(r2)));
        CHECK(std::fabs(first * u - second * v) < 1e-6 * std::fabs(first * u) + 1e-30);
        CHECK_EQ(std::signbit(first), std::signbit(v));
    }
    CHECK_EQ(state, same);
}

TEST("random sequences: a rotation takes three deviates, and its angle is that of the third") {
    SharedDeviates deviates, again;
    StreamState state = -12345678, same = state;
    const float cap = 0.3F;
    for (int i = 0; i < 200; ++i) {
        const Mat3 m = random_rotation(cap, deviates, state);
        const double azimuth = 2.0 * again.uniform(same) - 1.0, height = 2.0 * again.uniform(same) - 1.0;
        const double depth = 2.0 * again.uniform(same) - 1.0;
        const double angle = cap * std::cbrt(1 - depth * depth);
        CHECK(std::fabs((m.row_x.x + m.row_y.y + m.row_z.z - 1) / 2 - std::cos(angle)) < 1e-7);
        // The axis stays where it is.
        const double radius = std::sqrt(1 - height * height), pi = std::acos(-1.0);
        const Vec3 axis{radius * std::sin(pi * azimuth), radius * std::cos(pi * azimuth), height};
        CHECK(norm(m * axis - axis) < 1e-12);
        // And the sense is right-handed: v x (m v) points along the axis.
        const Vec3 v = normalized(cross(axis, Vec3{0.3, -0.5, 0.8}));
        CHECK(std::fabs(dot(cross(v, m * v), axis) - std::sin(angle)) < 1e-7);
    }
    CHECK_EQ(state, same);
}

TEST("random sequences: faint means, the same ones again and negative ones count as a product of uniform deviates does") {
    SharedDeviates deviates, again;
    StreamState state = -5, same = -5;
    std::mt19937 random(5);
    const float means[] = {-1.0F, 0.0F, 1e-9F, 0.001F, 0.3F, 0.9999999F, 1.0F, 2.5F, -1.0F, 11.9F, 0.001F, -3.0F};
    for (int i = 0; i < 20000; ++i) {
        const float mean = i < 12 ? means[i] : means[random() % 12];
        // The reference takes -1 for the mean before the first, whose exponential is 0, and draws until the product is 0 as well.
        if (i == 0 && mean == -1.0F) continue;
        const auto limit = static_cast<float>(std::exp(static_cast<double>(-mean)));
        float expected = -1.0F, product = 1.0F;
        do {
            ++expected;
            product *= again.uniform(same);
        } while (product > limit);
        CHECK_EQ(deviates.poisson(mean, state), expected);
        CHECK_EQ(state, same);
    }
}

TEST("random sequences: the log of a factorial that is kept is the one that is worked out") {
    // Both sides of the last count that is kept, in turns, so that kept ones are met again.
    SharedDeviates deviates;
    StreamState state = -6;
    for (const float mean : {4000.0F, 4090.0F, 4200.0F, 12.5F}) {
        double sum = 0;
        for (int i = 0; i < 4000; ++i) sum += deviates.poisson(mean, state);
        CHECK(std::fabs(sum / 4000 / static_cast<double>(mean) - 1) < 5 / std::sqrt(4000 * static_cast<double>(mean)));
    }
}
