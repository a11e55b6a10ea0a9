#include "nbhybrid/run/simulator.hpp"

#include <utility>

#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/complete_plan.hpp"

namespace nbhybrid::run {

Simulator::Simulator(Panels panels, int threads, const kernel::Way& way) : panels_(std::move(panels)), way_(way) {
    for (const std::shared_ptr<const Experiment>& panel : panels_) {
        plans_.push_back(std::make_unique<Plan>(*panel));
        complete_plan(*plans_.back(), threads, warnings_);
    }
}

Simulator::Simulator(Experiment experiment, int threads, const kernel::Way& way)
    : Simulator(Panels{std::make_shared<const Experiment>(std::move(experiment))}, threads, way) {}

double Simulator::steps() const {
    double steps = 0;
    for (const std::unique_ptr<Plan>& plan : plans_) steps += steps_of(*plan);
    return steps;
}

std::shared_ptr<const Plan> Simulator::plan(std::int64_t panel, int) const {
    return {std::shared_ptr<const Plan>(), &plan(panel)};  // which outlives whoever renders it
}

std::string Simulator::device_refusal() const {
    for (const std::unique_ptr<Plan>& plan : plans_)
        if (std::string refusal = kernel::device_refusal(*plan); !refusal.empty()) return refusal;
    return "";
}

void Simulator::use_device(std::shared_ptr<kernel::Device> device) {
    std::vector<const Plan*> plans;
    for (const std::unique_ptr<Plan>& plan : plans_) {
        kernel::check_fits(*plan, *device);
        plans.push_back(plan.get());
    }
    device->load(plans, way_.engine, false);
    device_ = {{std::move(device), kernel::DeviceUse::Holds::plans}};
}

std::string Simulator::device() const { return device_.empty() ? "cpu" : device_.front().device->name(); }

}  // namespace nbhybrid::run
