#pragma once
// All files of a run, some rows at a time, so that no second image is held in memory.

#include <functional>
#include <string>
#include <vector>

#include "nbhybrid/io/image_format.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/run/image_rows.hpp"

namespace nbhybrid::run {

// What an image file shows.
enum class Shows { expected, scaled, grey, counted, usual };

// An image file that a command line asks for.
struct ImageFile {
    std::string option;
    std::string path;
    // Null: a format that the core does not know, and the caller writes.
    const io::ImageFormat* format;
    Shows shows;
};

// In the reference's order; then those of --output.
std::vector<ImageFile> image_files_of(const options::OutputOptions& options);

class FileWriter {
public:
    // The arguments must outlive the writer.
    FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
               const image::Statistics& statistics);

    // Each opens a file, which commit() fills.
    void add_image(const ImageFile& file);
    // The same with noise; the totals are there after commit().
    void add_noise(const ImageFile& file, const SharedDeviates& deviates, StreamState state, image::NoiseTotals& totals);
    void add_dump(const std::string& path);
    void add_steps(const std::string& path, const std::vector<kernel::PixelRecord>& records);

    // Fills the files, on threads where that is faster, then puts all of them in their places. Returns their paths. Throws
    // Interrupted if the watch says so before that.
    std::vector<std::string> commit(int threads, const kernel::Watch& watch);

private:
    struct Job {
        io::OutputFile& file;
        std::function<void(io::OutputFile& file, const Ask& ask)> fill;
    };

    void add_rows(const ImageFile& file, std::function<io::ImageToWrite(const Ask&)> rows);
    io::ImageToWrite rows_of(const ImageFile& file, const Ask& ask) const;
    void add(const std::string& path, std::function<void(io::OutputFile&, const Ask&)> fill);
    bool is_worth_threads() const;

    image::ImageView image_;
    const Experiment& experiment_;
    const options::OutputOptions& options_;
    const image::Statistics& statistics_;
    std::vector<Job> jobs_;
    io::OutputSet files_;
};

}  // namespace nbhybrid::run
