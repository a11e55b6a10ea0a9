#pragma once
// All files of a run, some rows at a time, so that no second image is held in memory.

#include <functional>
#include <string>
#include <vector>

#include "nbhybrid/image/integer_images.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/options/reference_options.hpp"
#include "nbhybrid/random/deviates.hpp"

namespace nbhybrid::run {

class FileWriter {
public:
    // The arguments must outlive the writer.
    FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
               const image::Statistics& statistics);

    // Each opens a file, which commit() fills.
    void add_float();
    void add_integer();
    void add_pgm();
    // The totals are there after commit().
    void add_noise(const SharedDeviates& deviates, StreamState state, image::NoiseTotals& totals);
    void add_dump(const std::string& path);
    void add_steps(const std::string& path, const std::vector<kernel::PixelRecord>& records);

    // Fills the files, side by side where that is quicker and nobody could see it; then they appear. Returns their paths. The watch
    // is asked now and then until they do: throws Interrupted.
    std::vector<std::string> commit(int threads, const kernel::Watch& watch);

private:
    // Asks whether to go on.
    using Ask = std::function<void()>;
    struct Job {
        io::OutputFile& file;
        std::function<void(io::OutputFile& file, const Ask& ask)> fill;
    };

    template <class Integer, class Row>
    void write_rows(io::OutputFile& file, const Ask& ask, Row row) const;
    void add(const std::string& path, std::function<void(io::OutputFile&, const Ask&)> fill);
    bool is_worth_threads() const;

    image::ImageView image_;
    const Experiment& experiment_;
    const options::OutputOptions& options_;
    const image::Statistics& statistics_;
    const image::PixelLoops& loops_;
    std::vector<Job> jobs_;
    io::OutputSet files_;
};

}  // namespace nbhybrid::run
