#include "nbhybrid/options/placement.hpp"

#include <cmath>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/header_defaults.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

// Nothing if there is no such detector.
std::optional<Detector> try_to_place(const PlacementRequest& request, const LaboratoryFrame& frame, const Detector& like,
                                     const Semantics& semantics) {
    Detector d = like;
    try {
        place_detector(request, frame, d, semantics);
    } catch (const ModelError&) {
        return std::nullopt;
    }
    return d;
}

// Whether the pixels lie where they do in the other, as far as anybody can tell.
bool stand_alike(const std::optional<Detector>& a, const Detector& b) {
    return a && norm(a->origin - b.origin) <= 0.01 * b.pixel_size;
}

// With the six digits that a header has.
bool have_like_distances(const Detector& a, const Detector& b) {
    constexpr double rounding = 1e-6;
    const auto alike = [](double x, double y) { return std::fabs(x - y) <= rounding * std::fabs(y); };
    return alike(a.distance, b.distance) && alike(a.close_distance, b.close_distance);
}

struct CentreOption {
    const char* name;
    double PlacementRequest::* value;
    bool is_length;  // else it counts pixels
};

constexpr CentreOption centre_options[] = {
    {"-Xbeam", &PlacementRequest::x_beam, true},   {"-Ybeam", &PlacementRequest::y_beam, true},
    {"-Xclose", &PlacementRequest::x_close, true}, {"-Yclose", &PlacementRequest::y_close, true},
    {"-ORGX", &PlacementRequest::org_x, false},    {"-ORGY", &PlacementRequest::org_y, false},
};

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    return text;
}

class PlacementWarnings {
public:
    PlacementWarnings(const ReferenceOptions& options, const LaboratoryFrame& frame, const Detector& detector, Warnings& warnings)
        : options_(options),
          semantics_(options.own.semantics),
          frame_(frame),
          detector_(detector),
          warnings_(warnings),
          request_(complete_placement(options, semantics_)) {}

    void about_centres() const {
        // With a vector to the first pixel there is another warning, which is about the same.
        if (options_.detector.pix0) return;
        if (semantics_.corrects(Defect::beam_center) || stand_alike(with(Defect::beam_center), detector_)) return;
        std::vector<std::string> given, idle;
        for (const CentreOption& centre : centre_options) {
            if (!is_given(request_.*centre.value)) continue;
            given.push_back(name_of_source(centre));
            PlacementRequest without = request_;
            without.*centre.value = not_given;
            if (stand_alike(try_to_place(without, frame_, detector_, semantics_), detector_)) idle.push_back(given.back());
        }
        if (request_.pivot_asked && detector_.pivot != *request_.pivot_asked) idle.emplace_back("-pivot");
        const std::string where = request_.convention == Convention::custom
                                      ? "beside the other options of the beam centre and the pivot"
                                      : std::string("with -") + name_of(request_.convention);
        const DetectorOrigins& o = detector_.origins;
        add(Defect::beam_center,
            !idle.empty()
                ? "no effect " + where + ": " + listed(idle)
                : listed(given) +
                      format(": taken for %s before the detector turns; where it stands the beam meets it %g mm along its fast "
                             "and %g mm along its slow axis",
                             detector_.pivot == Pivot::sample ? "the point nearest to the sample" : "where the beam meets",
                             1000 * o.beam_fast, 1000 * o.beam_slow));
    }

    void about_distances() const {
        if (semantics_.corrects(Defect::distance)) return;
        const std::optional<Detector> corrected = with(Defect::distance);
        if (stand_alike(corrected, detector_) && have_like_distances(*corrected, detector_)) return;
        if (!corrected && is_given(request_.close_distance))
            add(Defect::distance, "-distance and -close_distance contradict each other, and only the second counts");
        else if (!corrected) add(Defect::distance, "the detector lies parallel to the beam: -distance is that before it turned");
        else
            add(Defect::distance, format("-distance and -close_distance are those of the detector before it turns: as they are "
                                         "meant it is %g mm away along "
                                         "the beam and %g mm along its normal, and is taken to be %g and %g mm away",
                                         1000 * corrected->distance, 1000 * corrected->close_distance, 1000 * detector_.distance,
                                         1000 * detector_.close_distance));
    }

    void about_mask() const {
        const HeaderPlacement& header = options_.detector.header;
        if (!is_given(header.y_of_mask) || is_given(header.from_options.y_beam)) return;
        PlacementRequest as_image = request_;
        as_image.y_beam = header.y_of_mask;
        if (stand_alike(try_to_place(as_image, frame_, detector_, semantics_), detector_)) return;
        add(Defect::mask_header,
            *options_.detector.mask_file +
                ": BEAM_CENTER_Y in the header of a -mask counts from the far edge, in that of an -img it does not");
    }

private:
    std::optional<Detector> with(Defect defect) const {
        const Semantics semantics = semantics_.with(defect);
        return try_to_place(complete_placement(options_, semantics), frame_, detector_, semantics);
    }

    std::string name_of_source(const CentreOption& centre) const {
        const HeaderPlacement& header = options_.detector.header;
        const bool is_from_header = header.is_merged && !is_given(header.from_options.*centre.value);
        return is_from_header ? option(centre.name).header_key() + " of " + header.file : centre.name;
    }

    void add(Defect defect, const std::string& text) const { warnings_.add(id_of(defect), text + how_to_correct(defect)); }

    const ReferenceOptions& options_;
    const Semantics& semantics_;
    const LaboratoryFrame& frame_;
    const Detector& detector_;
    Warnings& warnings_;
    PlacementRequest request_;
};

}  // namespace

std::vector<checks::Centre> centres_given(const DetectorOptions& o) {
    const PlacementRequest& request = o.header.is_merged ? o.header.from_options : o.placement;
    std::vector<checks::Centre> centres;
    for (const CentreOption& centre : centre_options)
        if (centre.is_length && is_given(request.*centre.value)) centres.push_back({centre.name, request.*centre.value});
    return centres;
}

PlacementRequest complete_placement(const ReferenceOptions& o, const Semantics& semantics) {
    PlacementRequest placement = placement_by(o.detector, semantics);
    if (o.detector.pix0 && semantics.corrects(Defect::pix0_overwritten))
        placement.origin = (o.detector.pix0_in_mm ? 1e-3 : 1.0) * *o.detector.pix0;
    set_sizes(o.detector, placement);
    return placement;
}

void warn_about_placement(const ReferenceOptions& o, const LaboratoryFrame& frame, const Detector& d, Warnings& warnings) {
    const PlacementWarnings warn(o, frame, d, warnings);
    warn.about_centres();
    warn.about_distances();
    warn.about_mask();
    if (o.detector.placement.convention != Convention::custom) return;
    std::string names;
    for (const std::string& name : o.detector.vector_options) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty())
        warnings.add("custom-convention",
                     names +
                         ": the custom beam-centre convention is in force, in which -Xbeam and -Ybeam run along the fast and the "
                         "slow axis, from the corner of the first pixel: half a pixel from MOSFLM's");
    if (o.detector.pix0 && !o.own.semantics.corrects(Defect::pix0_overwritten))
        warnings.add("pix0-overwritten", "-pix0_vector is recomputed from the beam centre and the distance, as in the reference");
}

}  // namespace nbhybrid::options
