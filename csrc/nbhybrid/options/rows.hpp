#pragma once
// What the rows of table/*.def are made by.

#include <limits>
#include <type_traits>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

constexpr Unit plain(std::string_view name) { return {name}; }
inline constexpr Unit count{"n"};
inline constexpr Unit millimetres{"mm", 1000.0};
inline constexpr Unit milliradians{"mrad", 1000.0};
inline constexpr Unit degrees{"deg", degrees_per_radian};
inline constexpr Unit percent{"%", 100.0};
// The reference divides wavelengths and the water, and multiplies spacings and sensors.
inline constexpr Unit angstrom{"A", 1.0e10}, angstrom_by_product{"A", 1, 1e-10};
inline constexpr Unit micrometres{"um", 1e6}, micrometres_by_product{"um", 1, 1e-6};
// The generator takes the negative of a seed.
inline constexpr Unit seed{"n", 1, -1};

inline constexpr Range any{};
inline constexpr Range not_negative{0};
inline constexpr Range above_zero{0, std::numeric_limits<double>::infinity(), true};
constexpr Range between(double least, double most) { return {least, most}; }

// In the option's unit.
constexpr Usual usual(double given, std::string_view words = {}) { return {Usual::Kind::value, given, words}; }
// Open, which the fields have a number for: -1, or none at all.
constexpr Usual open(std::string_view words = {}) { return {Usual::Kind::inside, -1, words}; }
constexpr Usual not_said(std::string_view words = {}) {
    return {Usual::Kind::inside, std::numeric_limits<double>::quiet_NaN(), words};
}
// Another row, or the field itself, says it.
constexpr Usual elsewhere(std::string_view words = {}) { return {Usual::Kind::nothing, 0, words}; }

// The columns of an option of one number.
struct NumberColumns {
    std::string_view names;
    Unit unit;
    Usual usual;
    Range range;
    std::string_view meaning, parameter;
};

OptionRow row_of(const NumberColumns& columns, std::string_view field, bool has_own_field);

template <class T>
OptionRow number_row(FieldOf<T> field, std::string_view path, bool has_own_field, const NumberColumns& columns) {
    OptionRow row = row_of(columns, path, has_own_field);
    row.target = FieldsOf<T>{field};
    row.is_whole = std::is_integral_v<T>;
    return row;
}

OptionRow count_row(FieldOf<double> field, std::string_view path, const NumberColumns& columns);
OptionRow open_integer_row(FieldOf<std::optional<std::int64_t>> field, std::string_view path, const NumberColumns& columns);
OptionRow switch_row(const Switch& target, std::string_view path, bool has_own_field, std::string_view names,
                     std::string_view meaning, std::string_view parameter);
OptionRow file_row(const Target& target, std::string_view names, std::string_view usual, std::string_view meaning,
                   std::string_view parameter);
OptionRow odd_row(std::string_view names, int min_values, int max_values, std::string_view values, Effect effect,
                  std::string_view meaning, std::string_view parameter);

}  // namespace nbhybrid::options
