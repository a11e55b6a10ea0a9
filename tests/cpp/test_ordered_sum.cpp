#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "nbhybrid/image/integer_images.hpp"
#include "nbhybrid/image/statistics.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/numerics/ordered_sum.hpp"

using namespace nbhybrid;
using namespace nbhybrid::image;
using namespace nbhybrid::numerics;

namespace {

// The levels of instructions of this processor.
std::vector<std::string> levels_here() {
    std::vector<std::string> names;
    for (const std::string name : {"baseline", "v2", "v3", "v4"}) {
        names.push_back(name);
        if (name == kernel::vector_kernel().isa) break;
    }
    return names;
}

void run_on_three_threads(std::int64_t tasks, const std::function<void(std::int64_t)>& work) {
    kernel::StopSign stop;
    kernel::for_each_task(tasks, 3, stop, nullptr, work);
}

// One addition after the other.
Statistics measured_plainly(const ImageView& image) {
    Statistics s;
    double sum = 0, squares = 0, deviations = 0;
    std::int64_t count = 0, all = 0;
    const auto each = [&](auto visit) {
        for (int slow = image.region.slow_first; slow <= image.region.slow_last; ++slow)
            for (int fast = image.region.fast_first; fast <= image.region.fast_last; ++fast)
                visit(slow, fast, image.at(slow, fast));
    };
    each([&](int slow, int fast, std::int64_t i) {
        const float pixel = image.pixels[i];
        if (image.mask != nullptr && image.mask[i] == 0) return;
        if (pixel > s.max) s.max = pixel, s.max_slow = slow, s.max_fast = fast;
        sum += pixel;
        const float square = pixel * pixel;
        squares += square;
        ++count;
    });
    s.mean = sum / static_cast<double>(std::max<std::int64_t>(count, 1));
    s.rms = std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(count, 2) - 1));
    each([&](int, int, std::int64_t i) {
        const double deviation = image.pixels[i] - s.mean;
        deviations += deviation * deviation;
        ++all;
    });
    s.rmsd = std::sqrt(deviations / static_cast<double>(std::max<std::int64_t>(all, 2) - 1));
    return s;
}

// Not-a-number is like any other.
std::uint64_t comparable(double x) { return std::isnan(x) ? 1 : bits_of(x); }

void check_all_ways(const ImageView& image) {
    const Statistics expected = measured_plainly(image);
    for (const std::string& level : levels_here())
        for (const Runner& runner : {Runner(run_in_turn), Runner(run_on_three_threads)}) {
            const Statistics found = measure(image, pixel_loops(level), runner);
            CHECK_EQ(comparable(found.max), comparable(expected.max));
            CHECK(found.max_slow == expected.max_slow && found.max_fast == expected.max_fast);
            CHECK_EQ(comparable(found.mean), comparable(expected.mean));
            CHECK_EQ(comparable(found.rms), comparable(expected.rms));
            CHECK_EQ(comparable(found.rmsd), comparable(expected.rmsd));
        }
}

using Draw = float (*)(std::mt19937& random);

// Of which sums round off nothing, a little, halves all the time, nearly everything.
const Draw draws[] = {
    [](std::mt19937&) { return 1.0F; },
    [](std::mt19937& r) { return std::ldexp(static_cast<float>(r() >> 8U), -20); },
    [](std::mt19937& r) { return std::ldexp(static_cast<float>(r() >> 8U), -static_cast<int>(r() % 60)); },
    [](std::mt19937& r) { return r() % 50 == 0 ? 1e9F : std::ldexp(static_cast<float>(2 * (r() % 8) + 1), -24); },
    [](std::mt19937& r) { return std::ldexp(1.0F, static_cast<int>(r() % 200) - 120); },
    [](std::mt19937& r) { return r() % 3 == 0 ? std::ldexp(static_cast<float>(r() % 3), -149) : 0.0F; },
    [](std::mt19937& r) { return std::ldexp(static_cast<float>(r() >> 8U), 100); },  // squares overflow
    [](std::mt19937& r) { return static_cast<float>(r() % 9) - 2.0F; },              // some are negative
};

}  // namespace

TEST("ordered sum: the bits of one addition after the other, whatever is added") {
    std::mt19937 random(1);
    for (const Draw draw : draws) {
        constexpr int fast = 1303, slow = 61;
        std::vector<float> pixels(fast * slow);
        std::vector<std::uint16_t> mask(pixels.size());
        for (float& pixel : pixels) pixel = draw(random);
        for (std::uint16_t& value : mask) value = static_cast<std::uint16_t>(random() % 3);
        check_all_ways({pixels.data(), fast, slow, {0, fast - 1, 0, slow - 1}, nullptr});
        check_all_ways({pixels.data(), fast, slow, {7, 1290, 3, 57}, mask.data()});
        check_all_ways({pixels.data(), fast, slow, {600, 602, 5, 57}, nullptr});
    }
}

TEST("ordered sum: pixels that are not finite") {
    std::mt19937 random(2);
    constexpr int fast = 700, slow = 9;
    for (const float odd_one : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), -0.0F, -1e30F}) {
        std::vector<float> pixels(fast * slow);
        for (float& pixel : pixels) pixel = draws[1](random);
        pixels[4001] = odd_one;
        check_all_ways({pixels.data(), fast, slow, {0, fast - 1, 0, slow - 1}, nullptr});
    }
}

TEST("ordered sum: a piece moves odd and even sums by what adding its numbers would") {
    // Halves of the last bit: an even sum stays, an odd one goes up.
    const double from = 1.0, half = std::ldexp(1.0, -53);
    const Moves moves = moves_between(from, even_start(from) + half, odd_start(from) + half);
    OrderedSum even, odd;
    even.add(1.5);
    odd.add(double_of(bits_of(1.5) + 1));
    CHECK(even.move(moves) && odd.move(moves));
    CHECK_EQ(even.value(), 1.5 + half);
    CHECK_EQ(odd.value(), double_of(bits_of(1.5) + 1) + half);
    CHECK(odd.value() != double_of(bits_of(1.5) + 1));
}

TEST("ordered sum: a piece says nothing of a sum in another place, or that leaves its place") {
    OrderedSum sum;
    CHECK(!sum.move({0, 0, 0}));
    sum.add(1.5);
    CHECK(!sum.move({2, 0.25, 0.25}));
    CHECK(!sum.move({1, 0.5, 0.5}));
    CHECK(!sum.move({1, std::numeric_limits<double>::quiet_NaN(), 0}));
    CHECK_EQ(sum.value(), 1.5);
    CHECK(sum.move({1, 0.25, 9}));
    CHECK_EQ(sum.value(), 1.75);
}

TEST("pixel loops: every level gives the same integers and greys") {
    std::mt19937 random(3);
    std::vector<float> pixels(1000);
    for (float& pixel : pixels) pixel = std::ldexp(static_cast<float>(random()) - 1e9F, -static_cast<int>(random() % 40));
    pixels[17] = std::numeric_limits<float>::quiet_NaN();
    pixels[500] = std::numeric_limits<float>::infinity();
    pixels[501] = -std::numeric_limits<float>::infinity();
    const ImageView image{pixels.data(), 1000, 1, {3, 998, 0, 0}, nullptr};
    std::vector<std::uint16_t> integers(1000), first_integers(1000);
    std::vector<std::uint8_t> greys(1000), first_greys(1000);
    for (const double scale : {0.37, -2.5, 1e4}) {
        integer_row(image, 0, scale, 40.5, first_integers.data());
        pgm_row(image, 0, scale, first_greys.data());
        CHECK(first_integers[0] == 0 && first_integers[999] == 0 && first_integers[17] == 0);
        for (const std::string& level : levels_here()) {
            integer_row(image, 0, scale, 40.5, integers.data(), pixel_loops(level));
            pgm_row(image, 0, scale, greys.data(), pixel_loops(level));
            CHECK(integers == first_integers && greys == first_greys);
        }
    }
}
