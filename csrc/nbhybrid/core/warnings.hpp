#pragma once
// Warnings are data: a stage appends one line for each thing it did that the user may not expect, and the caller decides
// where they are shown.

#include <string>
#include <utility>
#include <vector>

namespace nbhybrid {

class Warnings {
public:
    void add(std::string line) { lines_.push_back(std::move(line)); }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    std::vector<std::string> lines_;
};

}  // namespace nbhybrid
