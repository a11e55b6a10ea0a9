#include "nbhybrid/derivatives/parameters.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/derivatives/parameter_row.hpp"

namespace nbhybrid::derivatives {

namespace {

// Of the plan, at most so many of a parameter's components are looked at for whether any number moves.
constexpr std::int64_t most_components_tried = 16;

class AnyMotion final : public Receiver {
    auto note() {
        return [this](const Dual& x) { moves_ = moves_ || numerics::moves(x); };
    }

public:
    void stages(const StageNumbersT<Dual>& numbers) override { for_each_stage_number(note(), numbers); }
    void orientation(std::size_t, const AxesT<Dual>& axes) override { for_each_axis_number(note(), axes); }
    void ray(std::size_t, const RayNumbersT<Dual>& ray) override { for_each_ray_number(note(), ray); }
    bool wants_more() const override { return !moves_; }

private:
    bool moves_ = false;
};

bool has_effect(const Subject& subject, const ParameterRow& row, std::int64_t size) {
    MovingExperiment experiment(subject);
    for (std::int64_t i = 0; i < std::min(size, most_components_tried); ++i) {
        AnyMotion any;
        row.move(experiment, static_cast<std::size_t>(i), 1.0);
        experiment.run(any);
        if (!any.wants_more()) return true;
        row.move(experiment, static_cast<std::size_t>(i), -1.0);
        experiment.rest();
    }
    return false;
}

std::int64_t size_of(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Parameter parameter_of(const std::string& prefix, const ParameterRow& row, const Subject& subject, int panel) {
    Parameter p{prefix + std::string(row.path), row.shape(subject), std::string(row.unit), row.refusal(subject), panel, &row};
    if (p.refusal.empty()) p.refusal = refusal_of_all(subject);
    if (p.refusal.empty() && row.move != nullptr && !has_effect(subject, row, size_of(p.shape)))
        p.refusal = "it has no effect on this experiment" +
                    (subject.options.own.semantics.corrects(Defect::beam_center) ? "" : how_to_correct(Defect::beam_center));
    return p;
}

}  // namespace

std::int64_t Parameter::size() const { return size_of(shape); }

bool Parameter::is_of_grid() const { return row->move == nullptr; }

std::vector<Parameter> parameters_of(const std::vector<Subject>& panels, bool are_listed) {
    const Subject& first = panels.front();
    std::vector<Parameter> all;
    for (const ParameterRow& row : crystal_rows()) all.push_back(parameter_of("", row, first, -1));
    for (const ParameterRow& row : beam_rows()) all.push_back(parameter_of("", row, first, -1));
    for (const ParameterRow& row : detector_rows()) {
        if (!are_listed) {
            all.push_back(parameter_of("detector.", row, first, 0));
            continue;
        }
        const std::string path(row.path);
        all.push_back({"detector." + path, row.shape(first), std::string(row.unit),
                       "the detector is made of panels: detector.panels[i]." + path, -1, &row});
        for (std::size_t i = 0; i < panels.size(); ++i)
            all.push_back(parameter_of(format("detector.panels[%zu].", i), row, panels[i], static_cast<int>(i)));
    }
    for (const ParameterRow& row : scan_rows()) all.push_back(parameter_of("", row, first, -1));
    if (first.rotation) all.push_back(parameter_of("", rotation_row(), first, -1));
    return all;
}

const Parameter& find_parameter(const std::vector<Parameter>& parameters, const std::string& path) {
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.path == path; });
    if (found == parameters.end()) {
        std::vector<std::string> names;
        for (const Parameter& p : parameters) names.push_back(p.path);
        throw ModelError(quoted(path) + " is no parameter that images can be differentiated by" + did_you_mean(path, names));
    }
    if (!found->refusal.empty()) throw ModelError(path + " cannot be differentiated here: " + found->refusal);
    return *found;
}

}  // namespace nbhybrid::derivatives
