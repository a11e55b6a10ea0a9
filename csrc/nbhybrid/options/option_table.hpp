#pragma once
// One row an option: the names it goes by, how many values follow, what it does. The order of options on a command line matters
// (later ones win, and some have side effects), so a row is a function that changes the options read so far.

#include <string>
#include <string_view>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/options/words.hpp"

namespace nbhybrid::options {

struct OptionRow {
    // The spellings, separated by blanks, the usual one first; one that ends with '*' also stands for every longer word.
    std::string_view names;
    int min_values;
    int max_values;  // more than min_values: further words are values if they do not begin with '-'
    std::string_view values;
    std::string_view meaning;
    void (*apply)(ReferenceOptions&, const Words&, Warnings&);
};

struct OptionTopic {
    std::string_view title;
    std::vector<OptionRow> rows;
};

OptionTopic crystal_options();
OptionTopic beam_options();
OptionTopic detector_options();
OptionTopic scan_options();
OptionTopic output_options();
OptionTopic own_options();

// All topics, in the order of the help text.
const std::vector<OptionTopic>& option_table();

// Null if no row has this name.
const OptionRow* find_option(std::string_view word);

// The spellings of each row.
std::vector<std::vector<std::string>> option_names();

}  // namespace nbhybrid::options
