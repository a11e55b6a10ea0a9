#include "nbhybrid/options/option_table.hpp"

#include <algorithm>
#include <limits>
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

// Letters to insert, delete, change or swap with a neighbour to turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last, last(to.size() + 1), row(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[to.size()];
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

std::string_view nearest_option(std::string_view word) {
    std::string_view nearest;
    std::size_t smallest = std::numeric_limits<std::size_t>::max();
    for (const OptionTopic& topic : option_table()) {
        for (const OptionRow& row : topic.rows) {
            for_each_spelling(row.names, [&](std::string_view spelling) {
                if (spelling.back() == '*') spelling.remove_suffix(1);
                const std::size_t distance = edit_distance(word, spelling);
                if (distance < smallest) {
                    smallest = distance;
                    nearest = spelling;
                }
            });
        }
    }
    return nearest;
}

}  // namespace nbhybrid::options
