#pragma once
// The experiment as named values: what was in force after all defaults and conventions.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::run {

using ConfigurationValue = std::variant<bool, std::int64_t, double, std::string, Vec3, std::vector<std::int64_t>>;

struct ConfigurationSection {
    std::string name;
    std::vector<std::pair<std::string, ConfigurationValue>> values;
};

using Configuration = std::vector<ConfigurationSection>;

Configuration configuration_of(const Experiment& experiment);

}  // namespace nbhybrid::run
