#include "nbhybrid/run/write_files.hpp"

#include <algorithm>
#include <utility>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/fdump.hpp"
#include "nbhybrid/io/image_files.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/run/smv_header.hpp"
#include "nbhybrid/trace/text.hpp"

namespace nbhybrid::run {

namespace {

// What is handed to the system at once: no less than an OutputFile would gather.
constexpr std::size_t bytes_at_once = std::size_t{256} << 10U;
// Smaller images are written before another thread has started.
constexpr std::int64_t pixels_worth_threads = 100000;

}  // namespace

FileWriter::FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
                       const image::Statistics& statistics)
    : image_(image),
      experiment_(experiment),
      options_(options),
      statistics_(statistics),
      loops_(image::pixel_loops(kernel::vector_kernel().isa)) {}

void FileWriter::add(const std::string& path, std::function<void(io::OutputFile&, const Ask&)> fill) {
    jobs_.push_back({files_.open(path), std::move(fill)});
}

// row(slow, place) makes a row.
template <class Integer, class Row>
void FileWriter::write_rows(io::OutputFile& file, const Ask& ask, Row row) const {
    const std::size_t row_bytes = static_cast<std::size_t>(image_.fast_pixels) * sizeof(Integer);
    const auto rows_at_once = static_cast<int>((bytes_at_once + row_bytes - 1) / row_bytes);
    std::vector<Integer> block(static_cast<std::size_t>(std::min(rows_at_once, image_.slow_pixels)) * row_bytes / sizeof(Integer));
    for (int first = 0; first < image_.slow_pixels; first += rows_at_once) {
        const int rows = std::min(rows_at_once, image_.slow_pixels - first);
        for (int i = 0; i < rows; ++i) row(first + i, block.data() + image_.at(i, 0));
        file.write(block.data(), static_cast<std::size_t>(rows) * row_bytes);
        ask();
    }
}

void FileWriter::add_float() {
    add(options_.float_file, [this](io::OutputFile& file, const Ask& ask) {
        constexpr std::int64_t pixels_at_once = std::int64_t{1} << 20U;
        const std::int64_t pixels = image_.at(image_.slow_pixels, 0);
        for (std::int64_t first = 0; first < pixels; first += pixels_at_once) {
            io::write_float_image(file, image_.pixels + first, static_cast<std::size_t>(std::min(pixels_at_once, pixels - first)));
            ask();
        }
    });
}

void FileWriter::add_integer() {
    add(options_.integer_file, [this](io::OutputFile& file, const Ask& ask) {
        const double scale = image::integer_scale(options_.integer_scale, statistics_);
        file.write(smv_header(experiment_, options_.adc_offset));
        write_rows<std::uint16_t>(file, ask, [&](int slow, std::uint16_t* row) {
            image::integer_row(image_, slow, scale, options_.adc_offset, row, loops_);
        });
    });
}

void FileWriter::add_pgm() {
    add(options_.pgm_file, [this](io::OutputFile& file, const Ask& ask) {
        const double scale =
            image::pgm_scale(options_.pgm_scale, image::integer_scale(options_.integer_scale, statistics_), statistics_);
        file.write(io::pgm_header_text(image_.fast_pixels, image_.slow_pixels, scale));
        write_rows<std::uint8_t>(file, ask, [&](int slow, std::uint8_t* row) { image::pgm_row(image_, slow, scale, row, loops_); });
    });
}

void FileWriter::add_noise(const SharedDeviates& deviates, StreamState state, image::NoiseTotals& totals) {
    add(options_.noise_file, [this, deviates, state, &totals](io::OutputFile& file, const Ask& ask) {
        SharedDeviates stream = deviates;
        StreamState now = state;
        file.write(smv_header(experiment_, options_.adc_offset));
        write_rows<std::uint16_t>(file, ask, [&](int slow, std::uint16_t* row) {
            image::noise_row(image_, slow, options_.adc_offset, stream, now, totals, row);
        });
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

// Two outputs may be one device, or one stream: what is written to it must come in order.
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
    // Whoever wants to stop can do so now; after this the files appear.
    if (watch && !watch(1.0)) throw Interrupted();
    files_.commit();
    return files_.paths();
}

}  // namespace nbhybrid::run
