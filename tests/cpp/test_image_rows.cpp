#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "check.hpp"
#include "nbhybrid/image/integer_images.hpp"
#include "nbhybrid/image/statistics.hpp"

using namespace nbhybrid;
using namespace nbhybrid::image;

namespace {

constexpr int fast_pixels = 37, slow_pixels = 23;

struct Scene {
    std::vector<float> pixels;
    std::vector<std::uint16_t> mask;
    Region region{4, 30, 2, 19};

    ImageView view() const { return {pixels.data(), fast_pixels, slow_pixels, region, mask.empty() ? nullptr : mask.data()}; }
};

Scene random_scene(unsigned seed, bool masked) {
    std::mt19937 random(seed);
    Scene s;
    for (int i = 0; i < fast_pixels * slow_pixels; ++i) {
        s.pixels.push_back(static_cast<float>(random() % 100000) / 37.0F);
        if (masked) s.mask.push_back(random() % 4 == 0 ? 0 : 1);
    }
    return s;
}

bool is_inside(const Region& r, int slow, int fast) {
    return fast >= r.fast_first && fast <= r.fast_last && slow >= r.slow_first && slow <= r.slow_last;
}

// What -intfile makes of one value: scaled and clipped in double, rounded to float32 with the half that is added, and cut off.
int expected_integer(float pixel, double scale, double offset) {
    const double value = std::min(65535.0, std::max(0.0, pixel * scale + offset));
    return static_cast<int>(std::floor(static_cast<double>(static_cast<float>(value + 0.5)))) & 0xffff;
}

int integer_of(float pixel, double scale, double offset) {
    std::uint16_t row = 0;
    integer_row({&pixel, 1, 1, {0, 0, 0, 0}, nullptr}, 0, scale, offset, &row);
    return row;
}

}  // namespace

TEST("image rows: statistics by brute force") {
    for (const bool masked : {false, true}) {
        const Scene scene = random_scene(7, masked);
        long double sum = 0, squares = 0, deviations = 0, max = 0;
        int count = 0, all = 0, max_slow = -1, max_fast = -1;
        const auto each = [&](auto visit) {
            for (int slow = 0; slow < slow_pixels; ++slow)
                for (int fast = 0; fast < fast_pixels; ++fast)
                    if (is_inside(scene.region, slow, fast)) visit(slow, fast, static_cast<std::size_t>(slow * fast_pixels + fast));
        };
        each([&](int slow, int fast, std::size_t i) {
            if (masked && scene.mask[i] == 0) return;
            const long double v = scene.pixels[i];
            sum += v, squares += v * v, ++count;
            if (v > max) max = v, max_slow = slow, max_fast = fast;
        });
        const long double mean = sum / count;
        each([&](int, int, std::size_t i) { deviations += (scene.pixels[i] - mean) * (scene.pixels[i] - mean), ++all; });
        const Statistics s = measure(scene.view());
        CHECK_EQ(s.max, static_cast<double>(max));
        CHECK(s.max_slow == max_slow && s.max_fast == max_fast);
        CHECK(std::fabs(s.mean / static_cast<double>(mean) - 1) < 1e-13);
        // Squares are rounded to float32.
        CHECK(std::fabs(s.rms / static_cast<double>(std::sqrt(squares / (count - 1))) - 1) < 1e-7);
        CHECK(std::fabs(s.rmsd / static_cast<double>(std::sqrt(deviations / (all - 1))) - 1) < 1e-13);
    }
}

TEST("image rows: what lies outside the region changes no number") {
    Scene scene = random_scene(8, false);
    const Statistics before = measure(scene.view());
    for (int slow = 0; slow < slow_pixels; ++slow)
        for (int fast = 0; fast < fast_pixels; ++fast)
            if (!is_inside(scene.region, slow, fast))
                scene.pixels[static_cast<std::size_t>(slow * fast_pixels + fast)] = std::numeric_limits<float>::quiet_NaN();
    const Statistics after = measure(scene.view());
    CHECK_EQ(after.max, before.max);
    CHECK_EQ(after.mean, before.mean);
    CHECK_EQ(after.rms, before.rms);
    CHECK_EQ(after.rmsd, before.rmsd);
}

TEST("image rows: everything masked") {
    Scene scene = random_scene(9, true);
    for (std::uint16_t& value : scene.mask) value = 0;
    const Statistics s = measure(scene.view());
    CHECK_EQ(s.max, 0.0);
    CHECK_EQ(s.max_fast, -1);
    CHECK_EQ(s.mean, 0.0);
    CHECK_EQ(s.rms, 0.0);
    CHECK(s.rmsd > 0);
}

TEST("image rows: integers of all sizes, and halves") {
    std::mt19937 random(10);
    for (int i = 0; i < 20000; ++i) {
        const auto pixel = static_cast<float>(std::ldexp(static_cast<double>(random() % 16777216) - 1000000.0, -8));
        const double scale = std::ldexp(static_cast<double>(1 + random() % 1000), -10),
                     offset = static_cast<double>(random() % 100) / 2.0;
        CHECK_EQ(integer_of(pixel, scale, offset), expected_integer(pixel, scale, offset));
    }
    // Halves go up.
    for (const int whole : {0, 1, 2, 1000, 32767}) CHECK_EQ(integer_of(static_cast<float>(whole) + 0.5F, 1, 0), whole + 1);
    CHECK_EQ(integer_of(0.49999997F, 1, 0), 1);  // the sum with a half is 1 in float32
    CHECK_EQ(integer_of(-40.25F, 1, 40), 0);
    CHECK_EQ(integer_of(-1e30F, 1, 40), 0);
}

TEST("image rows: the largest integer is 65535, infinity included") {
    for (const float pixel : {65494.5F, 65495.0F, 65496.0F, 1e30F, std::numeric_limits<float>::infinity()})
        CHECK_EQ(integer_of(pixel, 1, 40), 65535);
    CHECK_EQ(integer_of(65494.4F, 1, 40), 65534);
}

TEST("image rows: automatic scales put the brightest pixel at 55000 and five deviations at 250") {
    const Scene scene = random_scene(11, false);
    const Statistics s = measure(scene.view());
    const double scale = integer_scale(0, s);
    CHECK(std::fabs(s.max * scale - 55000) < 1e-9);
    CHECK(std::fabs(5 * s.rmsd * pgm_scale(0, scale, s) - 250) < 1e-9);
    std::vector<std::uint16_t> row(fast_pixels);
    integer_row(scene.view(), s.max_slow, scale, 40, row.data());
    CHECK_EQ(row[static_cast<std::size_t>(s.max_fast)], 55040);
}

TEST("image rows: grey values never pass 255 and are cut off, not rounded") {
    std::vector<float> pixels;
    for (int i = 0; i < 600; ++i) pixels.push_back(static_cast<float>(i) * 0.5F);
    std::vector<std::uint8_t> row(600);
    pgm_row({pixels.data(), 600, 1, {0, 599, 0, 0}, nullptr}, 0, 1, row.data());
    for (int i = 0; i < 600; ++i) CHECK_EQ(row[static_cast<std::size_t>(i)], std::min(255, i / 2));
}

TEST("image rows: noise draws for the pixels of the region alone, masked ones too, in their order") {
    const Scene scene = random_scene(12, true);
    SharedDeviates deviates, again;
    StreamState state = -3, same = -3;
    NoiseTotals totals;
    double photons = 0;
    for (int slow = 0; slow < slow_pixels; ++slow) {
        std::vector<std::uint16_t> row(fast_pixels, 77);
        noise_row(scene.view(), slow, 40.7, deviates, state, totals, row.data());
        for (int fast = 0; fast < fast_pixels; ++fast) {
            int expected = 0;
            if (is_inside(scene.region, slow, fast)) {
                const double count = again.poisson(scene.pixels[static_cast<std::size_t>(slow * fast_pixels + fast)], same);
                photons += count;
                expected = static_cast<int>(count + 40.7);
            }
            CHECK_EQ(row[static_cast<std::size_t>(fast)], expected);
        }
    }
    CHECK_EQ(state, same);
    CHECK_EQ(totals.photons, photons);
    CHECK_EQ(totals.overloads, 0);
}

TEST("image rows: noise is about the signal, and its root") {
    const int count = 40000;
    const std::vector<float> pixels(count, 400.0F);
    std::vector<std::uint16_t> row(count);
    SharedDeviates deviates;
    StreamState state = -1;
    NoiseTotals totals;
    noise_row({pixels.data(), count, 1, {0, count - 1, 0, 0}, nullptr}, 0, 40, deviates, state, totals, row.data());
    double sum = 0, squares = 0;
    for (const int value : row) sum += value - 40, squares += (value - 440.0) * (value - 440.0);
    CHECK(std::fabs(sum / count - 400) < 0.5);
    CHECK(std::fabs(squares / count / 400 - 1) < 0.04);
    CHECK_EQ(totals.photons, sum);
}
