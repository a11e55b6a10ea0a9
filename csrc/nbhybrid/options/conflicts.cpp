#include "nbhybrid/options/conflicts.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::options {

namespace {

using Given = std::vector<GivenOption>;

std::vector<const void*> fields_of(const OptionRow& row) {
    static ReferenceOptions any_options;
    std::vector<const void*> fields;
    const auto add = [&](const auto& of) {
        for (const auto field : of)
            if (field != nullptr) fields.push_back(&field(any_options));
    };
    if (const auto* numbers = std::get_if<FieldsOf<double>>(&row.target)) add(*numbers);
    if (const auto* integers = std::get_if<FieldsOf<std::int64_t>>(&row.target)) add(*integers);
    return fields;
}

// Whether all that an option sets is set again by others behind it. Giving the same option again is a way to change one's mind.
bool is_set_again(const Given& given, std::size_t place) {
    const OptionRow& row = *given[place].row;
    const auto behind = given.begin() + static_cast<std::ptrdiff_t>(place) + 1;
    if (std::any_of(behind, given.end(), [&](const GivenOption& other) { return other.row == &row; })) return false;
    const bool is_switch = std::holds_alternative<Switch>(row.target);
    if (is_switch)
        return std::any_of(behind, given.end(), [&](const GivenOption& other) {
            return std::holds_alternative<Switch>(other.row->target) && other.row->field == row.field;
        });
    const std::vector<const void*> fields = fields_of(row);
    return !fields.empty() && std::all_of(fields.begin(), fields.end(), [&](const void* field) {
        return std::any_of(behind, given.end(), [&](const GivenOption& other) {
            const std::vector<const void*> its = fields_of(*other.row);
            return std::find(its.begin(), its.end(), field) != its.end();
        });
    });
}

class Conflicts {
public:
    Conflicts(const Given& given, const ReferenceOptions& options, Warnings& warnings)
        : given_(given), o_(options), warnings_(warnings) {}

    void about_options_set_again() const {
        for (std::size_t i = 0; i < given_.size(); ++i)
            if (is_set_again(given_, i)) say(given_[i].words.option(), "others behind it set the same");
        last_counts("-lambda", "-energy");
        last_counts("-polar", "-nopolar");
    }

    void about_the_beam() const {
        const BeamOptions& b = o_.beam;
        const bool flux_counts = b.flux != 0 && b.exposure > 0 && b.size >= 0;
        if (is_given("-flux") && b.flux != 0 && !flux_counts)
            say("-flux", b.exposure > 0 ? "-beamsize is negative" : "-exposure is not above zero");
        if (flux_counts && is_given("-fluence")) say("-fluence", "-flux, -exposure and -beamsize make another");
        if (b.flux == 0 && is_given("-exposure")) say("-exposure", "there is no -flux");
    }

    void about_the_crystal() const {
        const CrystalOptions& c = o_.crystal;
        if (is_given("-N") && c.size.x > 0 && c.size.y > 0 && c.size.z > 0) say("-N", "the edges of the crystal are given");
    }

    void about_the_detector() const {
        const DetectorOptions& d = o_.detector;
        if (d.fast_pixels > 0 && d.slow_pixels > 0 && is_given("-detsize")) say("-detsize", "the pixels are counted (-detpixels)");
        if (d.sensor_thickness != 0) return;
        const char* const why = "a sensor without thickness counts every photon (-detector_thick)";
        if (d.layers > 0 && is_given("-detector_thicksteps")) say("-detector_thicksteps", why);
        if (d.attenuation > 0 && is_given("-detector_abs")) say("-detector_abs", why);
    }

private:
    std::ptrdiff_t last_place(const char* name) const {
        const OptionRow* const row = &option(name);
        const auto found = std::find_if(given_.rbegin(), given_.rend(), [row](const GivenOption& each) { return each.row == row; });
        return given_.rend() - found - 1;
    }
    bool is_given(const char* name) const { return last_place(name) >= 0; }

    // Of two options for one thing.
    void last_counts(const char* one, const char* other) const {
        const std::ptrdiff_t first = last_place(one), second = last_place(other);
        if (first < 0 || second < 0) return;
        say(first < second ? one : other, std::string(first < second ? other : one) + " behind it counts");
    }

    void say(const std::string& option, const std::string& why) const {
        warnings_.add("no-effect", option + " has no effect: " + why);
    }

    const Given& given_;
    const ReferenceOptions& o_;
    Warnings& warnings_;
};

}  // namespace

void warn_about_conflicts(const std::vector<GivenOption>& given, const ReferenceOptions& options, Warnings& warnings) {
    const Conflicts conflicts(given, options, warnings);
    conflicts.about_options_set_again();
    conflicts.about_the_beam();
    conflicts.about_the_crystal();
    conflicts.about_the_detector();
}

void warn_about_seeds(const ReferenceOptions& o, Warnings& warnings) {
    if (o.crystal.misset == Misset::random && !o.seeds.misset && o.seeds.noise)
        warnings.add("seed",
                     "-seed does not seed -misset random, which takes the time of day, as in the reference: give -misset_seed");
}

void warn_about_scan(const SamplingRequest& request, const Sampling& made, Warnings& warnings) {
    constexpr double rounding = 1e-9;
    const double asked = request.range * degrees_per_radian, turned = made.count * made.step * degrees_per_radian;
    if (request.count > 0 && made.count != request.count)
        warnings.add("no-effect",
                     format("-phisteps %.10g has no effect: -phistep without -osc makes %.10g steps", request.count, made.count));
    else if (request.count > 0 && request.step > 0 && request.range >= 0 && std::fabs(turned - asked) > rounding * asked)
        warnings.add("no-effect", format("-osc %.10g has no effect: %.10g steps (-phisteps) of %.10g degrees (-phistep) turn the "
                                         "crystal by %.10g",
                                         asked, made.count, made.step * degrees_per_radian, turned));
}

}  // namespace nbhybrid::options
