#pragma once
// Options from a line of words.

#include <string>

#include "check.hpp"
#include "nbhybrid/options/parse.hpp"

namespace nbhybrid::options {

inline ReferenceOptions parse(const std::string& line) {
    Warnings warnings;
    return parse_options(test::split_words(line), warnings);
}

}  // namespace nbhybrid::options
