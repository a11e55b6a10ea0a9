#pragma once
// One row an option, in table/*.def. The order of options on a command line matters: later ones win, and some have side effects.
// Most are data: a word, a unit, a range, what holds without it, and the field that takes the value; odd ones are functions.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/options/units.hpp"
#include "nbhybrid/options/words.hpp"

namespace nbhybrid::options {

using Effect = void (*)(ReferenceOptions&, const Words&, Warnings&);

// Where in the options a value is kept.
template <class T>
using FieldOf = T& (*)(ReferenceOptions&);

// The fields of numbers that one word sets, up to three.
template <class T>
using FieldsOf = std::array<FieldOf<T>, 3>;

// A word that stands for a value.
struct Switch {
    void (*set)(ReferenceOptions&);
    bool (*is_set)(const ReferenceOptions&);
};

using Target = std::variant<std::monostate, FieldsOf<double>, FieldsOf<std::int64_t>, FieldOf<std::optional<std::int64_t>>,
                            FieldOf<std::string>, FieldOf<std::optional<std::string>>, Switch>;

struct OptionRow {
    // The spellings, separated by blanks, the usual one first; one that ends with '*' also stands for every longer word.
    std::string_view names;
    int min_values = 0;
    int max_values = 0;          // more than min_values: further words are values if they do not begin with '-'
    std::string_view values;     // a unit, FILE, or names of values
    std::string_view meaning;    // {} stands for what holds without the option
    std::string_view parameter;  // the Python objects' word for it; empty: they have none

    std::string_view field = {};  // the path of the field that takes the value; empty: `effect` does more than that
    bool has_own_field = false;   // which no other row sets
    Target target = {};
    bool is_whole = false;
    bool may_be_fraction = false;  // where the semantics allow fractions of cells, although it is a whole number elsewhere
    Unit unit = {};
    Range range = {};
    Range counts = {};  // outside of it a value is taken for none given, as in the reference
    Usual usual = {};
    std::string_view usual_text = {};  // of a field of text
    Effect effect = nullptr;           // of an odd option; of others, what it does besides

    std::string_view since = "0.1";           // the version that had it first
    std::string_view convention = {};         // of the beam centre: which one heeds the option, or is chosen by it
    std::string_view defects = {};            // ids of those that change what it does, separated by blanks
    std::string_view header_keys = {};        // of an image or a mask, which say the same in the same unit
    std::string_view instead_in_series = {};  // of an option that shapes no experiment: what does the same in a series,
    std::string_view instead_in_python = {};  // and in Python
    bool shapes_experiment = true;

    // What a row may have besides, behind the columns that all have.
    OptionRow counting_if(Range range_that_counts) const { return changed(&OptionRow::counts, range_that_counts); }
    OptionRow with(Effect e) const { return changed(&OptionRow::effect, e); }
    OptionRow from(std::string_view version) const { return changed(&OptionRow::since, version); }
    OptionRow heeded_by(std::string_view conventions) const { return changed(&OptionRow::convention, conventions); }
    OptionRow of_cells() const { return changed(&OptionRow::may_be_fraction, true); }
    OptionRow see(std::string_view ids) const { return changed(&OptionRow::defects, ids); }
    OptionRow header(std::string_view keys) const { return changed(&OptionRow::header_keys, keys); }
    OptionRow no_experiment(std::string_view in_series = {}, std::string_view in_python = {}) const;
    template <class T>
    OptionRow and_also(FieldOf<T> more) const;

    void apply(ReferenceOptions& options, const Words& words, Warnings& warnings) const;
    // What a number's field holds without the option, and what it is to hold, in metres and radians.
    void set_usual(ReferenceOptions& options) const;
    void set_number(ReferenceOptions& options, double inside) const;
    // The first of the header's keys.
    std::string header_key() const { return std::string(header_keys.substr(0, header_keys.find(' '))); }
    // The help, with what holds without the option in its place.
    std::string help() const;

private:
    void note_whether_it_counts(const Words& words, Warnings& warnings) const;
    template <class T, class U>
    OptionRow changed(T OptionRow::* member, const U& value) const {
        OptionRow row = *this;
        row.*member = value;
        return row;
    }
};

template <class T>
OptionRow OptionRow::and_also(FieldOf<T> more) const {
    OptionRow row = *this;
    for (FieldOf<T>& other : std::get<FieldsOf<T>>(row.target))
        if (other == nullptr) {
            other = more;
            break;
        }
    row.has_own_field = false;
    return row;
}

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

// The row of a name that there is.
const OptionRow& option(std::string_view name);

// The spellings of each row.
std::vector<std::vector<std::string>> option_names();

// Whether the reference does not have it: the names of those begin with two dashes.
bool is_own(const OptionRow& row);

}  // namespace nbhybrid::options
