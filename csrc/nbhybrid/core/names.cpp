#include "nbhybrid/core/names.hpp"

#include <algorithm>

namespace nbhybrid {

namespace {

using Things = std::vector<std::vector<std::string>>;

// More names than this are no hint.
constexpr std::size_t most_names = 4;
// Shorter words are like too many others.
constexpr std::size_t shortest_part = 3, shortest_with_one_wrong = 4, shortest_with_two_wrong = 6;

// Without leading dashes, in lower case, with one sort of separator.
std::string plain(std::string_view word) {
    word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
    std::string text(word);
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '-') c = '_';
    }
    return text;
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

std::vector<std::string> sorted_parts(std::string_view word) {
    std::vector<std::string> parts;
    while (!word.empty()) {
        const std::size_t end = std::min(word.find('_'), word.size());
        if (end > 0) parts.emplace_back(word.substr(0, end));
        word.remove_prefix(std::min(end + 1, word.size()));
    }
    std::sort(parts.begin(), parts.end());
    return parts;
}

bool begins_with(std::string_view text, std::string_view part) { return text.substr(0, part.size()) == part; }
bool ends_with(std::string_view text, std::string_view part) {
    return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

// The names that an alternative finds, one for each thing. Of those that all begin with the same name, that name.
template <class Fits>
std::vector<std::string> names_that(const Things& things, Fits fits) {
    std::vector<std::string> found;
    for (const std::vector<std::string>& spellings : things) {
        const auto name = std::find_if(spellings.begin(), spellings.end(), [&](const std::string& s) { return fits(plain(s)); });
        if (name != spellings.end()) found.push_back(*name);
    }
    for (const std::string& name : found)
        if (std::all_of(found.begin(), found.end(), [&](const std::string& other) { return begins_with(other, name); }))
            return {name};
    return found;
}

// Of the names that the word begins or ends with, those that fill most of it.
std::vector<std::string> longest_within(const std::string& word, const Things& things) {
    std::size_t longest = 0;
    const auto fits = [&](const std::string& name) {
        return name.size() >= shortest_part && (begins_with(word, name) || ends_with(word, name));
    };
    for (const std::vector<std::string>& spellings : things)
        for (const std::string& spelling : spellings)
            if (fits(plain(spelling))) longest = std::max(longest, plain(spelling).size());
    return names_that(things, [&](const std::string& name) { return name.size() == longest && fits(name); });
}

}  // namespace

std::vector<std::string> similar_names(std::string_view given, const Things& things) {
    const std::string word = plain(given);
    const std::vector<std::string> parts = sorted_parts(word);
    const auto at_most_wrong = [&](std::size_t letters, std::size_t shortest) {
        return names_that(things, [&word, letters, shortest](const std::string& name) {
            return word.size() >= shortest && name.size() >= shortest && edit_distance(word, name) <= letters;
        });
    };
    const auto names_by = [&](int step) -> std::vector<std::string> {
        switch (step) {
            case 0: return names_that(things, [&](const std::string& name) { return name == word; });
            case 1: return at_most_wrong(1, shortest_with_one_wrong);
            case 2:
                return names_that(things,
                                  [&](const std::string& name) { return word.size() >= shortest_part && begins_with(name, word); });
            case 3:
                return names_that(things, [&](const std::string& name) {
                    const std::vector<std::string> its = sorted_parts(name);
                    return word.size() >= shortest_part && (its == parts || std::find(its.begin(), its.end(), word) != its.end());
                });
            case 4: return longest_within(word, things);
            default: return at_most_wrong(2, shortest_with_two_wrong);
        }
    };
    for (int step = 0; step <= 5; ++step) {
        std::vector<std::string> names = names_by(step);
        if (names.size() > most_names) return {};
        if (!names.empty()) return names;
    }
    return {};
}

std::string did_you_mean(std::string_view word, const Things& things) {
    const std::vector<std::string> names = similar_names(word, things);
    if (names.empty()) return "";
    std::string text = "; did you mean " + names.front();
    for (std::size_t i = 1; i < names.size(); ++i) text += (i + 1 == names.size() ? " or " : ", ") + names[i];
    return text + "?";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    Things things;
    for (const std::string& name : names) things.push_back({name});
    return did_you_mean(word, things);
}

}  // namespace nbhybrid
