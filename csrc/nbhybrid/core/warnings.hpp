#pragma once
// Warnings are data: a stage appends one for each thing it did that the user may not expect, and the caller decides where they
// are shown, and which not.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nbhybrid {

struct Warning {
    std::string name;  // of its kind: an entry of warning_table(), or the id of a defect of the reference
    std::string text;  // one line
};

class Warnings {
public:
    void add(std::string_view name, std::string text) { all_.push_back({std::string(name), std::move(text)}); }
    void add(const Warnings& others) { all_.insert(all_.end(), others.all_.begin(), others.all_.end()); }
    const std::vector<Warning>& all() const { return all_; }

private:
    std::vector<Warning> all_;
};

struct WarningRow {
    std::string_view name;
    std::string_view meaning;
};

// The kinds of warnings that are about no defect of the reference, by name.
const std::vector<WarningRow>& warning_table();

}  // namespace nbhybrid
