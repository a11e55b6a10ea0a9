#include <cmath>

#include "check.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "vectors.hpp"

using nbhybrid::near;
using nbhybrid::numerics::Dual;
using namespace nbhybrid::numerics;

namespace {

template <class F>
void check_slope(F f, double x) {
    constexpr double step = 1e-4;
    const double difference = (f(Dual(x + step)).value - f(Dual(x - step)).value) / (2 * step);
    const Dual y = f(Dual(x, 3.0));
    CHECK_EQ(y.value, f(Dual(x)).value);
    CHECK(near(y.slope, 3 * difference, 1e-6 * (1 + std::fabs(difference))));
    CHECK_EQ(f(Dual(x)).slope, 0.0);
}

}  // namespace

TEST("dual: slopes are those of differences, values those of double") {
    for (const double x : {-1.3, -0.2, 0.4, 2.5}) {
        check_slope([](const Dual& u) { return u * u + 2.0 * u - u / (u + 3.0) - (-u); }, x);
        check_slope([](const Dual& u) { return sin(u) * cos(2.0 * u); }, x);
        check_slope([](const Dual& u) { return sqrt(u * u + 1.0) / fabs(u); }, x);
        check_slope([](const Dual& u) { return copysign(Dual(2.0) * u, Dual(-1.0)); }, x);
        CHECK_EQ((Dual(x) / 3.0).value, x / 3.0);
        CHECK_EQ(sin(Dual(x)).value, std::sin(x));
    }
    Dual sum = 1.0;
    sum += Dual(2.0, 5.0);
    CHECK_EQ(sum.value, 3.0);
    CHECK_EQ(sum.slope, 5.0);
}

TEST("dual: a number that moves is no exception, one that rests has no slope where the function has none") {
    CHECK(Dual(0.0, 1.0) != Dual(0.0));
    CHECK(Dual(0.0) == 0.0);
    CHECK(Dual(1.0, 5.0) < Dual(2.0, -5.0));
    CHECK(!(Dual(1.0, 5.0) < Dual(1.0, 6.0)));
    CHECK_EQ(sqrt(Dual(0.0)).slope, 0.0);
    CHECK_EQ(ceil(Dual(1.5, 1.0)).value, 2.0);
    CHECK_EQ(ceil(Dual(1.5, 1.0)).slope, 0.0);
    CHECK(moves(Dual(0.0, 1.0)) && !moves(Dual(1.0)) && !moves(1.0));
    CHECK_EQ(value_of(Dual(3.0, 1.0)), 3.0);
    CHECK_EQ(product_in_float(Dual(0.1, 2.0), 0.5F).slope, 1.0);
    CHECK_EQ(product_in_float(0.1, 0.5F), static_cast<double>(0.1F * 0.5F));
}
