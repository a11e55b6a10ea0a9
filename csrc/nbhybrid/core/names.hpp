#pragma once
// What somebody may have meant by a name that does not exist.

#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid {

// The names that a word may stand for: one for each thing, all equally likely. None where that would be guesswork, since a wrong
// hint is worse than none. `things` holds the spellings of each thing, the usual one first. Looked for are, in this order: another
// case or number of dashes; one letter wrong; a name that begins with the word; the same parts between underscores in another
// order, or the word as one of them; a name that the word begins or ends with; two letters wrong in a long word.
std::vector<std::string> similar_names(std::string_view word, const std::vector<std::vector<std::string>>& things);

// The end of a message: "; did you mean A, B or C?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::vector<std::string>>& things);
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace nbhybrid
