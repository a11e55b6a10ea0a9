#pragma once
// What stands behind an option's word: its unit, which numbers it may be, and what holds without the option.

#include <limits>
#include <string_view>

namespace nbhybrid::options {

// A number is divided and multiplied as the reference does it; the other factor is 1, which changes no bit.
struct Unit {
    std::string_view name;
    double divisor = 1, factor = 1;

    constexpr double inside(double given) const { return given / divisor * factor; }
    constexpr double given(double inside) const { return inside / factor * divisor; }
};

struct Range {
    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();
    bool excludes_least = false;

    bool holds(double value) const { return (excludes_least ? value > least : value >= least) && value <= most; }
};

// What a field holds where the option is not given.
struct Usual {
    enum class Kind { value, inside, nothing };
    Kind kind = Kind::nothing;
    double number = 0;
    std::string_view words = {};  // for the help, where that is no number

    bool is_open() const { return kind != Kind::value; }
};

}  // namespace nbhybrid::options
