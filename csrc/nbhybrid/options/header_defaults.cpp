#include "nbhybrid/options/header_defaults.hpp"

#include <array>
#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/smv.hpp"
#include "nbhybrid/io/smv_keys.hpp"

namespace nbhybrid::options {

namespace {

io::HeaderKeys keys_of(const Semantics& semantics) {
    return semantics.corrects(Defect::header_keys) ? io::HeaderKeys::whole : io::HeaderKeys::anywhere;
}

// Looks up header values and refuses those that no detector can have.
class Header {
public:
    Header(const std::string& path, const io::SmvImage& image, const Semantics& semantics, Warnings& warnings)
        : path_(path), image_(image), keys_(keys_of(semantics)), warnings_(warnings) {}

    // `longer_key` is another whole key of the same meaning.
    template <class Take>
    void take(const char* keyword, Take take, const char* longer_key = nullptr) const {
        const std::optional<double> value = look_up(keyword, longer_key);
        if (!value) return;
        check(keyword, *value);
        take(*value);
    }

    // The value, with a warning where it is not that of the whole key.
    std::optional<double> look_up(const char* keyword, const char* longer_key = nullptr) const {
        std::optional<double> whole = image_.header_value(keyword, io::HeaderKeys::whole);
        if (!whole && longer_key != nullptr) whole = image_.header_value(longer_key, io::HeaderKeys::whole);
        if (keys_ == io::HeaderKeys::whole) return whole;
        const std::optional<double> value = image_.header_value(keyword, io::HeaderKeys::anywhere);
        if (value && value != whole)
            warnings_.add(id_of(Defect::header_keys),
                          path_ + format(": %s=%g is found inside another key or a value", keyword, *value) +
                              how_to_correct(Defect::header_keys));
        return value;
    }

    // Several numbers behind a key of our own.
    template <std::size_t n>
    std::optional<std::array<double, n>> own_numbers(const char* key) const {
        const std::optional<std::string> text = image_.header_text(key);
        if (!text) return std::nullopt;
        std::array<double, n> values{};
        std::size_t begin = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t end = i + 1 == n ? text->size() : text->find(',', begin);
            if (end == std::string::npos || !parse_double(text->substr(begin, end - begin), values[i]))
                throw InputFileError(path_, std::string(key) + " is " + quoted(*text) + format(", expected %zu numbers", n));
            check(key, values[i]);
            begin = end + 1;
        }
        return values;
    }

    std::optional<std::string> own_text(const char* key) const { return image_.header_text(key); }
    const std::string& path() const { return path_; }

private:
    void check(const char* keyword, double value) const {
        if (!std::isfinite(value)) throw InputFileError(path_, format("%s=%g, expected a finite number", keyword, value));
    }

    const std::string& path_;
    const io::SmvImage& image_;
    io::HeaderKeys keys_;
    Warnings& warnings_;
};

void take_vector(const Header& header, const char* key, Vec3& vector) {
    if (const auto v = header.own_numbers<3>(key)) vector = {(*v)[0], (*v)[1], (*v)[2]};
}

Convention convention_named(const Header& header, const std::string& name) {
    std::string known;
    std::size_t i = 0;
    for (const char* each : convention_names) {
        if (name == each) return static_cast<Convention>(i);
        known += (known.empty() ? "" : ", ") + std::string(each);
        ++i;
    }
    throw InputFileError(header.path(), std::string(io::convention_key) + " is " + quoted(name) + ", expected one of " + known);
}

// What nbhybrid wrote, and BEAM_CENTER does not say.
void take_own_keys(const Header& header, DetectorOptions& detector, double twotheta) {
    PlacementRequest& p = detector.placement;
    p.convention = convention_named(header, *header.own_text(io::convention_key));
    p.twotheta = twotheta;
    const auto point = [&](const char* key) {
        const auto place = header.own_numbers<2>(key);
        return place ? DetectorPoint{(*place)[0] / 1000.0, (*place)[1] / 1000.0} : DetectorPoint{};
    };
    detector.header.beam = point(io::beam_key);
    detector.header.nearest = point(io::nearest_key);
    Vec3 rotation;
    take_vector(header, io::rotation_key, rotation);
    p.rotation = 1.0 / degrees_per_radian * rotation;
    const auto curved = header.own_numbers<1>(io::curved_key);
    detector.curved = curved && (*curved)[0] != 0;
    if (p.convention != Convention::custom) return;
    take_vector(header, io::beam_vector_key, p.custom_frame.beam);
    take_vector(header, io::fast_key, p.custom_frame.fast);
    take_vector(header, io::slow_key, p.custom_frame.slow);
    take_vector(header, io::normal_key, p.custom_frame.normal);
    take_vector(header, io::twotheta_axis_key, p.custom_frame.twotheta_axis);
    take_vector(header, io::polarization_key, p.custom_frame.polarization);
    take_vector(header, io::spindle_key, p.custom_frame.spindle);
}

void take_twotheta(const Header& header, ReferenceOptions& options, double& twotheta, Warnings& warnings) {
    PlacementRequest& p = options.detector.placement;
    header.take("TWOTHETA", [&](double degrees) {
        twotheta = degrees / degrees_per_radian;
        if (options.own.semantics.corrects(Defect::header_twotheta)) {
            p.twotheta = twotheta;
            p.pivot = Pivot::sample;
        } else if (degrees != 0)
            warnings.add("header-twotheta",
                         header.path() + format(": TWOTHETA=%g is not applied, as in the reference: use -twotheta", degrees));
    });
}

void take_header(const std::string& path, const io::SmvImage& image, bool is_mask, ReferenceOptions& options, Warnings& warnings) {
    const Semantics& semantics = options.own.semantics;
    PlacementRequest& p = options.detector.placement;
    HeaderPlacement& of_header = options.detector.header;
    PlacementRequest& v = of_header.values;
    const Header header(path, image, semantics, warnings);
    of_header.file = path;
    of_header.beam = of_header.nearest = {};
    header.look_up("SIZE1");  // they have been read, and may be warned of
    header.look_up("SIZE2");
    options.detector.fast_pixels = image.fast_pixels;
    options.detector.slow_pixels = image.slow_pixels;
    header.take("PIXEL_SIZE", [&](double mm) { p.pixel_size = mm / 1000.0; });
    p.size_fast = p.pixel_size * image.fast_pixels;
    p.size_slow = p.pixel_size * image.slow_pixels;
    header.take("DISTANCE", [&](double mm) { v.distance = mm / 1000.0; });
    header.take("CLOSE_DISTANCE", [&](double mm) { v.close_distance = mm / 1000.0; });
    header.take("WAVELENGTH", [&](double angstrom) { options.beam.wavelength = angstrom / 1e10; });
    header.take("BEAM_CENTER_X", [&](double mm) { v.x_beam = mm / 1000.0; });
    header.take("BEAM_CENTER_Y", [&](double mm) {
        const bool is_turned = is_mask && !semantics.corrects(Defect::mask_header);
        of_header.y_of_mask = is_turned ? mm / 1000.0 : not_given;
        v.y_beam = is_turned ? p.size_slow - mm / 1000.0 : mm / 1000.0;
    });
    header.take("ORGX", [&](double pixels) { v.org_x = pixels; }, "XDS_ORGX");
    header.take("ORGY", [&](double pixels) { v.org_y = pixels; }, "XDS_ORGY");
    header.take("PHI", [&](double degrees) { options.scan.phi = degrees / degrees_per_radian; });
    header.take("OSC_RANGE", [&](double degrees) { options.scan.rotation.range = degrees / degrees_per_radian; });
    double twotheta = 0;
    take_twotheta(header, options, twotheta, warnings);
    if (!header.own_text(io::convention_key)) return;
    if (semantics.corrects(Defect::header_center)) take_own_keys(header, options.detector, twotheta);
    else
        warnings.add(id_of(Defect::header_center),
                     path +
                         ": nbhybrid wrote this header for DIALS: its BEAM_CENTER is not where the beam "
                         "meets the detector in the terms of any convention here" +
                         how_to_correct(Defect::header_center));
}

void fill(double& value, double otherwise) {
    if (!is_given(value)) value = otherwise;
}

// Of an axis' two centres in a header, one counts, and none where the options have one.
void choose_centre(double& beam, double& org, bool is_in_options, bool prefers_org) {
    if (is_in_options) beam = org = not_given;
    if (is_given(beam) && is_given(org)) (prefers_org ? beam : org) = not_given;
}

// What of a header's values counts beside the options, where Defect::beam_center is corrected.
void choose_centres(const PlacementRequest& options, PlacementRequest& values) {
    const bool swaps = options.convention == Convention::mosflm || options.convention == Convention::denzo;
    const bool prefers_org = options.convention == Convention::xds || options.convention == Convention::dials;
    const bool fast = is_given(swaps ? options.y_beam : options.x_beam) || is_given(options.x_close) || is_given(options.org_x);
    const bool slow = is_given(swaps ? options.x_beam : options.y_beam) || is_given(options.y_close) || is_given(options.org_y);
    choose_centre(swaps ? values.y_beam : values.x_beam, values.org_x, fast, prefers_org);
    choose_centre(swaps ? values.x_beam : values.y_beam, values.org_y, slow, prefers_org);
}

// The values of a header as options would have given them in the convention that is in force.
PlacementRequest values_for(const DetectorOptions& detector, const PlacementRequest& options) {
    const HeaderPlacement& header = detector.header;
    PlacementRequest values = header.values;
    const bool is_beam = is_given(header.beam.fast);
    if (!is_beam && !is_given(header.nearest.fast)) return values;
    values.convention = options.convention;
    values.pixel_size = options.pixel_size;
    values.size_slow =
        detector.slow_pixels != 0 ? options.pixel_size * static_cast<double>(detector.slow_pixels) : options.size_slow;
    set_beam_point(header.beam, values);
    values.org_x = header.nearest.fast / options.pixel_size + 0.5;
    values.org_y = header.nearest.slow / options.pixel_size + 0.5;
    (is_beam ? values.close_distance : values.distance) = not_given;
    return values;
}

PlacementRequest merged(const DetectorOptions& detector, const Semantics& semantics) {
    PlacementRequest p = detector.header.from_options;
    PlacementRequest values = values_for(detector, p);
    if (semantics.corrects(Defect::beam_center)) choose_centres(p, values);
    if (semantics.corrects(Defect::distance)) {
        if (is_given(p.distance) || is_given(p.close_distance)) values.distance = values.close_distance = not_given;
        if (is_given(values.close_distance)) values.distance = not_given;
    }
    fill(p.distance, values.distance);
    fill(p.distance, usual_distance);
    fill(p.close_distance, values.close_distance);
    fill(p.x_beam, values.x_beam);
    fill(p.y_beam, values.y_beam);
    fill(p.org_x, values.org_x);
    fill(p.org_y, values.org_y);
    return p;
}

}  // namespace

void take_mask(const std::string& path, ReferenceOptions& options, Warnings& warnings) {
    io::SmvImage image = io::read_smv(path, keys_of(options.own.semantics));
    take_header(path, image, true, options, warnings);
    options.detector.mask = Mask(std::move(image.pixels));
    options.detector.mask_fast_pixels = image.fast_pixels;
    options.detector.mask_slow_pixels = image.slow_pixels;
}

void take_image_header(const std::string& path, ReferenceOptions& options, Warnings& warnings) {
    take_header(path, io::read_smv(path, keys_of(options.own.semantics)), false, options, warnings);
}

void open_for_headers(DetectorOptions& detector) { detector.placement.distance = not_given; }

void merge_headers(DetectorOptions& detector, const Semantics& semantics) {
    detector.header.from_options = detector.placement;
    detector.header.is_merged = true;
    detector.placement = merged(detector, semantics);
}

PlacementRequest placement_by(const DetectorOptions& detector, const Semantics& semantics) {
    return detector.header.is_merged ? merged(detector, semantics) : detector.placement;
}

}  // namespace nbhybrid::options
