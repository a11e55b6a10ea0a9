#include "plans.hpp"

#include <algorithm>

namespace nbhybrid::cuda {

namespace {

std::size_t pixels_of(const PlanView& view) {
    return static_cast<std::size_t>(view.detector.fast_pixels) * static_cast<std::size_t>(view.detector.slow_pixels);
}

}  // namespace

void LoadedPlans::load(const std::vector<const Plan*>& plans, kernel::Arithmetic arithmetic, bool same_table, cudaStream_t stream) {
    kernel::FlatPlans flat(plans, arithmetic);
    const bool keeps_table = same_table && !views_.empty() && arithmetic == arithmetic_ && flat.table_bytes() == table_bytes_;
    if (keeps_table) flat.keep_squares(views_.front());
    else flat.fill_squares();
    // Until all is there, there is nothing.
    views_.clear();
    values_.clear();
    memory_.reserve(flat.bytes());
    if (!keeps_table) {
        table_bytes_ = 0;
        table_.reserve(flat.table_bytes());
        if (flat.table_bytes() != 0) table_upload_.send(table_.as<void>(), flat.table(), flat.table_bytes(), stream);
        table_bytes_ = flat.table_bytes();
    }
    upload_.send(memory_.as<void>(), flat.pieces(), stream);
    shape_ = plans.front()->shape();
    arithmetic_ = arithmetic;
    std::vector<PlanView> views = flat.at(memory_.as<void>(), table_.as<void>());
    jobs_.clear();
    first_numbers_.clear();
    PixelIndex next = 0;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        jobs_.push_back({views[i], plans[i]->bounds(), kernel::places_of(views[i].detector.region), next, nullptr});
        first_numbers_.push_back(next);
        next += static_cast<PixelIndex>(pixels_of(views[i]));
    }
    views_ = std::move(views);
}

std::vector<std::size_t> LoadedPlans::pixels() const {
    std::vector<std::size_t> all;
    for (const PlanView& view : views_) all.push_back(pixels_of(view));
    return all;
}

std::int64_t LoadedPlans::orientations() const {
    return std::int64_t{views_.front().orientation.n_phi} * views_.front().orientation.n_domains;
}

double LoadedPlans::most_steps() const {
    double most = 1;
    for (const PlanView& view : views_) most = std::max(most, static_cast<double>(view.scale.steps) * view.sensor.layers);
    return most;
}

std::int64_t LoadedPlans::most_places() const {
    std::int64_t most = 0;
    for (const kernel::DeviceImageJob& job : jobs_) most = std::max(most, job.places);
    return most;
}

int LoadedPlans::image_of(PixelIndex number) const {
    return static_cast<int>(std::upper_bound(first_numbers_.begin(), first_numbers_.end(), number) - first_numbers_.begin()) - 1;
}

void LoadedPlans::put_images(const std::vector<float*>& values, cudaStream_t stream) {
    if (values == values_) return;
    for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].values = values[i];
    if (jobs_.size() > 1) {
        const std::size_t bytes = jobs_.size() * sizeof(kernel::DeviceImageJob);
        jobs_on_device_.reserve(bytes);
        jobs_upload_.send(jobs_on_device_.as<void>(), jobs_.data(), bytes, stream);
    }
    values_ = values;
}

void LoadedPlans::tell(kernel::DeviceLaunch& launch, int first_image, int images) const {
    launch.only = jobs_[static_cast<std::size_t>(first_image)];
    launch.jobs = jobs_on_device_.as<const kernel::DeviceImageJob>() + first_image;
    launch.images = images;
}

}  // namespace nbhybrid::cuda
