#include "nbhybrid/options/words.hpp"

#include <cmath>
#include <limits>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::options {

namespace {

// Drops a decimal point with nothing but zeros after it.
std::string without_zero_fraction(const std::string& word) {
    const std::size_t point = word.find('.');
    const bool has_digits = point != std::string::npos && point > 0 && word[point - 1] >= '0' && word[point - 1] <= '9';
    return has_digits && word.find_first_not_of('0', point + 1) == std::string::npos ? word.substr(0, point) : word;
}

}  // namespace

std::string limits_text(const Range& range) {
    if (std::isfinite(range.most)) return format(" from %g to %g", range.least, range.most);
    const std::string least = range.least == 0 ? "zero" : format("%g", range.least);
    return range.excludes_least ? " above " + least : " of " + least + " or more";
}

const std::string* Words::following(std::size_t i) const {
    if (i < values_.size()) return &values_[i];
    return i - values_.size() < rest_.size() ? &rest_[i - values_.size()] : nullptr;
}

void Words::refuse(std::size_t i, const std::string& expected) const {
    const std::string which = values_.size() > 1 ? "value " + std::to_string(i + 1) + " is " : "found ";
    throw OptionError(option_ + ": " + which + quoted(values_[i]) + ", expected " + expected);
}

const std::string& Words::path() const {
    if (values_[0].empty()) refuse(0, "the name of a file");
    return values_[0];
}

double Words::number(std::size_t i) const {
    double value = 0;
    if (!parse_double(values_[i], value)) refuse(i, "a number");
    if (!std::isfinite(value)) refuse(i, "a finite number");
    return value;
}

double Words::number_in(const Range& range, std::size_t i) const {
    const double value = number(i);
    if (!range.holds(value)) refuse(i, "a number" + limits_text(range));
    return value;
}

std::int64_t Words::integer(std::size_t i) const {
    long long value = 0;
    if (!parse_int(without_zero_fraction(values_[i]), value)) refuse(i, "an integer");
    constexpr long long largest = std::numeric_limits<int>::max();
    if (value > largest || value < -largest) refuse(i, "an integer between -2147483647 and 2147483647");
    return value;
}

std::int64_t Words::integer_in(const Range& range, std::size_t i) const {
    const std::int64_t value = integer(i);
    if (!range.holds(static_cast<double>(value))) refuse(i, "an integer" + limits_text(range));
    return value;
}

void warn_about_turns(const Words& angles, Warnings& warnings) {
    constexpr double ten_turns = 3600;
    for (std::size_t i = 0; i < angles.count(); ++i)
        if (std::fabs(angles.number(i)) > ten_turns)
            warnings.add("unit", angles.option() + " " + angles.text(i) + ": the angle is more than ten turns");
}

}  // namespace nbhybrid::options
