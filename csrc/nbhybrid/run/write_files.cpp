#include "nbhybrid/run/write_files.hpp"

#include <algorithm>
#include <utility>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/fdump.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::run {

namespace {

// Smaller images are written before another thread has started.
constexpr std::int64_t pixels_worth_threads = 100000;

}  // namespace

std::vector<ImageFile> image_files_of(const options::OutputOptions& options) {
    std::vector<ImageFile> files = {{"-floatfile", options.float_file, &io::raw_format, Shows::expected},
                                    {"-intfile", options.integer_file, &io::smv_format, Shows::scaled}};
    if (options.write_pgm) files.push_back({"-pgmfile", options.pgm_file, &io::pgm_format, Shows::grey});
    if (options.write_noise) files.push_back({"-noisefile", options.noise_file, &io::smv_format, Shows::counted});
    for (const std::string& path : options.more_files) files.push_back({"--output", path, io::image_format_of(path), Shows::usual});
    return files;
}

FileWriter::FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
                       const image::Statistics& statistics)
    : image_(image), experiment_(experiment), options_(options), statistics_(statistics) {}

void FileWriter::add(const std::string& path, std::function<void(io::OutputFile&, const Ask&)> fill) {
    jobs_.push_back({files_.open(path), std::move(fill)});
}

void FileWriter::add_rows(const ImageFile& image_file, std::function<io::ImageToWrite(const Ask&)> rows) {
    add(image_file.path, [this, format = image_file.format, rows = std::move(rows)](io::OutputFile& file, const Ask& ask) {
        io::ImageToWrite image = rows(ask);
        image.experiment = &experiment_;
        format->write(file, image);
    });
}

void FileWriter::add_image(const ImageFile& file) {
    add_rows(file, [this, file](const Ask& ask) { return rows_of(file, ask); });
}

io::ImageToWrite FileWriter::rows_of(const ImageFile& file, const Ask& ask) const {
    const double scale = image::integer_scale(options_.integer_scale, statistics_);
    switch (file.shows) {
        case Shows::expected: return expected_photons(image_, ask);
        case Shows::scaled: return scaled_photons(image_, scale, options_.adc_offset, ask);
        case Shows::grey: return grey_values(image_, image::pgm_scale(options_.pgm_scale, scale, statistics_), ask);
        case Shows::counted:  // has state: add_noise
        case Shows::usual: break;
    }
    return usual_rows(*file.format, image_, options_.adc_offset, ask);
}

void FileWriter::add_noise(const ImageFile& file, const SharedDeviates& deviates, StreamState state, image::NoiseTotals& totals) {
    add_rows(file, [this, deviates, state, &totals](const Ask& ask) {
        return counted_photons(image_, deviates, state, options_.adc_offset, totals, ask);
    });
}

void FileWriter::add_dump(const std::string& path) {
    add(path, [this](io::OutputFile& file, const Ask& ask) {
        io::write_fdump(file, *experiment_.structure_factors);
        ask();
    });
}

void FileWriter::add_steps(const std::string& path, const std::vector<kernel::PixelRecord>& records) {
    add(path, [&records](io::OutputFile& file, const Ask& ask) {
        constexpr std::size_t steps_between_asking = 64;
        for (const kernel::PixelRecord& record : records) {
            file.write(trace::steps_heading(record));
            for (std::size_t i = 0; i < record.steps.size(); ++i) {
                file.write(trace::step_line(record.steps[i]));
                if (i % steps_between_asking == 0) ask();
            }
        }
    });
}

// Not if an output is a device or a stream: two of them may be the same, and must be written one after the other.
bool FileWriter::is_worth_threads() const {
    return image_.at(image_.slow_pixels, 0) >= pixels_worth_threads &&
           std::all_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.file.is_staged(); });
}

std::vector<std::string> FileWriter::commit(int threads, const kernel::Watch& watch) {
    kernel::StopSign stop;
    const bool on_threads = threads > 1 && is_worth_threads();
    const auto go_on = [&] { return on_threads ? !stop.is_up() : !watch || watch(1.0); };
    const Ask ask = [&] {
        if (!go_on()) throw Interrupted();
    };
    const auto tasks = static_cast<std::int64_t>(jobs_.size());
    kernel::for_each_task(tasks, on_threads ? threads : kernel::callers_thread, stop, watch, [&](std::int64_t number) {
        const Job& job = jobs_[static_cast<std::size_t>(number)];
        job.fill(job.file, ask);
    });
    // The last chance to stop: after this the files appear.
    if (watch && !watch(1.0)) throw Interrupted();
    files_.commit();
    return files_.paths();
}

}  // namespace nbhybrid::run
