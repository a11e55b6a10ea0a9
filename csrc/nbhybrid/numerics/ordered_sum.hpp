#pragma once
// The sum ((0 + x0) + x1) + ... of numbers that are not negative, with the bits of one addition after the other, but piece by piece
// side by side.
//
// While a sum s stays between a power of two C and 2 C, its last bit is worth u = C 2^-52. Adding x moves it by a multiple of u
// that depends on x alone, unless x lies halfway between two multiples: then on the last bit of s, too. So a piece of the numbers
// moves every sum with the same last bit alike, and it is enough to add the piece to C, whose last bit is 0, and to C + u. If the
// sum would not stay below 2 C, the piece does not tell how it moves; the numbers are then added one by one.

#include <cstdint>
#include <cstring>

namespace nbhybrid::numerics {

inline std::uint64_t bits_of(double x) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

inline double double_of(std::uint64_t bits) {
    double x = 0;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

// How a piece moves sums of at least `from` and below 2 from, by their last bit.
struct Moves {
    double from = 0, even = 0, odd = 0;
};

// The two sums that a piece is added to.
inline double even_start(double from) { return from; }
inline double odd_start(double from) { return double_of(bits_of(from) + 1); }
inline Moves moves_between(double from, double even_end, double odd_end) {
    return {from, even_end - even_start(from), odd_end - odd_start(from)};
}

class OrderedSum {
public:
    double value() const { return value_; }
    void add(double x) { value_ += x; }

    // The power of two at or below the sum; 0 if the sum is 0, below the normal numbers, or not finite.
    double power_below() const {
        const std::uint64_t exponent = bits_of(value_) & exponent_bits;
        return exponent == exponent_bits ? 0.0 : double_of(exponent);
    }
    // Does what adding the piece's numbers one by one would do, or nothing: false.
    bool move(const Moves& moves) {
        if (moves.from == 0.0 || moves.from != power_below()) return false;
        const double next = value_ + (bits_of(value_) % 2 == 0 ? moves.even : moves.odd);
        if (!(next < 2 * moves.from)) return false;
        value_ = next;
        return true;
    }

private:
    static constexpr std::uint64_t exponent_bits = 0x7ff0000000000000U;
    double value_ = 0;
};

}  // namespace nbhybrid::numerics
