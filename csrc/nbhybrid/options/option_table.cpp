#include "nbhybrid/options/option_table.hpp"

#include <algorithm>
#include <string>

namespace nbhybrid::options {

namespace {

template <class Visit>
void for_each_spelling(std::string_view names, Visit visit) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        visit(names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
}

bool matches(std::string_view spelling, std::string_view word) {
    if (spelling.back() != '*') return spelling == word;
    spelling.remove_suffix(1);
    return word.substr(0, spelling.size()) == spelling;
}

const OptionRow* find_row(std::string_view word, bool prefixes) {
    for (const OptionTopic& topic : option_table()) {
        for (const OptionRow& row : topic.rows) {
            bool found = false;
            for_each_spelling(row.names, [&](std::string_view spelling) {
                found = found || ((spelling.back() == '*') == prefixes && matches(spelling, word));
            });
            if (found) return &row;
        }
    }
    return nullptr;
}

}  // namespace

const std::vector<OptionTopic>& option_table() {
    static const std::vector<OptionTopic> table = {crystal_options(), beam_options(),   detector_options(),
                                                   scan_options(),    output_options(), own_options()};
    return table;
}

const OptionRow* find_option(std::string_view word) {
    const OptionRow* exact = find_row(word, false);
    return exact != nullptr ? exact : find_row(word, true);
}

std::vector<std::vector<std::string>> option_names() {
    std::vector<std::vector<std::string>> things;
    for (const OptionTopic& topic : option_table()) {
        for (const OptionRow& row : topic.rows) {
            things.emplace_back();
            for_each_spelling(row.names, [&](std::string_view spelling) {
                if (spelling.back() == '*') spelling.remove_suffix(1);
                things.back().emplace_back(spelling);
            });
        }
    }
    return things;
}

}  // namespace nbhybrid::options
