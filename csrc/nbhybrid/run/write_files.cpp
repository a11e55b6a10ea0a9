#include "nbhybrid/run/write_files.hpp"

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/fdump.hpp"
#include "nbhybrid/io/image_files.hpp"
#include "nbhybrid/io/smv.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::run {

namespace {

constexpr int rows_between_asking = 64;
constexpr double millimetres = 1000.0;

io::SmvHeader smv_header(const Experiment& e) {
    const Detector& d = e.detector;
    const DetectorOrigins& o = d.origins;
    io::SmvHeader h;
    h.fast_pixels = d.fast_pixels;
    h.slow_pixels = d.slow_pixels;
    h.pixel_size_mm = d.pixel_size * millimetres;
    h.distance_mm = d.distance * millimetres;
    h.wavelength_angstrom = e.beam.wavelength * 1e10;
    h.beam_center_x_mm = o.header_beam_x * millimetres;
    h.beam_center_y_mm = o.header_beam_y * millimetres;
    h.adxv_center_x_mm = o.beam_fast * millimetres;
    h.adxv_center_y_mm = (d.size_slow - o.beam_slow) * millimetres;
    h.mosflm_center_x_mm = (o.beam_slow - 0.5 * d.pixel_size) * millimetres;
    h.mosflm_center_y_mm = (o.beam_fast - 0.5 * d.pixel_size) * millimetres;
    h.denzo_x_beam_mm = (o.beam_slow - 0.0 * d.pixel_size) * millimetres;
    h.denzo_y_beam_mm = (o.beam_fast - 0.0 * d.pixel_size) * millimetres;
    h.dials_origin_mm = {o.dials_origin_mm.x, o.dials_origin_mm.y, o.dials_origin_mm.z};
    h.xds_org_x_pixels = o.xds_org_x;
    h.xds_org_y_pixels = o.xds_org_y;
    h.close_distance_mm = d.close_distance * millimetres;
    h.phi_deg = e.scan.phi_start * degrees_per_radian;
    h.osc_range_deg = e.scan.rotation.range * degrees_per_radian;
    h.twotheta_deg = d.twotheta * degrees_per_radian;
    return h;
}

}  // namespace

FileWriter::FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
                       const image::Statistics& statistics, const kernel::Watch& watch)
    : image_(image),
      experiment_(experiment),
      options_(options),
      statistics_(statistics),
      watch_(watch),
      rows_until_asking_(rows_between_asking) {}

void FileWriter::ask() {
    if (--rows_until_asking_ > 0) return;
    rows_until_asking_ = rows_between_asking;
    if (watch_ && !watch_(1.0)) throw Interrupted();
}

void FileWriter::write_float() {
    io::OutputFile& file = files_.open(options_.float_file);
    const auto row_pixels = static_cast<std::size_t>(image_.fast_pixels);
    for (int slow = 0; slow < image_.slow_pixels; ++slow) {
        io::write_float_image(file, image_.pixels + image_.at(slow, 0), row_pixels);
        ask();
    }
}

void FileWriter::write_integer() {
    const double scale = image::integer_scale(options_.integer_scale, statistics_);
    io::OutputFile& file = files_.open(options_.integer_file);
    file.write(io::smv_header_text(smv_header(experiment_)));
    std::vector<std::uint16_t> row(static_cast<std::size_t>(image_.fast_pixels));
    for (int slow = 0; slow < image_.slow_pixels; ++slow) {
        image::integer_row(image_, slow, scale, options_.adc_offset, row.data());
        io::write_smv_pixels(file, row.data(), row.size());
        ask();
    }
}

void FileWriter::write_pgm() {
    const double scale =
        image::pgm_scale(options_.pgm_scale, image::integer_scale(options_.integer_scale, statistics_), statistics_);
    io::OutputFile& file = files_.open(options_.pgm_file);
    file.write(io::pgm_header_text(image_.fast_pixels, image_.slow_pixels, scale));
    std::vector<std::uint8_t> row(static_cast<std::size_t>(image_.fast_pixels));
    for (int slow = 0; slow < image_.slow_pixels; ++slow) {
        image::pgm_row(image_, slow, scale, row.data());
        io::write_pgm_pixels(file, row.data(), row.size());
        ask();
    }
}

image::NoiseTotals FileWriter::write_noise(SharedDeviates& deviates, StreamState state) {
    image::NoiseTotals totals;
    io::OutputFile& file = files_.open(options_.noise_file);
    file.write(io::smv_header_text(smv_header(experiment_)));
    std::vector<std::uint16_t> row(static_cast<std::size_t>(image_.fast_pixels));
    for (int slow = 0; slow < image_.slow_pixels; ++slow) {
        image::noise_row(image_, slow, options_.adc_offset, deviates, state, totals, row.data());
        io::write_smv_pixels(file, row.data(), row.size());
        ask();
    }
    return totals;
}

void FileWriter::write_dump(const std::string& path) { io::write_fdump(files_.open(path), *experiment_.structure_factors); }

void FileWriter::write_steps(const std::string& path, const std::vector<kernel::PixelRecord>& records) {
    io::OutputFile& file = files_.open(path);
    for (const kernel::PixelRecord& record : records) {
        file.write(trace::steps_heading(record));
        for (const kernel::StepRecord& step : record.steps) {
            file.write(trace::step_line(step));
            ask();
        }
    }
}

std::vector<std::string> FileWriter::commit() {
    // Whoever wants to stop can do so now; after this the files appear.
    rows_until_asking_ = 1;
    ask();
    files_.commit();
    return files_.paths();
}

}  // namespace nbhybrid::run
