#pragma once
// The main job from a command line to files, in the stages a caller may want to time or interrupt.

#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/image/statistics.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/configuration.hpp"
#include "nbhybrid/run/simulator.hpp"
#include "nbhybrid/run/write_files.hpp"
#include "nbhybrid/trace/quantities.hpp"

namespace nbhybrid::run {

using kernel::Watch;

class Simulation {
public:
    // Makes the plan and looks whether the outputs can be written. Throws OptionError, OutputFileError and SizeError.
    Simulation(std::shared_ptr<const BuiltExperiment> built, int threads);

    // What is going to be computed, as lines for a terminal.
    std::string description() const;
    Configuration configuration() const;
    const Warnings& warnings() const { return warnings_; }
    int threads() const { return threads_; }
    std::string semantics() const { return experiment().semantics.text(); }

    // Lets a device decide the pixels. Before render(). Throws DeviceError if it cannot take the run.
    void use_device(std::shared_ptr<kernel::Device> device);
    std::string device() const { return simulator_->device(); }
    // Of the pixels rendered, and why the vector kernel could not take the run (empty if it could). After render().
    const kernel::RenderCounts& counts() const { return totals().counts; }
    std::string engine() const { return options_.own.engine == Engine::fast ? "fast" : "exact"; }
    const std::string& unsupported_option() const { return simulator_->plan().bounds().unsupported_option; }
    // After use_device(), if that is called: warns of a run that will take hours. The text is a line for a terminal about the time
    // that a run of more than a minute will take; empty for others.
    std::string foresee();
    // Of the noise, of a random orientation and of the domains.
    const options::Seeds& seeds() const { return built_->built.seeds; }
    bool draws_noise() const { return options_.output.write_noise; }
    // Fills the image. Throws Interrupted if the watch said so.
    void render(const Watch& watch);
    // After render(): works out the statistics, which all that follows needs.
    void measure();
    // After measure(): the statistics, the traces of the pixels asked for, and the pixels to print, row by row of the region
    // (empty without -printout).
    std::string statistics_text() const;
    std::string trace_text() const;
    const std::vector<kernel::PixelRecord>& traces() const { return rendered_.records; }
    std::vector<trace::Quantity> quantities_of(const kernel::PixelRecord& record) const {
        return trace::quantities_of(simulator_->plan(), record);
    }
    std::string printout_text(int slow) const;
    int first_row() const { return experiment().detector.region.slow_first; }
    int last_row() const { return experiment().detector.region.slow_last; }

    // After render(): the photons expected, for formats that the core does not write.
    const float* pixels() const { return image_.get(); }
    int fast_pixels() const { return experiment().detector.fast_pixels; }
    int slow_pixels() const { return experiment().detector.slow_pixels; }
    // Writes all files, which appear together or not at all, and returns their paths. Throws OutputFileError, Interrupted.
    std::vector<std::string> write(const Watch& watch);
    // Whether the files have appeared.
    bool committed() const { return committed_; }
    // After write(): the noise image's line, empty without one.
    std::string noise_text() const;

    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

private:
    void check_outputs();
    void warn_about_shared_names();
    void warn_about_formats();
    void prepare_traces();
    const kernel::RenderTotals& totals() const { return rendered_.images.front(); }
    image::ImageView view() const;
    const Experiment& experiment() const { return simulator_->experiment(); }

    std::shared_ptr<const BuiltExperiment> built_;
    const options::ReferenceOptions& options_;
    int threads_;
    Warnings warnings_;  // of the outputs
    std::unique_ptr<Simulator> simulator_;
    kernel::TraceRequest traces_;
    std::vector<ImageFile> image_files_;
    bool write_dump_ = false;
    std::unique_ptr<float[]> image_;
    kernel::RenderResult rendered_{std::vector<kernel::RenderTotals>(1), {}};
    image::Statistics statistics_;
    image::NoiseTotals noise_;
    bool noise_written_ = false;
    bool committed_ = false;
};

}  // namespace nbhybrid::run
