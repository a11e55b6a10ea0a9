#include "nbhybrid/run/derivatives.hpp"

#include <utility>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid::run {

namespace {

using derivatives::Parameter;
using derivatives::Subject;
using kernel::SlopeWay;

constexpr const char *amplitudes = "structure_factors.amplitudes", *intensities = "structure_factors.intensities",
                     *rotation_of_image = "rotation";

// work(place among the parameter's values, place in the table, which has a plane more along each index).
template <class Work>
void for_each_entry(const StructureFactors& f, Work work) {
    std::size_t number = 0;
    for (std::int64_t h = 0; h < f.h.count(); ++h)
        for (std::int64_t k = 0; k < f.k.count(); ++k)
            for (std::int64_t l = 0; l < f.l.count(); ++l)
                work(number++, static_cast<std::size_t>(h) * f.stride_h() + static_cast<std::size_t>(k) * f.stride_k() +
                                   static_cast<std::size_t>(l));
}

// A parameter's direction in the squares of the table.
void move_squares(const StructureFactors& f, const Step& step, std::vector<double>& squares) {
    squares.resize(f.values.size());
    const bool are_amplitudes = step.path == amplitudes;
    for_each_entry(f, [&](std::size_t number, std::size_t place) {
        squares[place] += step.values[number] * (are_amplitudes ? 2.0 * f.values[place] : 1.0);
    });
}

void pull_squares(const StructureFactors& f, const std::string& path, const std::vector<double>& squares, std::vector<double>& to) {
    const bool are_amplitudes = path == amplitudes;
    for_each_entry(f, [&](std::size_t number, std::size_t place) {
        to[number] += squares[place] * (are_amplitudes ? 2.0 * f.values[place] : 1.0);
    });
}

kernel::Tangent view_of(const PlanNumbers& numbers, const std::vector<double>& squares) {
    return {&numbers, numbers.orientations.data(), numbers.sources.data(), squares.empty() ? nullptr : squares.data()};
}

SlopeWay part_of(const SlopeWay& way, std::int64_t number, std::int64_t count) {
    return {way.threads, kernel::part_of(way.watch, number, count)};
}

std::vector<Subject> subjects_of(const std::vector<std::shared_ptr<const BuiltExperiment>>& panels) {
    std::vector<Subject> subjects;
    for (const std::shared_ptr<const BuiltExperiment>& panel : panels) subjects.push_back({panel->options, panel->built});
    return subjects;
}

}  // namespace

Derivatives::Derivatives(const Simulator& simulator, std::vector<std::shared_ptr<const BuiltExperiment>> panels, bool are_listed)
    : plans_(&simulator),
      experiments_(std::move(panels)),
      parameters_(derivatives::parameters_of(subjects_of(experiments_), are_listed)) {}

Derivatives::Derivatives(const Batch& batch, std::shared_ptr<const BuiltExperiment> experiment, std::vector<Mat3> rotations)
    : plans_(&batch), experiments_{std::move(experiment)}, rotations_(std::move(rotations)) {
    parameters_ = derivatives::parameters_of({subject(0)}, false);
}

Subject Derivatives::subject(std::int64_t image) const {
    const auto i = static_cast<std::size_t>(image);
    if (rotations_.empty()) return {experiments_[i]->options, experiments_[i]->built};
    return {experiments_.front()->options, experiments_.front()->built, rotations_[i]};
}

std::vector<std::vector<double>> Derivatives::vjp(const std::vector<const double*>& upstream, const std::vector<std::string>& paths,
                                                  const SlopeWay& way) const {
    std::vector<std::vector<double>> sums;
    bool wants_squares = false;
    for (const std::string& path : paths) {
        const auto size = static_cast<std::size_t>(parameter(path).size());
        sums.emplace_back(path == rotation_of_image ? size * static_cast<std::size_t>(images()) : size);
        wants_squares = wants_squares || parameter(path).is_of_grid();
    }
    for (std::int64_t image = 0; image < images(); ++image) {
        const std::shared_ptr<const Plan> plan = plans_->plan(image, way.threads);
        const kernel::Cotangent cotangent =
            kernel::pull(*plan, upstream[static_cast<std::size_t>(image)], wants_squares, part_of(way, image, images()));
        const Subject its_subject = subject(image);
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const Parameter& p = parameter(paths[i]);
            if (p.is_of_grid()) {
                pull_squares(*its_subject.experiment().structure_factors, p.path, cotangent.squares, sums[i]);
                continue;
            }
            const std::vector<double> its = derivatives::pull_back(its_subject, panel(image), p, cotangent.numbers);
            const std::size_t first = p.path == rotation_of_image ? its.size() * static_cast<std::size_t>(image) : 0;
            for (std::size_t j = 0; j < its.size(); ++j) sums[i][first + j] += its[j];
        }
    }
    return sums;
}

void Derivatives::jvp(const std::vector<Step>& steps, const std::vector<double*>& values, const std::vector<double*>& slopes,
                      const SlopeWay& way) const {
    for (std::int64_t image = 0; image < images(); ++image) {
        const auto at = static_cast<std::size_t>(image);
        const Subject its_subject = subject(image);
        std::vector<derivatives::Direction> directions;
        std::vector<double> squares;
        for (const Step& step : steps) {
            const Parameter& p = parameter(step.path);
            const std::size_t first = p.path == rotation_of_image ? at * static_cast<std::size_t>(p.size()) : 0;
            if (p.is_of_grid()) move_squares(*its_subject.experiment().structure_factors, step, squares);
            else directions.push_back({p, step.values.data() + first});
        }
        const PlanNumbers moving = derivatives::push_forward(its_subject, panel(image), directions);
        const std::shared_ptr<const Plan> plan = plans_->plan(image, way.threads);
        kernel::push(*plan, nullptr, {view_of(moving, squares)}, values.empty() ? nullptr : values[at], slopes[at],
                     part_of(way, image, images()));
    }
}

void Derivatives::jacobian(std::int64_t image, const std::vector<kernel::PixelPlace>* pixels, const std::vector<std::string>& paths,
                           double* values, double* slopes, const SlopeWay& way) const {
    const Subject its_subject = subject(image);
    std::vector<PlanNumbers> moving;
    for (const std::string& path : paths) {
        const Parameter& p = parameter(path);
        if (p.is_of_grid())
            throw ModelError(path +
                             ": a Jacobian has a number for each pixel and each amplitude, expected other parameters: vjp and jvp "
                             "take amplitudes");
        for (std::int64_t i = 0; i < p.size(); ++i) moving.push_back(derivatives::tangent(its_subject, panel(image), p, i));
    }
    std::vector<kernel::Tangent> tangents;
    for (const PlanNumbers& each : moving) tangents.push_back(view_of(each, {}));
    kernel::push(*plans_->plan(image, way.threads), pixels, tangents, values, slopes, way);
}

}  // namespace nbhybrid::run
