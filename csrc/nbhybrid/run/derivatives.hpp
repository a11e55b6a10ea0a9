#pragma once
// Derivatives of images by the parameters of their experiment: from parameters to the numbers of the plan and back by the model's
// own formulas (nbhybrid/derivatives), from these to pixels and back by the kernel.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/derivatives/parameters.hpp"
#include "nbhybrid/kernel/derivatives.hpp"
#include "nbhybrid/run/batch.hpp"
#include "nbhybrid/run/built_experiment.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

// A step in a parameter, in its unit.
struct Step {
    std::string path;
    std::vector<double> values;
};

class Derivatives {
public:
    // Of the panels of a simulator, which must outlive this; or of the images of a batch. `are_listed`: the panels are those of
    // detector.panels, also if there is only one.
    Derivatives(const Simulator& simulator, std::vector<std::shared_ptr<const BuiltExperiment>> panels, bool are_listed);
    Derivatives(const Batch& batch, std::shared_ptr<const BuiltExperiment> experiment, std::vector<Mat3> rotations);

    const std::vector<derivatives::Parameter>& parameters() const { return parameters_; }
    // Throws ModelError where it is none, or not one here.
    const derivatives::Parameter& parameter(const std::string& path) const { return find_parameter(parameters_, path); }
    std::int64_t images() const { return plans_->count(); }

    // What each of the parameters does to the sum of all pixels of all images, times `upstream`: of the parameters' sizes. Of
    // `rotation`, image by image.
    std::vector<std::vector<double>> vjp(const std::vector<const double*>& upstream, const std::vector<std::string>& paths,
                                         const kernel::SlopeWay& way) const;

    // How the pixels change for these steps together; an image each. `values`, unless it is empty: the pixels themselves.
    void jvp(const std::vector<Step>& steps, const std::vector<double*>& values, const std::vector<double*>& slopes,
             const kernel::SlopeWay& way) const;

    // How the pixels of an image, or those of a list, change with each component of the parameters: one after the other.
    void jacobian(std::int64_t image, const std::vector<kernel::PixelPlace>* pixels, const std::vector<std::string>& paths,
                  double* values, double* slopes, const kernel::SlopeWay& way) const;

private:
    derivatives::Subject subject(std::int64_t image) const;
    int panel(std::int64_t image) const { return rotations_.empty() ? static_cast<int>(image) : 0; }

    const kernel::PlanSource* plans_;
    std::vector<std::shared_ptr<const BuiltExperiment>> experiments_;
    std::vector<Mat3> rotations_;
    std::vector<derivatives::Parameter> parameters_;
};

}  // namespace nbhybrid::run
