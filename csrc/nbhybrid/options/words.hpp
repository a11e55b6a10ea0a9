#pragma once
// The values of one option, read strictly: every refusal names the option, what was found and what is expected.

#include <cstdint>
#include <string>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/units.hpp"

namespace nbhybrid::options {

// " above zero", and the like: behind what is limited.
std::string limits_text(const Range& range);

class Words {
public:
    // `rest` are the next few words after the values that the reference would see, at which only its accidents look.
    Words(std::string option, std::vector<std::string> values, std::vector<std::string> rest)
        : option_(std::move(option)), values_(std::move(values)), rest_(std::move(rest)) {}

    const std::string& option() const { return option_; }
    std::size_t count() const { return values_.size(); }
    const std::string& text(std::size_t i = 0) const { return values_[i]; }
    // The word at this distance from the option, at most 3 behind the values; null beyond the end of the command line.
    const std::string* following(std::size_t i) const;

    // The name of a file: not empty.
    const std::string& path() const;
    // A finite number.
    double number(std::size_t i = 0) const;
    double number_in(const Range& range, std::size_t i = 0) const;
    Vec3 vector() const { return {number(0), number(1), number(2)}; }
    // An integer that an int can hold; "12.0" is one, "12.5" and "1e3" are not.
    std::int64_t integer(std::size_t i = 0) const;
    std::int64_t integer_in(const Range& range, std::size_t i = 0) const;

    [[noreturn]] void refuse(std::size_t i, const std::string& expected) const;

private:
    std::string option_;
    std::vector<std::string> values_;
    std::vector<std::string> rest_;
};

// Of angles in degrees that are more than ten turns.
void warn_about_turns(const Words& angles, Warnings& warnings);

}  // namespace nbhybrid::options
