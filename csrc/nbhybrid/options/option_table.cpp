#include "nbhybrid/options/option_table.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/rows.hpp"

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

// The rows by their spellings, and those that also stand for longer words by the beginnings of these.
struct Index {
    std::unordered_map<std::string_view, const OptionRow*> words;
    std::vector<std::pair<std::string_view, const OptionRow*>> beginnings;

    Index() {
        for (const OptionTopic& topic : option_table())
            for (const OptionRow& row : topic.rows)
                for_each_spelling(row.names, [&](std::string_view spelling) {
                    if (spelling.back() == '*') beginnings.emplace_back(spelling.substr(0, spelling.size() - 1), &row);
                    else words.emplace(spelling, &row);
                });
    }
};

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

template <class T>
void set_all(const FieldsOf<T>& fields, ReferenceOptions& options, T value) {
    for (FieldOf<T> field : fields)
        if (field != nullptr) field(options) = value;
}

// What the reference's counts are held in.
constexpr Range counts_in_int = between(-2147483647.0, 2147483647.0);

std::string number_text(double value) {
    constexpr double most_digits = 1e9;
    std::string text = format(std::fabs(value) < most_digits && value == std::round(value) ? "%.0f" : "%g", value);
    const std::size_t plus = text.find("e+");
    return plus == std::string::npos ? text : text.erase(plus + 1, 1);
}

}  // namespace

OptionRow row_of(const NumberColumns& columns, std::string_view field, bool has_own_field) {
    OptionRow row;
    row.names = columns.names;
    row.min_values = row.max_values = 1;
    row.values = columns.unit.name;
    row.meaning = columns.meaning;
    row.parameter = columns.parameter;
    row.field = field;
    row.has_own_field = has_own_field;
    row.unit = columns.unit;
    row.range = columns.range;
    row.usual = columns.usual;
    return row;
}

OptionRow count_row(FieldOf<double> field, std::string_view path, const NumberColumns& columns) {
    OptionRow row = number_row<double>(field, path, false, columns);
    row.is_whole = true;
    return row;
}

OptionRow open_integer_row(FieldOf<std::optional<std::int64_t>> field, std::string_view path, const NumberColumns& columns) {
    OptionRow row = row_of(columns, path, false);
    row.target = field;
    row.is_whole = true;
    return row;
}

OptionRow switch_row(const Switch& target, std::string_view path, bool has_own_field, std::string_view names,
                     std::string_view meaning, std::string_view parameter) {
    OptionRow row = odd_row(names, 0, 0, "", nullptr, meaning, parameter);
    row.target = target;
    row.field = path;
    row.has_own_field = has_own_field;
    return row;
}

OptionRow file_row(const Target& target, std::string_view names, std::string_view usual, std::string_view meaning,
                   std::string_view parameter) {
    OptionRow row = odd_row(names, 1, 1, "FILE", nullptr, meaning, parameter);
    row.target = target;
    row.usual_text = usual;
    return row;
}

OptionRow odd_row(std::string_view names, int min_values, int max_values, std::string_view values, Effect effect,
                  std::string_view meaning, std::string_view parameter) {
    OptionRow row;
    row.names = names;
    row.min_values = min_values;
    row.max_values = max_values;
    row.values = values;
    row.meaning = meaning;
    row.parameter = parameter;
    row.effect = effect;
    return row;
}

OptionRow OptionRow::no_experiment(std::string_view in_series, std::string_view in_python) const {
    OptionRow row = *this;
    row.shapes_experiment = false;
    row.instead_in_series = in_series;
    row.instead_in_python = in_python;
    return row;
}

void OptionRow::apply(ReferenceOptions& options, const Words& words, Warnings& warnings) const {
    const auto integer = [&] { return static_cast<std::int64_t>(unit.inside(static_cast<double>(words.integer_in(range)))); };
    const bool takes_fractions = may_be_fraction && options.own.semantics.allows_fractions_of_cells();
    const auto number = [&] {
        if (is_whole && !takes_fractions) return static_cast<double>(integer());
        return unit.inside(words.number_in(takes_fractions ? counts_in_int : range));
    };
    std::visit(Overloaded{[](std::monostate) {}, [&](const FieldsOf<double>& fields) { set_all(fields, options, number()); },
                          [&](const FieldsOf<std::int64_t>& fields) { set_all(fields, options, integer()); },
                          [&](FieldOf<std::optional<std::int64_t>> number_or_none) { number_or_none(options) = integer(); },
                          [&](FieldOf<std::string> text) { text(options) = words.path(); },
                          [&](FieldOf<std::optional<std::string>> text) { text(options) = words.path(); },
                          [&](const Switch& word) { word.set(options); }},
               target);
    if (unit.name == "deg") warn_about_turns(words, warnings);
    note_whether_it_counts(words, warnings);
    if (effect != nullptr) effect(options, words, warnings);
}

void OptionRow::note_whether_it_counts(const Words& words, Warnings& warnings) const {
    if (words.count() != 1 || values == "FILE" || counts.least == Range{}.least || counts.holds(words.number())) return;
    warnings.add("no-effect", words.option() + " " + words.text() + " has no effect: expected a number" + limits_text(counts));
}

void OptionRow::set_usual(ReferenceOptions& options) const {
    if (const auto* text = std::get_if<FieldOf<std::string>>(&target)) (*text)(options) = usual_text;
    if (usual.kind == Usual::Kind::nothing) return;
    const double value = usual.kind == Usual::Kind::inside ? usual.number : unit.inside(usual.number);
    set_number(options, value);
}

void OptionRow::set_number(ReferenceOptions& options, double inside) const {
    if (const auto* fields = std::get_if<FieldsOf<double>>(&target)) set_all(*fields, options, inside);
    if (const auto* fields = std::get_if<FieldsOf<std::int64_t>>(&target))
        set_all(*fields, options, static_cast<std::int64_t>(inside));
}

std::string OptionRow::help() const {
    static const ReferenceOptions without_any;
    std::string text(meaning);
    const std::string otherwise = !usual.words.empty() || usual.kind != Usual::Kind::value
                                      ? std::string(usual_text.empty() ? usual.words : usual_text)
                                      : number_text(usual.number);
    const std::size_t place = text.find("{}");
    if (place != std::string::npos) text.replace(place, 2, otherwise);
    const auto* word = std::get_if<Switch>(&target);
    if (word != nullptr && word->is_set(without_any)) text += " (the default)";
    return text;
}

const std::vector<OptionTopic>& option_table() {
    static const std::vector<OptionTopic> table = {crystal_options(), beam_options(),   detector_options(),
                                                   scan_options(),    output_options(), own_options()};
    return table;
}

ReferenceOptions::ReferenceOptions() {
    for (const OptionTopic& topic : option_table())
        for (const OptionRow& row : topic.rows) row.set_usual(*this);
}

const OptionRow* find_option(std::string_view word) {
    static const Index index;
    const auto exact = index.words.find(word);
    if (exact != index.words.end()) return exact->second;
    for (const auto& [beginning, row] : index.beginnings)
        if (word.substr(0, beginning.size()) == beginning) return row;
    return nullptr;
}

const OptionRow& option(std::string_view name) {
    const OptionRow* row = find_option(name);
    if (row == nullptr) throw OptionError("there is no option " + quoted(name));
    return *row;
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

bool is_own(const OptionRow& row) { return row.names.substr(0, 2) == "--"; }

}  // namespace nbhybrid::options
