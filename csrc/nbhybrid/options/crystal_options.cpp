#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/rows.hpp"
#include "nbhybrid/physics/crystal_shape.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

void set_cell(Options& o, const Words& w, Warnings&) {
    if (!o.crystal.cell) o.crystal.cell.emplace();
    for (std::size_t i = 0; i < w.count(); ++i) {
        const double value = w.number_in(above_zero, i);
        (*o.crystal.cell)[i] = i < 3 ? value : degrees.inside(value);
    }
}

void set_misset(Options& o, const Words& w, Warnings& warnings) {
    if (w.text(0).find("rand") != std::string::npos) {
        if (w.count() > 1) throw OptionError(w.option() + " random takes no further values, found " + quoted(w.text(1)));
        o.crystal.misset = Misset::random;
        return;
    }
    if (w.count() != 3) throw OptionError(w.option() + ": expected three angles (degrees) or the word random");
    o.crystal.misset = Misset::angles;
    o.crystal.misset_angles = w.vector() / degrees_per_radian;
    warn_about_turns(w, warnings);
}

void set_shape(Options& o, const Words& w, Warnings&) {
    std::string names;
    for (int i = 0; i < physics::shape_count; ++i) {
        if (w.text() == physics::shape_names[i]) {
            o.crystal.shape = static_cast<CrystalShape>(i);
            return;
        }
        names += (i == 0 ? "" : i + 1 < physics::shape_count ? ", " : " or ") + std::string(physics::shape_names[i]);
    }
    w.refuse(0, names);
}

// The reference takes -misset_seed for -misset too, with the three words after it as angles.
void take_seed_for_angles(Options& o, const Words& w, Warnings& warnings) {
    if (!o.own.semantics.confuses_options() || w.following(2) == nullptr) return;
    const Vec3 angles{parse_prefix_like_atof(*w.following(0)), parse_prefix_like_atof(*w.following(1)),
                      parse_prefix_like_atof(*w.following(2))};
    o.crystal.misset = Misset::angles;
    o.crystal.misset_angles = angles / degrees_per_radian;
    warnings.add("option-accident",
                 format("%s also acts as -misset %g %g %g, as in the reference: put it after the other options, or -misset "
                        "after it",
                        w.option().c_str(), angles.x, angles.y, angles.z));
}

void note_whole_size(Options& o, const Words& w, Warnings&) { o.crystal.size_options.fill(w.option()); }

template <std::size_t axis>
void note_size(Options& o, const Words& w, Warnings&) {
    o.crystal.size_options[axis] = w.option();
}

void note_dump(Options& o, const Words&, Warnings&) { o.crystal.dump_file_given = true; }

}  // namespace

OptionTopic crystal_options() {
    return {"crystal",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/crystal.def"
            }};
}

}  // namespace nbhybrid::options
