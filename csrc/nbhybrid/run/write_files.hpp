#pragma once
// All files of a run, row by row, so that no second image is held in memory.

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
    // The arguments must outlive the writer. The watch is asked after every some rows.
    FileWriter(const image::ImageView& image, const Experiment& experiment, const options::OutputOptions& options,
               const image::Statistics& statistics, const kernel::Watch& watch);

    void write_float();
    void write_integer();
    void write_pgm();
    image::NoiseTotals write_noise(SharedDeviates& deviates, StreamState state);
    void write_dump(const std::string& path);
    void write_steps(const std::string& path, const std::vector<kernel::PixelRecord>& records);

    // The files appear. Returns their paths.
    std::vector<std::string> commit();

private:
    void ask();

    image::ImageView image_;
    const Experiment& experiment_;
    const options::OutputOptions& options_;
    const image::Statistics& statistics_;
    const kernel::Watch& watch_;
    int rows_until_asking_;
    io::OutputSet files_;
};

}  // namespace nbhybrid::run
