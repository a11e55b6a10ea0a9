#include "nbhybrid/options/header_defaults.hpp"

#include <cmath>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/smv.hpp"

namespace nbhybrid::options {

namespace {

// Looks up header values and refuses those that no detector can have.
class Header {
public:
    Header(const std::string& path, const io::SmvImage& image) : path_(path), image_(image) {}

    template <class Take>
    void take(const char* keyword, Take take) const {
        const std::optional<double> value = image_.header_value(keyword);
        if (!value) return;
        if (!std::isfinite(*value)) throw InputFileError(path_, format("%s=%g, expected a finite number", keyword, *value));
        take(*value);
    }

private:
    const std::string& path_;
    const io::SmvImage& image_;
};

void take_header(const std::string& path, const io::SmvImage& image, bool y_from_far_edge, ReferenceOptions& options,
                 Warnings& warnings) {
    PlacementRequest& p = options.detector.placement;
    const Header header(path, image);
    options.detector.fast_pixels = image.fast_pixels;
    options.detector.slow_pixels = image.slow_pixels;
    header.take("PIXEL_SIZE", [&](double mm) { p.pixel_size = mm / 1000.0; });
    p.size_fast = p.pixel_size * image.fast_pixels;
    p.size_slow = p.pixel_size * image.slow_pixels;
    header.take("DISTANCE", [&](double mm) { p.distance = mm / 1000.0; });
    header.take("CLOSE_DISTANCE", [&](double mm) { p.close_distance = mm / 1000.0; });
    header.take("WAVELENGTH", [&](double angstrom) { options.beam.wavelength = angstrom / 1e10; });
    header.take("BEAM_CENTER_X", [&](double mm) { p.x_beam = mm / 1000.0; });
    header.take("BEAM_CENTER_Y", [&](double mm) { p.y_beam = y_from_far_edge ? p.size_slow - mm / 1000.0 : mm / 1000.0; });
    header.take("ORGX", [&](double pixels) { p.org_x = pixels; });
    header.take("ORGY", [&](double pixels) { p.org_y = pixels; });
    header.take("PHI", [&](double degrees) { options.scan.phi = degrees / degrees_per_radian; });
    header.take("OSC_RANGE", [&](double degrees) { options.scan.rotation.range = degrees / degrees_per_radian; });
    header.take("TWOTHETA", [&](double degrees) {
        if (options.own.semantics.mends(Defect::header_twotheta)) {
            p.twotheta = degrees / degrees_per_radian;
            p.pivot = Pivot::sample;
        } else if (degrees != 0)
            warnings.add("header-twotheta",
                         path + format(": TWOTHETA=%g is not applied, as in the reference: use -twotheta", degrees));
    });
}

}  // namespace

void take_mask(const std::string& path, ReferenceOptions& options, Warnings& warnings) {
    io::SmvImage image = io::read_smv(path);
    take_header(path, image, true, options, warnings);
    options.detector.mask = Mask(std::move(image.pixels));
    options.detector.mask_fast_pixels = image.fast_pixels;
    options.detector.mask_slow_pixels = image.slow_pixels;
}

void take_image_header(const std::string& path, ReferenceOptions& options, Warnings& warnings) {
    take_header(path, io::read_smv(path), false, options, warnings);
}

}  // namespace nbhybrid::options
