// Compiled once for each level of instructions; CMakeLists.txt says which.

#include "nbhybrid/image/pixel_loops.hpp"

#include <cstring>

#include "nbhybrid/core/isa.hpp"

namespace nbhybrid::image {
inline namespace NBHYBRID_ISA {

namespace {

// Runs in one vector: as many as a register holds, so that the sums stay in registers.
#ifdef __AVX__
constexpr int lanes = 4;
#else
constexpr int lanes = 2;
#endif
static_assert(runs_together % lanes == 0, "whole vectors");
using Floats = float __attribute__((vector_size(lanes * sizeof(float))));
using Doubles = double __attribute__((vector_size(lanes * sizeof(double))));

// The pixel of each run at the same place.
inline Floats across(const float* const* runs, int i) {
    Floats pixels{};
    for (int j = 0; j < lanes; ++j) pixels[j] = runs[j][i];
    return pixels;
}

void add_pixels(const float* const* runs, int count, SumPaths& sums, SumPaths& squares) {
    for (int first = 0; first < runs_together; first += lanes) {
        Doubles even, odd, even_squares, odd_squares;
        std::memcpy(&even, sums.even + first, sizeof even);
        std::memcpy(&odd, sums.odd + first, sizeof odd);
        std::memcpy(&even_squares, squares.even + first, sizeof even_squares);
        std::memcpy(&odd_squares, squares.odd + first, sizeof odd_squares);
        for (int i = 0; i < count; ++i) {
            const Floats pixels = across(runs + first, i);
            const Doubles numbers = __builtin_convertvector(pixels, Doubles);
            const Doubles their_squares = __builtin_convertvector(pixels * pixels, Doubles);
            even += numbers;
            odd += numbers;
            even_squares += their_squares;
            odd_squares += their_squares;
        }
        std::memcpy(sums.even + first, &even, sizeof even);
        std::memcpy(sums.odd + first, &odd, sizeof odd);
        std::memcpy(squares.even + first, &even_squares, sizeof even_squares);
        std::memcpy(squares.odd + first, &odd_squares, sizeof odd_squares);
    }
}

void add_deviations(const float* const* runs, int count, double mean, SumPaths& sums) {
    for (int first = 0; first < runs_together; first += lanes) {
        Doubles even, odd;
        std::memcpy(&even, sums.even + first, sizeof even);
        std::memcpy(&odd, sums.odd + first, sizeof odd);
        for (int i = 0; i < count; ++i) {
            const Floats pixels = across(runs + first, i);
            const Doubles deviations = __builtin_convertvector(pixels, Doubles) - mean;
            const Doubles their_squares = deviations * deviations;
            even += their_squares;
            odd += their_squares;
        }
        std::memcpy(sums.even + first, &even, sizeof even);
        std::memcpy(sums.odd + first, &odd, sizeof odd);
    }
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

// Pixels between two conversions of type: compilers vectorise a loop that changes the width of its numbers once, not twice.
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
