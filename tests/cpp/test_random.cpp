#include <cmath>
#include <functional>

#include "check.hpp"
#include "nbhybrid/random/deviates.hpp"
#include "nbhybrid/random/random_rotation.hpp"

using namespace nbhybrid;

namespace {

struct Moments {
    double mean = 0, variance = 0;
};

Moments moments(int count, const std::function<double()>& draw) {
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
        const double value = draw();
        sum += value;
        squares += value * value;
    }
    const double mean = sum / count;
    return {mean, squares / count - mean * mean};
}

}  // namespace

TEST("random: the generator is the minimal standard") {
    // After filling the table (40 steps) every deviate is one step: the 10,000th number from the seed 1 is known.
    SharedDeviates deviates;
    StreamState state = -1;
    for (int i = 0; i < 10000 - 40; ++i) deviates.uniform(state);
    CHECK_EQ(state, 1043618065);
}

TEST("random: equal seeds give equal numbers, and a seed of 0 is that of 1") {
    SharedDeviates one, two;
    StreamState first = 0, second = -1;
    for (int i = 0; i < 100; ++i) CHECK_EQ(one.uniform(first), two.uniform(second));
}

TEST("random: streams share the table") {
    SharedDeviates alone, shared;
    StreamState a = -7, b = -7, other = -99;
    CHECK_EQ(alone.uniform(a), shared.uniform(b));
    shared.uniform(other);  // fills the table anew
    CHECK(alone.uniform(a) != shared.uniform(b));
    CHECK_EQ(a, b);
    // A positive state goes on without filling, unless nobody has.
    SharedDeviates untouched;
    StreamState positive = 5;
    untouched.uniform(positive);
    SharedDeviates fresh;
    StreamState from_one = -1;
    fresh.uniform(from_one);
    CHECK_EQ(positive, from_one);
}

TEST("random: uniform deviates fill the interval") {
    SharedDeviates deviates;
    StreamState state = -42;
    const Moments m = moments(200000, [&] {
        const float u = deviates.uniform(state);
        CHECK(u > 0.0F && u < 1.0F);
        return static_cast<double>(u);
    });
    CHECK(std::fabs(m.mean - 0.5) < 0.003);
    CHECK(std::fabs(m.variance - 1.0 / 12) < 0.001);
}

TEST("random: Gaussian deviates, the spare included") {
    SharedDeviates deviates;
    StreamState state = -3;
    const Moments m = moments(200000, [&] { return deviates.gaussian(state); });
    CHECK(std::fabs(m.mean) < 0.01);
    CHECK(std::fabs(m.variance - 1) < 0.02);
    const StreamState before = state;
    deviates.gaussian(state);
    const StreamState between = state;
    deviates.gaussian(state);
    CHECK(before != between);
    CHECK_EQ(state, between);
}

TEST("random: Poisson deviates have their mean for a variance, by each of the three methods") {
    SharedDeviates deviates;
    StreamState state = -11;
    for (const float mean : {0.01F, 0.7F, 11.9F, 12.0F, 50.0F, 3000.0F, 2.0e6F}) {
        const int count = 100000;
        const Moments m = moments(count, [&] { return deviates.poisson(mean, state); });
        CHECK(std::fabs(m.mean - mean) < 5 * std::sqrt(mean / count) + 1e-6 * mean);
        CHECK(std::fabs(m.variance / mean - 1) < 5 * std::sqrt((2 + 1 / mean) / count));
    }
    CHECK_EQ(deviates.poisson(0.0F, state), 0.0F);
    CHECK_EQ(deviates.poisson(-5.0F, state), 0.0F);
}

TEST("random: rotations are rotations, within their cap") {
    SharedDeviates deviates;
    StreamState state = -12345678;
    const float cap = 0.02F;
    for (int i = 0; i < 1000; ++i) {
        const Mat3 m = random_rotation(cap, deviates, state);
        CHECK(std::fabs(dot(m.row_x, m.row_x) - 1) < 1e-7);
        CHECK(std::fabs(dot(m.row_x, m.row_y)) < 1e-7);
        CHECK(std::fabs(dot(cross(m.row_x, m.row_y), m.row_z) - 1) < 1e-7);
        const double cosine = (m.row_x.x + m.row_y.y + m.row_z.z - 1) / 2;
        CHECK(cosine >= std::cos(static_cast<double>(cap)) - 1e-9);
    }
}

TEST("random: uniform rotations turn a vector anywhere") {
    SharedDeviates deviates;
    StreamState state = -5;
    const int count = 50000;
    Vec3 mean{};
    double trace = 0, square = 0;
    for (int i = 0; i < count; ++i) {
        const Mat3 m = uniform_rotation(deviates, state);
        CHECK(std::fabs(dot(cross(m.row_x, m.row_y), m.row_z) - 1) < 1e-12);
        mean = mean + m * Vec3{0, 0, 1};
        const double t = m.row_x.x + m.row_y.y + m.row_z.z;
        trace += t;
        square += t * t;
    }
    // Over all rotations the trace has the mean 0 and the variance 1.
    CHECK(norm(mean) / count < 0.015);
    CHECK(std::fabs(trace / count) < 0.02);
    CHECK(std::fabs(square / count - 1) < 0.03);
}
