// Pairs of float32, with products and sums joined as a device joins them.
#define NBHYBRID_ISA as_on_device
#define NBHYBRID_AS_ON_DEVICE

#include <algorithm>
#include <cmath>
#include <random>

#include "check.hpp"
#include "nbhybrid/kernel/sums/support_in_float.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/terms/shapes.hpp"

using namespace nbhybrid;

namespace {

// Vectors whose products are up to `largest`, as lattice vectors and scattering vectors are.
struct RandomVectors {
    std::mt19937_64 generator{7};
    std::uniform_real_distribution<double> unit{-1.0, 1.0};

    Vec3 of_length(double most) {
        const Vec3 v{unit(generator), unit(generator), unit(generator)};
        return (most * std::fabs(unit(generator)) / norm(v)) * v;
    }
};

long double product(const Vec3& u, const Vec3& v) {
    return static_cast<long double>(u.x) * v.x + static_cast<long double>(u.y) * v.y + static_cast<long double>(u.z) * v.z;
}

}  // namespace

TEST("a pair holds a double to 48 bits, and pairs are added and multiplied to 44") {
    RandomVectors random;
    const auto value = [](const numerics::FloatPair& p) { return static_cast<double>(p.high) + static_cast<double>(p.low); };
    double of_pair = 0, of_sum = 0, of_product = 0;
    for (int i = 0; i < 100000; ++i) {
        const Vec3 v = random.of_length(1e10);
        const double x = v.x, y = v.y;
        const numerics::FloatPair a = numerics::pair_of(x), b = numerics::pair_of(y);
        of_pair = std::max(of_pair, std::fabs(value(a) / x - 1));
        of_sum = std::max(of_sum, std::fabs(value(a + b) - (value(a) + value(b))) / (std::fabs(x) + std::fabs(y)));
        of_product = std::max(of_product, std::fabs(value(a * b) / (value(a) * value(b)) - 1));
    }
    CHECK(of_pair < std::ldexp(1.0, -48));
    CHECK(of_sum > 0 && of_sum < std::ldexp(1.0, -44));
    CHECK(of_product > 0 && of_product < std::ldexp(1.0, -44));
}

TEST("indices by pairs: offsets within 8e-14 of the largest index, and the nearest whole number") {
    for (const double largest : {20.0, 160.0, 600.0, 3900.0}) {
        RandomVectors random;
        const float shift = terms::shift_of_indices(largest);
        double worst = 0;
        int wrong = 0;
        for (int i = 0; i < 200000; ++i) {
            const Vec3 axis = random.of_length(1e-8), s = random.of_length(largest * 1e8);
            const long double index = product(axis, s);
            terms::PairIndex found = terms::pair_index(numerics::pair_of(axis), numerics::pair_of(s), shift);
            terms::round_well(found);
            const long double sum = static_cast<long double>(found.whole) + found.offset + found.tail;
            worst = std::max(worst, static_cast<double>(std::fabs(sum - index)));
            wrong += found.whole != std::rint(static_cast<double>(index)) ? 1 : 0;
            CHECK(std::fabs(found.offset) <= 0.5F);
            CHECK_EQ(numerics::integer_of(found.whole), static_cast<int>(found.whole));
        }
        CHECK(worst < 8e-14 * largest + 1.1e-12);
        CHECK_EQ(wrong, 0);
    }
}

TEST("an index in the middle of two whole numbers goes down, as in the table") {
    for (int n = -7; n <= 7; ++n) {
        const numerics::PairVec3 axis = numerics::pair_of(Vec3{0.5, 0, 0}), s = numerics::pair_of(Vec3{2.0 * n + 1 - 4e-12, 0, 0});
        terms::PairIndex index = terms::pair_index(axis, s, terms::shift_of_indices(20));
        terms::round_well(index);
        CHECK_EQ(index.whole, static_cast<float>(n));
    }
}

TEST("powers of two of pairs") {
    double worst = 0;
    for (double x = -100; x < 0.9; x += 0.00137) {
        const double found = numerics::power_of_two(numerics::pair_of(x));
        worst = std::max(worst, std::fabs(found / std::exp2(x) - 1));
    }
    CHECK(worst > 0 && worst < 2e-7);
    CHECK_EQ(numerics::power_of_two(numerics::pair_of(-500.0)), 0.0F);
}

TEST("a box leaves out no orientation that reaches a place in it") {
    RandomVectors random;
    const double largest = 150;
    const Vec3 along{0.02, 0.03, 0.04};
    const kernel::FloatSupport support(along, largest);
    int left_out = 0, wrong = 0;
    for (int i = 0; i < 100000; ++i) {
        const Vec3 middle = random.of_length(largest * 1e8), half{2e5, 1e5, 3e5};
        const Axes axes{random.of_length(1e-8), random.of_length(1e-8), random.of_length(1e-8)};
        const PairAxes pairs{numerics::pair_of(axes.a), numerics::pair_of(axes.b), numerics::pair_of(axes.c)};
        if (kernel::FloatBox(middle, half).is_reached(pairs, support)) continue;
        ++left_out;
        for (int corner = 0; corner < 8; ++corner) {
            const auto sign = [corner](int bit) { return (corner & bit) != 0 ? 1.0 : -1.0; };
            const Vec3 place{middle.x + sign(1) * half.x, middle.y + sign(2) * half.y, middle.z + sign(4) * half.z};
            const auto near = [&place](const Vec3& axis, double most) {
                const long double index = product(axis, place);
                return std::fabs(index - std::rint(index)) <= most;
            };
            wrong += near(axes.a, along.x) && near(axes.b, along.y) && near(axes.c, along.z) ? 1 : 0;
        }
    }
    CHECK(left_out > 50000);
    CHECK_EQ(wrong, 0);
}
