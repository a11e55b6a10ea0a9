#include "nbhybrid/derivatives/parameters.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

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

// For people: why a parameter that could be had would be one without effect.
std::string no_effect(const Subject& subject, const ParameterRow& row) {
    std::string reason = "it has no effect on this experiment";
    if (row.path == "beam_center_mm" && !subject.options.own.semantics.corrects(Defect::beam_center))
        reason += how_to_correct(Defect::beam_center);
    return reason;
}

class ParameterList {
public:
    std::vector<Parameter> all;

    void add(const std::string& prefix, const ParameterRow& row, const Subject& subject, int panel) {
        Parameter p{prefix + std::string(row.path), row.shape(subject), std::string(row.unit), row.refusal(subject), panel, &row};
        if (p.refusal.empty()) p.refusal = refusal_of_all(subject);
        if (p.refusal.empty() && row.move != nullptr && !has_effect(subject, row, p.size())) p.refusal = no_effect(subject, row);
        all.push_back(std::move(p));
    }

    void add(const std::vector<ParameterRow>& rows, const Subject& subject) {
        for (const ParameterRow& row : rows) add("", row, subject, -1);
    }

    void add_others(const std::string& prefix, const std::vector<OtherField>& fields) {
        for (const OtherField& field : fields)
            all.push_back({prefix + std::string(field.path), {}, "", std::string(field.reason), -1, nullptr});
    }

    void add_detector(const std::string& prefix, const Subject& subject, int panel) {
        for (const ParameterRow& row : detector_rows()) add(prefix, row, subject, panel);
        add_others(prefix, other_detector_fields());
    }

    // The same fields of the detector itself, which has none of them.
    void add_detector_of_panels() {
        const auto refuse = [this](std::string_view field) {
            const std::string path(field);
            all.push_back({"detector." + path, {}, "", "the detector is made of panels: detector.panels[i]." + path, -1, nullptr});
        };
        for (const ParameterRow& row : detector_rows()) refuse(row.path);
        for (const OtherField& field : other_detector_fields()) refuse(field.path);
    }
};

}  // namespace

std::int64_t Parameter::size() const { return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()); }

bool Parameter::is_of_grid() const { return row != nullptr && row->move == nullptr; }

std::vector<Parameter> parameters_of(const std::vector<Subject>& panels, bool are_listed) {
    const Subject& first = panels.front();
    ParameterList list;
    list.add(crystal_rows(), first);
    list.add(beam_rows(), first);
    if (are_listed) {
        list.add_detector_of_panels();
        for (std::size_t i = 0; i < panels.size(); ++i)
            list.add_detector(format("detector.panels[%zu].", i), panels[i], static_cast<int>(i));
    } else {
        list.add_detector("detector.", first, 0);
    }
    list.add(scan_rows(), first);
    if (first.rotation) list.add("", rotation_row(), first, -1);
    list.add_others("", other_fields());
    return std::move(list.all);
}

std::vector<Frozen> frozen_of(const Subject& subject) {
    const options::ReferenceOptions& o = subject.options;
    const Experiment& e = subject.experiment();
    std::vector<Frozen> all;
    const auto add = [&all](bool is_automatic, const char* path, std::int64_t value) {
        if (is_automatic) all.push_back({path, value});
    };
    add(o.sampling.oversample <= 0, "sampling.oversample", e.sampling.oversample);
    add(e.crystal.mosaic_spread > 0 && o.crystal.mosaic_domains <= 0, "crystal.mosaic_domains",
        static_cast<std::int64_t>(e.crystal.domains.size()));
    add(e.scan.rotation.count > 1 && o.scan.rotation.count < 0, "scan.steps", static_cast<std::int64_t>(e.scan.rotation.count));
    add(e.detector.sensor.layers > 1 && o.detector.layers <= 0, "detector.sensor.layers", e.detector.sensor.layers);
    add(o.crystal.interpolation == options::Interpolation::automatic, "structure_factors.interpolate", e.crystal.interpolate);
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
