#include "nbhybrid/options/parse.hpp"

#include <algorithm>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/conflicts.hpp"
#include "nbhybrid/options/header_defaults.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

bool looks_like_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

[[noreturn]] void refuse_unknown(const std::string& word) {
    const std::string program = word.substr(word.rfind('/') + 1);
    if (program == "nbhybrid" || program == "nanoBragg")
        throw OptionError("found " + quoted(word) + ", expected what stands behind the program's name: options alone");
    if (!looks_like_option(word)) throw OptionError("found " + quoted(word) + ", expected an option");
    throw OptionError("unknown option " + quoted(word) + did_you_mean(word, option_names()));
}

// How many of the words from `first` on are values of the option.
std::size_t count_values(const OptionRow& row, const std::vector<std::string>& words, std::size_t first) {
    std::size_t count = 0;
    while (first + count < words.size() && count < static_cast<std::size_t>(row.max_values)) {
        const std::string& word = words[first + count];
        const bool required = count < static_cast<std::size_t>(row.min_values);
        double number = 0;
        if (required ? find_option(word) != nullptr : looks_like_option(word) && !parse_double(word, number)) break;
        ++count;
    }
    return count;
}

std::string lacking(const std::string& option, const OptionRow& row, const std::vector<std::string>& words, std::size_t end) {
    const std::string found = end < words.size() ? "found the option " + quoted(words[end]) : "found the end of the command line";
    return option + ": " + found + ", expected " + std::string(row.values);
}

// An option's place among the words, and that of the next one.
struct Span {
    const OptionRow* row;
    std::size_t begin, end;
};

std::vector<Span> find_options(const std::vector<std::string>& words) {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < words.size(); i = spans.back().end) {
        const OptionRow* row = find_option(words[i]);
        if (row == nullptr) refuse_unknown(words[i]);
        const std::size_t count = count_values(*row, words, i + 1);
        const std::size_t end = i + 1 + count;
        if (count < static_cast<std::size_t>(row->min_values)) throw OptionError(lacking(words[i], *row, words, end));
        spans.push_back({row, i, end});
    }
    return spans;
}

// What the reference would see of the words behind an option: options of nbhybrid's own are not among them.
std::vector<std::string> words_after(std::size_t option, const std::vector<Span>& spans, const std::vector<std::string>& words) {
    constexpr std::size_t as_many_as_are_looked_at = 3;
    std::vector<std::string> rest;
    for (std::size_t k = option + 1; k < spans.size(); ++k) {
        if (is_own(*spans[k].row)) continue;
        for (std::size_t i = spans[k].begin; i < spans[k].end && rest.size() < as_many_as_are_looked_at; ++i)
            rest.push_back(words[i]);
    }
    return rest;
}

std::vector<GivenOption> split_into_options(const std::vector<std::string>& words) {
    const std::vector<Span> spans = find_options(words);
    std::vector<GivenOption> occurrences;
    for (std::size_t k = 0; k < spans.size(); ++k) {
        const auto at = [&](std::size_t i) { return words.begin() + static_cast<std::ptrdiff_t>(i); };
        const std::vector<std::string> values(at(spans[k].begin + 1), at(spans[k].end));
        occurrences.push_back({spans[k].row, Words(words[spans[k].begin], values, words_after(k, spans, words))});
    }
    return occurrences;
}

void append_padded(std::string& text, const std::string& word, std::size_t width) {
    text += word;
    text.append(width > word.size() ? width - word.size() : 1, ' ');
}

}  // namespace

std::vector<SplitOption> split_options(const std::vector<std::string>& words) {
    std::vector<SplitOption> options;
    for (const GivenOption& one : split_into_options(words)) {
        SplitOption option;
        option.name = one.words.option();
        option.usual_name = std::string(one.row->names.substr(0, one.row->names.find(' ')));
        option.is_file = one.row->values == "FILE";
        option.is_own = is_own(*one.row);
        for (std::size_t i = 0; i < one.words.count(); ++i) option.values.push_back(one.words.text(i));
        options.push_back(std::move(option));
    }
    return options;
}

ReferenceOptions parse_options(const std::vector<std::string>& words, Warnings& warnings) {
    const std::vector<GivenOption> occurrences = split_into_options(words);
    ReferenceOptions options;
    const OptionRow* mask = find_option("-mask");
    const OptionRow* image = find_option("-img");
    // What other options mean depends on it, wherever it stands.
    const OptionRow* semantics = find_option("--semantics");
    std::optional<std::string> mask_file, image_file;
    for (const GivenOption& o : occurrences) {
        if (o.row == semantics) semantics->apply(options, o.words, warnings);
        if (o.row == mask) mask_file = o.words.path();
        if (o.row == image) image_file = o.words.path();
    }
    if (mask_file) take_mask(*mask_file, options, warnings);
    if (image_file) take_image_header(*image_file, options, warnings);
    open_for_headers(options.detector);
    for (const GivenOption& o : occurrences) o.row->apply(options, o.words, warnings);
    warn_about_conflicts(occurrences, options, warnings);
    merge_headers(options.detector, options.own.semantics);
    return options;
}

std::string options_help() {
    constexpr std::size_t width = 44;
    std::string text;
    for (const OptionTopic& topic : option_table()) {
        text += "\n" + std::string(topic.title) + ":\n";
        for (const OptionRow& row : topic.rows) {
            std::string names(row.names);
            std::replace(names.begin(), names.end(), ' ', ',');
            append_padded(text, "  " + names + (row.values.empty() ? "" : " " + std::string(row.values)), width);
            text += row.help() + "\n";
        }
    }
    return text;
}

}  // namespace nbhybrid::options
