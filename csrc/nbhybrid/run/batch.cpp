#include "nbhybrid/run/batch.hpp"

#include <utility>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/options/oriented.hpp"
#include "nbhybrid/run/complete_plan.hpp"

namespace nbhybrid::run {

namespace {

bool same(const Vec3& u, const Vec3& v) { return u.x == v.x && u.y == v.y && u.z == v.z; }

// A plan with the experiment that it refers to.
struct OwnExperiment {
    Experiment experiment;
    Plan plan;

    explicit OwnExperiment(Experiment e) : experiment(std::move(e)), plan(experiment) {}
};

std::shared_ptr<Plan> plan_of(const Experiment& unrotated, const Plan& its_plan, const options::OrientedCrystal& crystal) {
    const bool shares = same(crystal.cells, unrotated.crystal.cells) && crystal.oversample == unrotated.sampling.oversample;
    if (shares) return std::make_shared<Plan>(its_plan, crystal.lattice);
    Experiment experiment = unrotated;
    experiment.crystal.lattice = crystal.lattice;
    experiment.crystal.cells = crystal.cells;
    experiment.sampling.oversample = crystal.oversample;
    check_size(experiment);
    const auto owner = std::make_shared<OwnExperiment>(std::move(experiment));
    return {owner, &owner->plan};
}

}  // namespace

void Remarks::add(std::int64_t image, const Warnings& warnings) {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const Warning& warning : warnings.all()) {
        Kind& kind = kinds_[warning.name];
        kind.images.insert(image);
        if (*kind.images.begin() == image) kind.text = warning.text;
    }
}

Warnings Remarks::of(std::int64_t images) const {
    const std::lock_guard<std::mutex> guard(mutex_);
    Warnings warnings;
    for (const auto& [name, kind] : kinds_)
        warnings.add(name, format("%zu of %lld images, the first of them image %lld: ", kind.images.size(),
                                  static_cast<long long>(images), static_cast<long long>(*kind.images.begin())) +
                               kind.text);
    return warnings;
}

Batch::Batch(std::shared_ptr<const BuiltExperiment> experiment, std::vector<Mat3> rotations, const kernel::Way& way,
             std::vector<std::shared_ptr<kernel::Device>> devices)
    : experiment_(std::move(experiment)), rotations_(std::move(rotations)), way_(way), unrotated_(experiment_->experiment()) {
    for (std::shared_ptr<kernel::Device>& device : devices) devices_.push_back({std::move(device)});
    kernel::StopSign never;
    kernel::resolve_shared_carry_over(unrotated_, never);
}

double Batch::steps() const { return static_cast<double>(rotations_.size()) * steps_of(unrotated_); }

std::shared_ptr<const Plan> Batch::plan(std::int64_t number, int threads) const {
    const options::OrientedCrystal crystal =
        options::oriented(experiment_->options, experiment_->built, rotations_[static_cast<std::size_t>(number)]);
    const std::shared_ptr<Plan> plan = plan_of(experiment_->experiment(), unrotated_, crystal);
    Warnings warnings;
    complete_plan(*plan, threads, warnings);
    if (!warnings.all().empty()) remarks_.add(number, warnings);
    return plan;
}

}  // namespace nbhybrid::run
