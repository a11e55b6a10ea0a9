#include <utility>

#include "nbhybrid/derivatives/parameter_row.hpp"
#include "nbhybrid/derivatives/parameters.hpp"

namespace nbhybrid::derivatives {

namespace {

void take_slope(const Dual& from, double& to) { to = from.slope; }

class Tangent final : public Receiver {
public:
    explicit Tangent(const Subject& s) : numbers(orientations_of(s.experiment()), s.experiment().beam.sources.size()) {}

    void stages(const StageNumbersT<Dual>& moving) override { for_each_stage_number(take_slope, moving, numbers); }
    void orientation(std::size_t place, const AxesT<Dual>& axes) override {
        for_each_axis_number(take_slope, axes, numbers.orientations[place]);
    }
    void ray(std::size_t source, const RayNumbersT<Dual>& ray) override {
        for_each_ray_number(take_slope, ray, numbers.sources[source]);
    }

    PlanNumbers numbers;

private:
    static std::size_t orientations_of(const Experiment& e) {
        return static_cast<std::size_t>(e.scan.rotation.count) * e.crystal.domains.size();
    }
};

class InnerProduct final : public Receiver {
    auto adder() {
        return [this](const Dual& x, double weight) { sum += x.slope * weight; };
    }

public:
    explicit InnerProduct(const PlanNumbers& cotangent) : cotangent_(cotangent) {}

    void stages(const StageNumbersT<Dual>& moving) override { for_each_stage_number(adder(), moving, cotangent_); }
    void orientation(std::size_t place, const AxesT<Dual>& axes) override {
        for_each_axis_number(adder(), axes, cotangent_.orientations[place]);
    }
    void ray(std::size_t source, const RayNumbersT<Dual>& ray) override {
        for_each_ray_number(adder(), ray, cotangent_.sources[source]);
    }

    double sum = 0;

private:
    const PlanNumbers& cotangent_;
};

bool is_moved(int panel, const Parameter& parameter) {
    return !parameter.is_of_grid() && (parameter.panel < 0 || parameter.panel == panel);
}

}  // namespace

PlanNumbers push_forward(const Subject& subject, int panel, const std::vector<Direction>& directions) {
    MovingExperiment experiment(subject);
    for (const Direction& direction : directions) {
        if (!is_moved(panel, direction.parameter)) continue;
        const auto size = static_cast<std::size_t>(direction.parameter.size());
        for (std::size_t i = 0; i < size; ++i)
            if (direction.values[i] != 0.0) direction.parameter.row->move(experiment, i, direction.values[i]);
    }
    Tangent tangent(subject);
    experiment.run(tangent);
    return std::move(tangent.numbers);
}

PlanNumbers tangent(const Subject& subject, int panel, const Parameter& parameter, std::int64_t component) {
    std::vector<double> step(static_cast<std::size_t>(parameter.size()));
    step[static_cast<std::size_t>(component)] = 1.0;
    return push_forward(subject, panel, {{parameter, step.data()}});
}

std::vector<double> pull_back(const Subject& subject, int panel, const Parameter& parameter, const PlanNumbers& cotangent) {
    std::vector<double> sums(static_cast<std::size_t>(parameter.size()));
    if (!is_moved(panel, parameter)) return sums;
    MovingExperiment experiment(subject);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        InnerProduct product(cotangent);
        parameter.row->move(experiment, i, 1.0);
        experiment.run(product);
        sums[i] = product.sum;
        parameter.row->move(experiment, i, -1.0);
        experiment.rest();
    }
    return sums;
}

}  // namespace nbhybrid::derivatives
