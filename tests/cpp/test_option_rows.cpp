#include <cmath>
#include <set>
#include <variant>

#include "nbhybrid/checks/quantities.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/model/semantics.hpp"
#include "nbhybrid/options/option_table.hpp"
#include "options.hpp"

using namespace nbhybrid;
using namespace nbhybrid::options;

namespace {

template <class Visit>
void for_each_row(Visit visit) {
    for (const OptionTopic& topic : option_table())
        for (const OptionRow& row : topic.rows) visit(row);
}

std::string usual_name(const OptionRow& row) { return std::string(row.names.substr(0, row.names.find(' '))); }

// Where the row's number is kept; empty if it is no number.
std::vector<double> numbers_of(const OptionRow& row, ReferenceOptions options) {
    std::vector<double> found;
    const auto add = [&](const auto& fields) {
        for (const auto field : fields)
            if (field != nullptr) found.push_back(static_cast<double>(field(options)));
    };
    if (const auto* fields = std::get_if<FieldsOf<double>>(&row.target)) add(*fields);
    if (const auto* fields = std::get_if<FieldsOf<std::int64_t>>(&row.target)) add(*fields);
    if (const auto* field = std::get_if<FieldOf<std::optional<std::int64_t>>>(&row.target))
        if ((*field)(options)) found.push_back(static_cast<double>(*(*field)(options)));
    return found;
}

bool takes_a_number(const OptionRow& row) { return row.min_values == 1 && !row.field.empty(); }

}  // namespace

TEST("option rows: a number goes through the unit into every field of its row") {
    int looked = 0;
    for_each_row([&](const OptionRow& row) {
        if (!takes_a_number(row)) return;
        for (const double value : {0.0, 0.1, 3.0, 17.25, 250.0}) {
            if (!row.range.holds(value) || (row.is_whole && value != std::floor(value))) continue;
            const std::string line = usual_name(row) + format(" %.17g", value);
            const std::vector<double> found = numbers_of(row, parse(line));
            CHECK(!found.empty());
            for (const double number : found) CHECK_EQ(number, row.unit.inside(value));
            ++looked;
        }
    });
    CHECK(looked > 200);
}

TEST("option rows: a number out of range is refused by the option's name") {
    int looked = 0;
    for_each_row([&](const OptionRow& row) {
        if (!takes_a_number(row)) return;
        for (const double value :
             {row.range.least - 1, row.range.most + 1, row.range.excludes_least ? row.range.least : -INFINITY}) {
            if (!std::isfinite(value) || row.range.holds(value)) continue;
            CHECK_THROWS_WITH(parse(usual_name(row) + format(" %g", value)), OptionError, usual_name(row) + ": found");
            ++looked;
        }
    });
    CHECK(looked > 15);
    CHECK_THROWS_WITH(parse("--threads 0"), OptionError, "expected an integer from 1 to 4096");
    CHECK_THROWS_WITH(parse("-fudge -1"), OptionError, "expected a number of zero or more");
}

TEST("option rows: without options the fields hold what the rows say, in the option's unit") {
    for_each_row([](const OptionRow& row) {
        const std::vector<double> found = numbers_of(row, ReferenceOptions());
        if (row.usual.kind == Usual::Kind::value) CHECK(!found.empty());
        for (const double number : found) {
            if (row.usual.kind == Usual::Kind::value) CHECK_EQ(number, row.unit.inside(row.usual.number));
            if (row.usual.kind == Usual::Kind::inside)
                CHECK(number == row.usual.number || (std::isnan(number) && std::isnan(row.usual.number)));
        }
        if (const auto* field = std::get_if<FieldOf<std::string>>(&row.target)) {
            ReferenceOptions options;
            CHECK_EQ((*field)(options), std::string(row.usual_text));
        }
    });
    // The reference's, bit for bit.
    const ReferenceOptions o;
    CHECK_EQ(o.beam.wavelength, 1e-10);
    CHECK_EQ(o.beam.fluence, 125932015286227086360700780544.0);
    CHECK_EQ(o.beam.size, 1e-4);
    CHECK_EQ(o.detector.placement.pixel_size, 1e-4);
    CHECK_EQ(o.detector.placement.size_slow, 102.4e-3);
    CHECK_EQ(o.detector.placement.distance, 100e-3);
    CHECK_EQ(o.seeds.mosaic, -12345678);
    CHECK_EQ(o.output.adc_offset, 40.0);
    CHECK_EQ(o.crystal.mosaic_spread, -1.0);
}

TEST("option rows: a field of its own is set by one row alone") {
    std::set<std::string> own;
    for_each_row([&](const OptionRow& row) {
        if (row.has_own_field) CHECK(own.insert(std::string(row.field)).second);
    });
    CHECK(own.size() > 15);
    for_each_row([&](const OptionRow& row) { CHECK(row.has_own_field || own.count(std::string(row.field)) == 0); });
}

TEST("option rows: what they refer to is there") {
    std::set<std::string> ids;
    for (const DefectRow& row : defect_table()) ids.insert(std::string(row.id));
    std::set<std::string> keys, named;
    for_each_row([&](const OptionRow& row) {
        for (const std::string& id : test::split_words(std::string(row.defects))) {
            CHECK(ids.count(id) == 1);
            named.insert(id);
        }
        for (const std::string& key : test::split_words(std::string(row.header_keys))) CHECK(keys.insert(key).second);
        CHECK(row.help().find("{}") == std::string::npos);
        CHECK(!row.help().empty());
        CHECK(row.min_values == 0 || !row.values.empty());
    });
    CHECK_EQ(keys.size(), 13U);
    CHECK_EQ(named.size(), ids.size());
    CHECK_EQ(option("-mosaic_seed").help(), "seed of the domains (12345678)");
    CHECK_EQ(option("-fluence").help(), "photons on the sample (1.25932e29)");
    CHECK_EQ(option("-square_xtal").help(), "parallelepiped (the default)");
    CHECK_EQ(option("-round_xtal").help(), "ellipsoid");
    CHECK_EQ(option("-pgmfile").help(), "8-bit picture (image.pgm)");
    CHECK(option("-mosaic_domains").help().find("or " + std::to_string(usual_mosaic_domains) + " with") != std::string::npos);
    CHECK_THROWS_AS(option("-nothing"), OptionError);
}

TEST("option rows: the checks of plausible values speak of the same words, units and keys of headers") {
    for (const checks::Quantity* quantity : checks::quantities()) {
        const OptionRow& row = option(quantity->option);
        CHECK_EQ(row.header_key(), std::string(quantity->keyword));
        const bool has_unit = !row.field.empty() && !quantity->unit.empty();
        if (has_unit) CHECK_EQ(std::string(row.unit.name), std::string(quantity->unit));
    }
}
