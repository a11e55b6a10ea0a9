#include <algorithm>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

constexpr double micrometres = 1e-6;

double millimetres(const Words& w) { return w.number() / 1000.0; }
double degrees(const Words& w) { return w.number() / degrees_per_radian; }

template <Pivot pivot>
void set_pivot(Options& o) {
    o.detector.placement.pivot = pivot;
}

// A centre that comes with a pivot.
template <double PlacementRequest::* field, Pivot pivot>
void set_centre(Options& o, const Words& w, Warnings&) {
    o.detector.placement.*field = millimetres(w);
    set_pivot<pivot>(o);
}

template <double PlacementRequest::* field>
void set_origin_pixel(Options& o, const Words& w, Warnings&) {
    o.detector.placement.*field = w.number();
    set_pivot<Pivot::sample>(o);
}

template <double PlacementRequest::* field, Pivot pivot>
void set_distance(Options& o, const Words& w, Warnings&) {
    o.detector.placement.*field = w.positive() / 1000.0;
    set_pivot<pivot>(o);
}

template <Convention convention, Pivot pivot>
void set_convention(Options& o, const Words& w, Warnings& warnings) {
    o.detector.placement.convention = convention;
    for (const std::string& name : o.detector.vector_options) {
        const bool counts = name.find("-pix0_vector") == 0 && o.own.semantics.corrects(Defect::pix0_overwritten);
        if (!counts) warnings.add("no-effect", name + " has no effect, since " + w.option() + " after it has vectors of its own");
    }
    o.detector.vector_options.clear();
    set_pivot<pivot>(o);
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
    o.detector.placement.twotheta = degrees(w);
    set_pivot<Pivot::sample>(o);
    warnings.add("option-accident", format("%s also acts as -twotheta %g, and turns the pivot to the sample, as in the reference: "
                                           "put -twotheta, and -pivot, after it",
                                           w.option().c_str(), w.number()));
}

void set_twotheta(Options& o, const Words& w, Warnings&) {
    o.detector.placement.twotheta = degrees(w);
    set_pivot<Pivot::sample>(o);
}

void set_pix0(Options& o, const Words& w, Warnings&) {
    o.detector.pix0 = w.vector();
    o.detector.pix0_in_mm = w.option() == "-pix0_vector_mm";
    choose_custom(o, w);
}

template <double Vec3::* axis>
void set_rotation(Options& o, const Words& w, Warnings&) {
    o.detector.placement.rotation.*axis = degrees(w);
}

void set_named_pivot(Options& o, const Words& w, Warnings&) {
    if (w.text() == "sample") set_pivot<Pivot::sample>(o);
    else if (w.text() == "beam") set_pivot<Pivot::beam>(o);
    else w.refuse(0, "sample or beam");
    o.detector.placement.pivot_asked = o.detector.placement.pivot;
}

void set_attenuation_depth(Options& o, const Words& w, Warnings&) {
    const bool infinite = w.text().find("inf") != std::string::npos;
    const double depth = infinite ? 0.0 : w.non_negative();
    if (depth == 0.0) {
        o.detector.sensor_thickness = 0.0;
        o.detector.attenuation = 0.0;
    } else {
        o.detector.attenuation = 1.0 / (depth * micrometres);
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

std::vector<OptionRow> placement_rows() {
    return {
        {"-distance", 1, 1, "mm", "along the beam (100); pivot: beam", set_distance<&PlacementRequest::distance, Pivot::beam>},
        {"-close_distance", 1, 1, "mm", "along the normal; pivot: sample",
         set_distance<&PlacementRequest::close_distance, Pivot::sample>},
        {"-Xbeam", 1, 1, "mm", "beam centre; pivot: beam", set_centre<&PlacementRequest::x_beam, Pivot::beam>},
        {"-Ybeam", 1, 1, "mm", "", set_centre<&PlacementRequest::y_beam, Pivot::beam>},
        {"-Xclose", 1, 1, "mm", "point nearest to the sample; pivot: sample",
         set_centre<&PlacementRequest::x_close, Pivot::sample>},
        {"-Yclose", 1, 1, "mm", "", set_centre<&PlacementRequest::y_close, Pivot::sample>},
        {"-ORGX", 1, 1, "pixels", "the same as in XDS; pivot: sample", set_origin_pixel<&PlacementRequest::org_x>},
        {"-ORGY", 1, 1, "pixels", "", set_origin_pixel<&PlacementRequest::org_y>},
        {"-mosflm", 0, 0, "", "beam-centre convention (the default)", set_convention<Convention::mosflm, Pivot::beam>},
        {"-xds", 0, 0, "", "beam-centre convention", set_convention<Convention::xds, Pivot::sample>},
        {"-adxv", 0, 0, "", "beam-centre convention", set_convention<Convention::adxv, Pivot::beam>},
        {"-denzo", 0, 0, "", "beam-centre convention", set_convention<Convention::denzo, Pivot::beam>},
        {"-dials", 0, 0, "", "beam-centre convention", set_convention<Convention::dials, Pivot::beam>},
        {"-detector_rotx", 1, 1, "deg", "rotation of the detector about x", set_rotation<&Vec3::x>},
        {"-detector_roty", 1, 1, "deg", "then about y", set_rotation<&Vec3::y>},
        {"-detector_rotz", 1, 1, "deg", "then about z", set_rotation<&Vec3::z>},
        {"-twotheta", 1, 1, "deg", "swing about the two-theta axis; pivot: sample", set_twotheta},
        {"-twotheta_axis", 3, 3, "x y z", "custom convention; also acts as -twotheta x", set_twotheta_axis},
        {"-pivot", 1, 1, "sample|beam", "what stays in place when the detector turns (custom convention)", set_named_pivot},
        {"-fdet_vector", 3, 3, "x y z", "fast axis; custom convention", set_vector<&LaboratoryFrame::fast>},
        {"-sdet_vector", 3, 3, "x y z", "slow axis; custom convention", set_vector<&LaboratoryFrame::slow>},
        {"-odet_vector", 3, 3, "x y z", "normal; custom convention", set_vector<&LaboratoryFrame::normal>},
        {"-pix0_vector -pix0_vector_mm", 3, 3, "x y z", "first pixel; custom convention; recomputed from the beam centre",
         set_pix0},
        {"-beam_vector", 3, 3, "x y z", "beam direction; custom convention", set_vector<&LaboratoryFrame::beam>},
        {"-polar_vector", 3, 3, "x y z", "E-vector; custom convention", set_vector<&LaboratoryFrame::polarization>},
        {"-spindle_axis", 3, 3, "x y z", "rotation axis of the scan; custom convention", set_vector<&LaboratoryFrame::spindle>},
    };
}

std::vector<OptionRow> pixel_rows() {
    return {
        {"-pixel", 1, 1, "mm", "pixel size (0.1)",
         [](Options& o, const Words& w, Warnings&) { o.detector.placement.pixel_size = w.positive() / 1000.0; }},
        {"-detsize", 1, 1, "mm", "edge of the detector (102.4)",
         [](Options& o, const Words& w, Warnings&) {
             o.detector.placement.size_fast = o.detector.placement.size_slow = w.positive() / 1000.0;
         }},
        {"-detsize_f", 1, 1, "mm", "along the fast axis",
         [](Options& o, const Words& w, Warnings&) { o.detector.placement.size_fast = w.positive() / 1000.0; }},
        {"-detsize_s", 1, 1, "mm", "along the slow axis",
         [](Options& o, const Words& w, Warnings&) { o.detector.placement.size_slow = w.positive() / 1000.0; }},
        {"-detpixels", 1, 1, "n", "pixels along each edge, instead of -detsize; 0: from -detsize",
         [](Options& o, const Words& w, Warnings&) { o.detector.fast_pixels = o.detector.slow_pixels = w.non_negative_integer(); }},
        {"-detpixels_f -detpixels_x", 1, 1, "n", "along the fast axis",
         [](Options& o, const Words& w, Warnings&) { o.detector.fast_pixels = w.non_negative_integer(); }},
        {"-detpixels_s -detpixels_y", 1, 1, "n", "along the slow axis",
         [](Options& o, const Words& w, Warnings&) { o.detector.slow_pixels = w.non_negative_integer(); }},
        {"-curved_det", 0, 1, "", "all pixels at the same distance", set_curved},
        {"-point_pixel", 0, 0, "", "no obliquity: inverse square law alone",
         [](Options& o, const Words&, Warnings&) { o.detector.point_pixel = true; }},
        {"-detector_abs -detector_absorb", 1, 1, "um|inf", "attenuation depth of the sensor", set_attenuation_depth},
        {"-detector_thick", 1, 1, "um", "thickness of the sensor (0: every photon is counted)",
         [](Options& o, const Words& w, Warnings&) { o.detector.sensor_thickness = w.number() * micrometres; }},
        {"-detector_thicksteps -thicksteps", 1, 1, "n", "layers of the sensor",
         [](Options& o, const Words& w, Warnings&) { o.detector.layers = w.integer(); }},
        {"-roi", 4, 4, "xmin xmax ymin ymax", "render this part alone, both ends included (pixels, x is fast)", set_region},
        {"-mask", 1, 1, "FILE", "SMV image; pixels that are 0 in it are left out; its header sets the detector",
         [](Options& o, const Words& w, Warnings&) { o.detector.mask_file = w.path(); }},
        {"-img", 1, 1, "FILE", "SMV image; its header sets the detector",
         [](Options& o, const Words& w, Warnings&) { o.detector.image_file = w.path(); }},
    };
}

}  // namespace

OptionTopic detector_options() {
    OptionTopic topic{"detector", pixel_rows()};
    for (const OptionRow& row : placement_rows()) topic.rows.push_back(row);
    return topic;
}

OptionTopic scan_options() {
    return {
        "scan and sampling",
        {
            {"-phi", 1, 1, "deg", "start of the rotation (0)",
             [](Options& o, const Words& w, Warnings&) { o.scan.phi = degrees(w); }},
            {"-osc", 1, 1, "deg", "its range", [](Options& o, const Words& w, Warnings&) { o.scan.rotation.range = degrees(w); }},
            {"-phistep", 1, 1, "deg", "its step", [](Options& o, const Words& w, Warnings&) { o.scan.rotation.step = degrees(w); }},
            {"-phisteps", 1, 1, "n", "number of steps",
             [](Options& o, const Words& w, Warnings&) { o.scan.rotation.count = static_cast<double>(w.integer()); }},
            {"-oversample", 1, 1, "n", "sub-pixels along a pixel's edge (automatic)",
             [](Options& o, const Words& w, Warnings&) { o.sampling.oversample = w.integer(); }},
            {"-oversample_thick", 0, 0, "", "recompute the sensor's capture at every sub-pixel",
             [](Options& o, const Words&, Warnings&) { o.sampling.thickness = true; }},
            {"-oversample_polar", 0, 0, "", "the same for polarization",
             [](Options& o, const Words&, Warnings&) { o.sampling.polarization = true; }},
            {"-oversample_omega", 0, 0, "", "the same for the solid angle",
             [](Options& o, const Words&, Warnings&) { o.sampling.solid_angle = true; }},
            {"-dmin", 1, 1, "A", "leave out spacings below this",
             [](Options& o, const Words& w, Warnings&) { o.sampling.dmin = w.number() * 1e-10; }},
            {"-water", 1, 1, "um", "edge of a cube of water around the crystal",
             [](Options& o, const Words& w, Warnings&) { o.sampling.water = w.non_negative() / 1e6; }},
        },
    };
}

}  // namespace nbhybrid::options
