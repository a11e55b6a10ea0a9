#include <algorithm>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/model/sensor.hpp"
#include "nbhybrid/options/rows.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

template <Pivot pivot>
void pivot_at(Options& o, const Words&, Warnings&) {
    o.detector.placement.pivot = pivot;
}

// The vectors that were given before a convention count no more.
template <Pivot pivot>
void leave_custom(Options& o, const Words& w, Warnings& warnings) {
    for (const std::string& name : o.detector.vector_options) {
        const bool counts = name.find("-pix0_vector") == 0 && o.own.semantics.corrects(Defect::pix0_overwritten);
        if (!counts) warnings.add("no-effect", name + " has no effect, since " + w.option() + " after it has vectors of its own");
    }
    o.detector.vector_options.clear();
    o.detector.placement.pivot = pivot;
}

void choose_custom(Options& o, const Words& w) {
    o.detector.placement.convention = Convention::custom;
    std::vector<std::string>& chosen_by = o.detector.vector_options;
    if (std::find(chosen_by.begin(), chosen_by.end(), w.option()) == chosen_by.end()) chosen_by.push_back(w.option());
}

template <Vec3 LaboratoryFrame::* field>
void set_vector(Options& o, const Words& w, Warnings&) {
    o.detector.placement.custom_frame.*field = w.vector();
    choose_custom(o, w);
}

// The reference takes -twotheta_axis for -twotheta too, with the first component as the angle.
void set_twotheta_axis(Options& o, const Words& w, Warnings& warnings) {
    o.detector.placement.custom_frame.twotheta_axis = w.vector();
    choose_custom(o, w);
    if (!o.own.semantics.confuses_options()) return;
    o.detector.placement.twotheta = degrees.inside(w.number());
    o.detector.placement.pivot = Pivot::sample;
    warnings.add("option-accident", format("%s also acts as -twotheta %g, and turns the pivot to the sample, as in the reference: "
                                           "put -twotheta, and -pivot, after it",
                                           w.option().c_str(), w.number()));
}

void set_pix0(Options& o, const Words& w, Warnings&) {
    o.detector.pix0 = w.vector();
    o.detector.pix0_in_mm = w.option() == "-pix0_vector_mm";
    choose_custom(o, w);
}

void set_named_pivot(Options& o, const Words& w, Warnings&) {
    if (w.text() != "sample" && w.text() != "beam") w.refuse(0, "sample or beam");
    o.detector.placement.pivot = w.text() == "sample" ? Pivot::sample : Pivot::beam;
    o.detector.placement.pivot_asked = o.detector.placement.pivot;
}

void set_attenuation_depth(Options& o, const Words& w, Warnings&) {
    const bool infinite = w.text().find("inf") != std::string::npos;
    const double depth = infinite ? 0.0 : w.number_in(not_negative);
    if (depth == 0.0) {
        o.detector.sensor_thickness = 0.0;
        o.detector.attenuation = 0.0;
    } else {
        o.detector.attenuation = attenuation_of_depth(micrometres_by_product.inside(depth));
    }
}

// The reference does not see this option where it is the last word. It is the only one without values that has to be followed.
void set_curved(Options& o, const Words& w, Warnings& warnings) {
    if (w.count() > 0) (void)w.number();
    if (w.following(0) != nullptr || o.own.semantics.corrects(Defect::last_word)) o.detector.curved = true;
    else
        warnings.add(id_of(Defect::last_word),
                     w.option() + " is the last word and so has no effect" + how_to_correct(Defect::last_word));
}

void set_region(Options& o, const Words& w, Warnings&) {
    for (std::size_t i = 0; i < 4; ++i) o.detector.region[i] = w.integer(i);
}

}  // namespace

OptionTopic detector_options() {
    return {"detector",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/detector.def"
            }};
}

OptionTopic scan_options() {
    return {"scan and sampling",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/scan.def"
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/sampling.def"
            }};
}

}  // namespace nbhybrid::options
