#include "nbhybrid/run/batch.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/run/device_set.hpp"
#include "nbhybrid/run/simulator.hpp"

namespace nbhybrid::run {

namespace {

// Images that go through a device together have about so many pixels, which keep a large one busy for several rounds; and are not
// more than this, each with a plan of its own.
constexpr std::int64_t pixels_of_group = std::int64_t{1} << 21U, most_images_of_group = 256;

// What the simulators of the images have to say, from any thread: each kind once, for the first image.
class Remarks {
public:
    void add(std::int64_t image, const Warnings& warnings) {
        const std::lock_guard<std::mutex> guard(mutex_);
        for (const Warning& warning : warnings.all()) {
            const auto [entry, is_new] = kinds_.try_emplace(warning.name, Kind{image, 0, warning.text});
            ++entry->second.images;
            if (!is_new && image < entry->second.first) entry->second = {image, entry->second.images, warning.text};
        }
    }
    // `images` is the number of all.
    Warnings take(std::int64_t images) const {
        Warnings warnings;
        for (const auto& [name, kind] : kinds_)
            warnings.add(name, format("%lld of %lld images, the first of them image %lld: ", static_cast<long long>(kind.images),
                                      static_cast<long long>(images), static_cast<long long>(kind.first)) +
                                   kind.text);
        return warnings;
    }

private:
    struct Kind {
        std::int64_t first, images;
        std::string text;  // of the first
    };
    std::mutex mutex_;
    std::map<std::string, Kind> kinds_;
};

std::unique_ptr<Simulator> simulator_of(const Batch& batch, std::int64_t number, int threads, Remarks& remarks) {
    const Mat3& rotation = batch.rotations[static_cast<std::size_t>(number)];
    options::ReferenceOptions turned = batch.options;
    turned.crystal.rotation = batch.options.crystal.rotation ? rotation * *batch.options.crystal.rotation : rotation;
    turned.crystal.structure_factors = batch.structure_factors;
    Warnings known = Warnings::unheard();  // but those of the experiment without a rotation
    auto simulator = std::make_unique<Simulator>(options::build_experiment(turned, known).experiment, threads, batch.way);
    remarks.add(number, simulator->warnings());
    return simulator;
}

// A device for each thread that asks, and whether it has the table already.
class DevicePool {
public:
    explicit DevicePool(const std::vector<std::shared_ptr<kernel::Device>>& devices) {
        for (const std::shared_ptr<kernel::Device>& device : devices) idle_.push_back({device, false});
    }

    struct Entry {
        std::shared_ptr<kernel::Device> device;
        bool has_table;
    };
    Entry take() {
        const std::lock_guard<std::mutex> guard(mutex_);
        Entry entry = idle_.back();
        idle_.pop_back();
        return entry;
    }
    void give_back(Entry entry) {
        const std::lock_guard<std::mutex> guard(mutex_);
        idle_.push_back(std::move(entry));
    }

private:
    std::mutex mutex_;
    std::vector<Entry> idle_;
};

// The images of a batch that go through a device together.
class Group {
public:
    Group(const Batch& batch, std::int64_t first, std::int64_t count, int threads, Remarks& remarks)
        : simulators_(static_cast<std::size_t>(count)) {
        kernel::StopSign stop;
        const bool side_by_side = count >= 2 * static_cast<std::int64_t>(threads);
        kernel::for_each_task(count, side_by_side ? threads : kernel::callers_thread, stop, nullptr, [&](std::int64_t i) {
            simulators_[static_cast<std::size_t>(i)] =
                simulator_of(batch, first + i, side_by_side ? kernel::callers_thread : threads, remarks);
        });
    }

    void run(const kernel::DeviceImages& images, const DevicePool::Entry& entry, int threads, const kernel::Watch& watch) {
        std::vector<Simulator*> list;
        for (const std::unique_ptr<Simulator>& simulator : simulators_) list.push_back(simulator.get());
        const DeviceSet set(list, entry.device, entry.has_table);
        set.run(images, threads, watch);
    }

private:
    std::vector<std::unique_ptr<Simulator>> simulators_;
};

}  // namespace

Warnings run_batch(const Batch& batch, float* images, int threads, const kernel::Watch& watch) {
    const auto count = static_cast<std::int64_t>(batch.rotations.size());
    Remarks remarks;
    const auto render = [&](std::int64_t i, int its_threads, const kernel::Watch& its_watch) {
        const std::unique_ptr<Simulator> simulator = simulator_of(batch, i, its_threads, remarks);
        kernel::TraceRequest none;
        simulator->run(images + i * simulator->experiment().detector.pixels(), none, its_threads, its_watch);
    };
    // Side by side no image waits for the slowest thread of another; but a few large ones would leave threads idle.
    if (count >= 2 * static_cast<std::int64_t>(threads)) {
        kernel::StopSign stop;
        kernel::for_each_task(count, threads, stop, watch, [&](std::int64_t i) { render(i, kernel::callers_thread, nullptr); });
        return remarks.take(count);
    }
    for (std::int64_t i = 0; i < count; ++i)
        render(i, threads,
               [&](double done) { return !watch || watch((static_cast<double>(i) + done) / static_cast<double>(count)); });
    return remarks.take(count);
}

Warnings run_batch(const Batch& batch, const kernel::DeviceImages& images, int threads, const kernel::Watch& watch,
                   const std::vector<std::shared_ptr<kernel::Device>>& devices) {
    const auto count = static_cast<std::int64_t>(batch.rotations.size());
    Remarks remarks;
    const std::int64_t size = std::clamp<std::int64_t>(pixels_of_group / batch.pixels, 1, most_images_of_group);
    const std::int64_t groups = (count + size - 1) / size;
    DevicePool pool(devices);
    const auto render = [&](std::int64_t number, int its_threads, const kernel::Watch& its_watch) {
        const std::int64_t first = number * size, last = std::min(first + size, count);
        Group group(batch, first, last - first, its_threads, remarks);
        kernel::DeviceImages its_images = images;
        its_images.values.assign(images.values.begin() + first, images.values.begin() + last);
        DevicePool::Entry entry = pool.take();
        group.run(its_images, entry, its_threads, its_watch);
        entry.has_table = true;
        pool.give_back(std::move(entry));
    };
    if (devices.size() == 1) {
        for (std::int64_t i = 0; i < groups; ++i)
            render(i, threads,
                   [&](double done) { return !watch || watch((static_cast<double>(i) + done) / static_cast<double>(groups)); });
    } else {
        kernel::StopSign stop;
        const auto workers = static_cast<int>(devices.size());
        const int threads_each = std::max(1, threads / workers);
        kernel::for_each_task(groups, workers, stop, watch,
                              [&](std::int64_t i) { render(i, threads_each, [&](double) { return !stop.is_up(); }); });
    }
    return remarks.take(count);
}

}  // namespace nbhybrid::run
