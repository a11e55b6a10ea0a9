#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "nbhybrid/image/integer_images.hpp"
#include "nbhybrid/image/statistics.hpp"

using namespace nbhybrid;
using namespace nbhybrid::image;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

ImageView view_of(const std::vector<float>& pixels, int fast, Region region, const std::uint16_t* mask = nullptr) {
    return {pixels.data(), fast, static_cast<int>(pixels.size()) / fast, region, mask};
}

std::vector<int> integers(const std::vector<float>& pixels, double scale, double offset) {
    const int fast = static_cast<int>(pixels.size());
    std::vector<std::uint16_t> row(pixels.size());
    integer_row(view_of(pixels, fast, {0, fast - 1, 0, 0}), 0, scale, offset, row.data());
    return {row.begin(), row.end()};
}

std::vector<int> greys(const std::vector<float>& pixels, double scale) {
    const int fast = static_cast<int>(pixels.size());
    std::vector<std::uint8_t> row(pixels.size());
    pgm_row(view_of(pixels, fast, {0, fast - 1, 0, 0}), 0, scale, row.data());
    return {row.begin(), row.end()};
}

}  // namespace

TEST("image: statistics of a region with a mask") {
    const std::vector<float> pixels = {9, 1, 2, 0, /**/ 9, 3, 4, 9, /**/ 9, 9, 9, 9};
    const std::vector<std::uint16_t> mask = {1, 1, 1, 1, /**/ 1, 1, 0, 1, /**/ 1, 1, 1, 1};
    const Statistics s = measure(view_of(pixels, 4, {1, 2, 0, 1}, mask.data()));
    CHECK_EQ(s.max, 3.0);
    CHECK_EQ(s.max_slow, 1);
    CHECK_EQ(s.max_fast, 1);
    CHECK_EQ(s.mean, 2.0);
    CHECK_EQ(s.rms, std::sqrt((1.0 + 4 + 9) / 2));
    // Masked pixels count here.
    CHECK_EQ(s.rmsd, std::sqrt((1.0 + 0 + 1 + 4) / 3));
}

TEST("image: statistics of next to nothing") {
    const std::vector<float> one = {5};
    const Statistics s = measure(view_of(one, 1, {0, 0, 0, 0}));
    CHECK_EQ(s.mean, 5.0);
    CHECK_EQ(s.rms, 5.0);
    CHECK_EQ(s.rmsd, 0.0);
    const std::vector<float> black = {0, -1};
    CHECK_EQ(measure(view_of(black, 2, {0, 1, 0, 0})).max_fast, -1);
}

TEST("image: the first of equal maxima counts") {
    const std::vector<float> pixels = {1, 7, 7};
    CHECK_EQ(measure(view_of(pixels, 3, {0, 2, 0, 0})).max_fast, 1);
}

TEST("image: automatic scales") {
    Statistics s;
    CHECK_EQ(integer_scale(0, s), 1.0);
    CHECK_EQ(pgm_scale(-1, 3, s), 3.0);
    s.max = 11;
    s.rmsd = 5;
    CHECK_EQ(integer_scale(-2, s), 5000.0);
    CHECK_EQ(integer_scale(7, s), 7.0);
    CHECK_EQ(pgm_scale(0, 3, s), 10.0);
}

TEST("image: integers are clipped and rounded to nearest") {
    CHECK(integers({0, 1, 1.25F, -1, -100, 1e9F, not_a_number}, 2, 40) == (std::vector<int>{40, 42, 43, 38, 0, 65535, 0}));
}

TEST("image: greys are truncated, and wrap around below zero as the reference's do") {
    CHECK(greys({0, 0.9F, 1.9F, 1000, -0.5F, -1, -1e20F, not_a_number}, 1) == (std::vector<int>{0, 0, 1, 255, 0, 255, 0, 0}));
}

TEST("image: nothing is written outside the region") {
    const std::vector<float> pixels = {5, 5, 5, 5, 5, 5};
    std::vector<std::uint16_t> row(3, 9);
    integer_row(view_of(pixels, 3, {1, 1, 1, 1}), 0, 1, 40, row.data());
    CHECK(row == (std::vector<std::uint16_t>{0, 0, 0}));
    integer_row(view_of(pixels, 3, {1, 1, 1, 1}), 1, 1, 40, row.data());
    CHECK(row == (std::vector<std::uint16_t>{0, 45, 0}));
}

TEST("image: noise counts photons and overloads") {
    const std::vector<float> pixels = {1e9F, 0, 100};
    SharedDeviates deviates, again;
    StreamState state = -1, same_state = -1;
    NoiseTotals totals;
    std::vector<std::uint16_t> row(3);
    noise_row(view_of(pixels, 3, {0, 2, 0, 0}), 0, 40, deviates, state, totals, row.data());
    CHECK_EQ(row[0], 65535);
    CHECK_EQ(row[1], 40);
    CHECK_EQ(totals.overloads, 1);
    double photons = 0;
    for (const float mean : pixels) photons += again.poisson(mean, same_state);
    CHECK_EQ(totals.photons, photons);
}
