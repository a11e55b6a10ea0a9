// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/image/pixel_loops.hpp"

#include <cstring>

#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::image {
inline namespace NBHYBRID_ISA {

namespace {

static_assert(runs_together == 4, "FourFloats and Four");
using FourFloats = float __attribute__((vector_size(4 * sizeof(float))));
using Four = double __attribute__((vector_size(4 * sizeof(double))));

// The pixel of each run at the same place.
FourFloats across(const float* const* runs, int i) { return FourFloats{runs[0][i], runs[1][i], runs[2][i], runs[3][i]}; }

// Two sums of each run, in registers.
struct Paths {
    Four even, odd;
    explicit Paths(const SumPaths& from) {
        std::memcpy(&even, from.even, sizeof even);
        std::memcpy(&odd, from.odd, sizeof odd);
    }
    void add(const Four& numbers) {
        even += numbers;
        odd += numbers;
    }
    void store(SumPaths& to) const {
        std::memcpy(to.even, &even, sizeof even);
        std::memcpy(to.odd, &odd, sizeof odd);
    }
};

void add_pixels(const float* const* runs, int count, SumPaths& sums, SumPaths& squares) {
    Paths sum(sums), square(squares);
    for (int i = 0; i < count; ++i) {
        const FourFloats pixels = across(runs, i);
        sum.add(__builtin_convertvector(pixels, Four));
        square.add(__builtin_convertvector(pixels * pixels, Four));
    }
    sum.store(sums);
    square.store(squares);
}

void add_deviations(const float* const* runs, int count, double mean, SumPaths& sums) {
    Paths sum(sums);
    for (int i = 0; i < count; ++i) {
        const Four deviations = __builtin_convertvector(across(runs, i), Four) - mean;
        sum.add(deviations * deviations);
    }
    sum.store(sums);
}

std::uint32_t largest_bits(const float* pixels, int count) {
    std::uint32_t largest = 0;
    for (int i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, pixels + i, sizeof bits);
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

// Blocks between one type and the next: compilers make vector instructions of loops that change the width once.
constexpr int block = 64;

// What is not a number becomes 0, as on an x86-64 processor.
void integers(const float* pixels, int count, double scale, double offset, std::uint16_t* row) {
    constexpr double largest = 65535.0;
    for (int begin = 0; begin < count; begin += block) {
        const int n = count - begin < block ? count - begin : block;
        float rounded[block];
        std::int32_t whole[block];
        for (int i = 0; i < n; ++i) {
            double value = pixels[begin + i] * scale + offset;
            value = value > largest ? largest : value;
            value = value < 0.0 ? 0.0 : value;
            const float half_above = static_cast<float>(value + 0.5);
            rounded[i] = half_above > 0.0F ? half_above : 0.0F;
        }
        for (int i = 0; i < n; ++i) whole[i] = static_cast<std::int32_t>(rounded[i]);
        for (int i = 0; i < n; ++i) row[begin + i] = static_cast<std::uint16_t>(whole[i]);
    }
}

// Cut off, not rounded. Of a negative value the low bits of the 32-bit integer remain, 0 beyond 32 bits and for what is not a
// number, as on an x86-64 processor.
void greys(const float* pixels, int count, double scale, std::uint8_t* row) {
    constexpr double largest = 255.0, below_all_integers = -2147483649.0;
    for (int begin = 0; begin < count; begin += block) {
        const int n = count - begin < block ? count - begin : block;
        std::int32_t whole[block];
        for (int i = 0; i < n; ++i) {
            const double value = pixels[begin + i] * scale;
            const double clipped = value > largest ? largest : value;
            whole[i] = static_cast<std::int32_t>(clipped > below_all_integers ? clipped : 0.0);
        }
        for (int i = 0; i < n; ++i) row[begin + i] = static_cast<std::uint8_t>(whole[i]);
    }
}

}  // namespace

#define NBHYBRID_TEXT_OF(name) #name
#define NBHYBRID_TEXT(name) NBHYBRID_TEXT_OF(name)

extern const PixelLoops these_pixel_loops;
const PixelLoops these_pixel_loops = {NBHYBRID_TEXT(NBHYBRID_ISA), &add_pixels, &add_deviations, &largest_bits, &integers, &greys};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::image
