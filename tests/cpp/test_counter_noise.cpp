#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/numerics/poisson_by_place.hpp"
#include "nbhybrid/numerics/portable_elementary.hpp"
#include "nbhybrid/run/noise.hpp"

using namespace nbhybrid;
using namespace nbhybrid::numerics;

namespace {

bool same(const Philox& found, const Philox& expected) { return std::equal(found.word, found.word + 4, expected.word); }

// Pearson's statistic of many deviates, cells of 10 expected events and more, as standard deviations from its mean.
double chi_squared_excess(double mean, std::uint64_t seed, int events) {
    const int last = static_cast<int>(mean + 12 * std::sqrt(mean) + 20);
    std::vector<double> found(static_cast<std::size_t>(last) + 1, 0.0);
    for (int i = 0; i < events; ++i) {
        const double count = poisson_deviate(mean, seed, {0, 0, static_cast<std::uint32_t>(i)});
        ++found[static_cast<std::size_t>(std::min(count, static_cast<double>(last)))];
    }
    double statistic = 0, observed = 0, expected = 0, left = events, cells = 0;
    for (int k = 0; k <= last; ++k) {
        const double here = events * std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
        observed += found[static_cast<std::size_t>(k)];
        expected += here;
        left -= here;
        if (expected < 10 || left < 10) continue;
        statistic += (observed - expected) * (observed - expected) / expected;
        ++cells;
        observed = expected = 0;
    }
    expected += std::max(left, 0.0);
    statistic += (observed - expected) * (observed - expected) / expected;
    return (statistic - cells) / std::sqrt(2 * cells);
}

}  // namespace

TEST("philox: the known answers of its authors") {
    constexpr std::uint32_t ones = 0xffffffffU;
    CHECK(same(philox({{0, 0, 0, 0}}, 0), {{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}}));
    CHECK(same(philox({{ones, ones, ones, ones}}, 0xffffffffffffffffU), {{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}}));
    CHECK(same(philox({{0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}}, 0x299f31d0a4093822U),
               {{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}}));
}

TEST("portable exp and log: within their errors") {
    for (int i = -70000; i <= 70000; ++i) {
        const double x = i * 0.00999;
        CHECK(std::fabs(portable_exp(x) / std::exp(x) - 1) < 4e-16 * std::max(1.0, std::fabs(x) / 30));
        const double y = std::exp(x);
        CHECK(std::fabs(portable_log(y) - std::log(y)) < 3e-16 + 3e-16 * std::fabs(std::log(y)));
    }
    CHECK_EQ(portable_log(1.0), 0.0);
    CHECK_EQ(portable_exp(0.0), 1.0);
}

TEST("probabilities of counts: those of the library's lgamma") {
    for (const double mean : {0.3, 9.9, 10.0, 57.3, 1234.5, 40000.25})
        for (double k = 0; k < mean + 10 * std::sqrt(mean) + 30; k = std::floor(k * 1.05) + 1) {
            const double expected = k * std::log(mean) - mean - std::lgamma(k + 1);
            CHECK(std::fabs(log_poisson(k, mean) - expected) < 1e-14 * (std::fabs(k * std::log(mean)) + mean + 10));
        }
}

TEST("counts follow Poisson's distribution on both sides of every switch") {
    for (const double mean : {0.01, 0.7, 3.0, 9.99, 10.0, 10.5, 33.3, 500.0, 12345.6}) {
        const double excess = chi_squared_excess(mean, 20240607, 400000);
        if (std::fabs(excess) > 4.5) test::report_failure(__FILE__, __LINE__, "mean " + test::printed(mean));
    }
}

TEST("large means keep mean and variance") {
    for (const double mean : {1e5, 3e8, 1e14}) {
        constexpr int n = 100000;
        double sum = 0, squares = 0;
        for (int i = 0; i < n; ++i) {
            const double z = (poisson_deviate(mean, 5, {0, 0, static_cast<std::uint32_t>(i)}) - mean) / std::sqrt(mean);
            sum += z;
            squares += z * z;
        }
        CHECK(std::fabs(sum / n) < 4.5 / std::sqrt(n));
        CHECK(std::fabs(squares / n - 1) < 4.5 * std::sqrt(2.0 / n));
    }
}

TEST("what has no distribution gives 0 or itself") {
    CHECK_EQ(poisson_deviate(0, 1, {}), 0.0);
    CHECK_EQ(poisson_deviate(-1, 1, {}), 0.0);
    CHECK_EQ(poisson_deviate(std::nan(""), 1, {}), 0.0);
    CHECK_EQ(poisson_deviate(1e16, 1, {}), 1e16);
}

TEST("noise of an image: a pixel depends on its place, not on who else is there") {
    const std::vector<float> means(3 * 40000, 4.5F);
    std::vector<float> one(means.size()), two(means.size());
    run::add_counter_noise<float>({7, 5, 2, 3, 40000}, means.data(), one.data(), 1, nullptr);
    run::add_counter_noise<float>({7, 5, 2, 3, 40000}, means.data(), two.data(), 5, nullptr);
    CHECK(one == two);
    CHECK_EQ(static_cast<double>(one[40000 + 123]), poisson_deviate(4.5, 7, {6, 2, 123}));
    CHECK(!std::equal(one.begin(), one.begin() + 40000, one.begin() + 40000));
}
