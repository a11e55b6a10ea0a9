#include "cuda_device.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <string>

#include "launch.hpp"
#include "memory.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"

namespace nbhybrid::cuda {

namespace {

using kernel::DeviceImage;
using kernel::DeviceTotals;
using kernel::Watch;

// A launch has no more places, so that the list of undecided pixels stays small; and no more steps, so that the watch is asked
// often enough: a few tenths of a second on a large device.
constexpr std::int64_t most_places = std::int64_t{1} << 21U;
constexpr double most_steps = 2e10;
// The count of undecided pixels, before what else is known about a launch.
constexpr std::size_t head_bytes = 256;

cudaStream_t stream_of(std::uintptr_t stream) { return reinterpret_cast<cudaStream_t>(stream); }

// Whether float32 is more than 4 times as fast. NBHYBRID_SLOW_DOUBLE says 1 or 0 instead, for tests on other devices.
bool is_double_slow(int index) {
    const char* const said = std::getenv("NBHYBRID_SLOW_DOUBLE");
    if (said != nullptr && *said != 0) {
        const std::string value = said;
        if (value != "0" && value != "1") throw DeviceError("NBHYBRID_SLOW_DOUBLE: found " + value + ", expected 0 or 1");
        return value == "1";
    }
    int ratio = 0;
    check(cudaDeviceGetAttribute(&ratio, cudaDevAttrSingleToDoublePrecisionPerfRatio, index), "the device's properties");
    constexpr int usual_ratio = 4;
    return ratio > usual_ratio;
}

class CudaDevice : public kernel::Device {
public:
    explicit CudaDevice(int index) : index_(index) {
        const CurrentDevice current(index);
        cudaDeviceProp properties{};
        check(cudaGetDeviceProperties(&properties, index), "the device's properties");
        name_ = "cuda:" + std::to_string(index);
        processors_ = properties.multiProcessorCount;
        double_is_slow_ = is_double_slow(index);
        stream_ = std::make_unique<Stream>();
    }

    std::string name() const override { return name_; }
    void load(const Plan& plan, Engine engine, bool same_table) override;
    DeviceTotals decide(const DeviceImage& image, const Watch& watch) override;
    DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const DeviceImage& values, const Watch& watch) override;
    void set(const DeviceImage& image, const std::vector<PixelIndex>& places, const std::vector<float>& values) override;

private:
    cudaStream_t stream_for(const DeviceImage& image) const { return image.on_device ? stream_of(image.stream) : stream_->get(); }
    float* target_of(const DeviceImage& image, std::size_t pixels);
    void fetch(const DeviceImage& image, std::size_t pixels);
    DeviceTotals run(const kernel::DeviceWork& work, std::int64_t places, float* values, bool wants_solid_angles,
                     cudaStream_t stream, const Watch& watch);
    void run_part(const kernel::DeviceLaunch& launch, cudaStream_t stream, DeviceTotals& totals);
    cudaError_t start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const;
    std::int64_t places_of_part() const;

    int index_;
    std::string name_;
    int processors_ = 0;
    bool double_is_slow_ = false;
    std::mutex mutex_;
    std::unique_ptr<Stream> stream_;
    Memory plan_memory_{Memory::Where::device, "the plan and its table of amplitudes"};
    Memory image_{Memory::Where::device, "the image"};
    Memory list_{Memory::Where::device, "the list of pixels"};
    Memory scratch_{Memory::Where::device, "the list of undecided pixels"};
    Memory counts_{Memory::Where::pinned_host, "the host's memory for counts"};
    std::vector<kernel::FlatPlan::Piece> pieces_;
    PlanView view_{};
    kernel::PixelBounds bounds_{};
    physics::CrystalShape shape_ = physics::CrystalShape::square;
    kernel::Arithmetic arithmetic_ = kernel::Arithmetic::exact;
};

bool same_place(const kernel::FlatPlan::Piece& u, const kernel::FlatPlan::Piece& v) {
    return u.offset == v.offset && u.bytes == v.bytes;
}

void CudaDevice::load(const Plan& plan, Engine engine, bool same_table) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const kernel::Arithmetic before = arithmetic_;
    arithmetic_ = kernel::arithmetic_of(plan, engine, double_is_slow_);
    kernel::FlatPlan flat(plan, arithmetic_);
    const std::vector<kernel::FlatPlan::Piece>& pieces = flat.pieces();
    // The table is the last piece.
    const bool keeps_table = same_table && arithmetic_ == before && plan.view().crystal.amplitudes.values != nullptr &&
                             !pieces_.empty() && same_place(pieces.back(), pieces_.back());
    if (keeps_table) flat.keep_squares(view_);
    else flat.fill_squares();
    pieces_.clear();
    plan_memory_.reserve(flat.bytes());
    for (std::size_t i = 0; i < pieces.size() - (keeps_table ? 1 : 0); ++i)
        check(cudaMemcpyAsync(plan_memory_.as<unsigned char>() + pieces[i].offset, pieces[i].from, pieces[i].bytes,
                              cudaMemcpyHostToDevice, stream_->get()),
              "copying the plan");
    check(cudaStreamSynchronize(stream_->get()), "copying the plan");
    view_ = flat.at(plan_memory_.as<void>());
    const Bounds& bounds = plan.bounds();
    bounds_ = {bounds.relative, bounds.absolute_intensity, bounds.reach};
    shape_ = plan.shape();
    pieces_ = pieces;
}

// Memory of the device for the values.
float* CudaDevice::target_of(const DeviceImage& image, std::size_t pixels) {
    if (image.on_device) return image.values;
    image_.reserve(pixels * sizeof(float));
    return image_.as<float>();
}

void CudaDevice::fetch(const DeviceImage& image, std::size_t pixels) {
    if (image.on_device) return;
    check(cudaMemcpyAsync(image.values, image_.as<float>(), pixels * sizeof(float), cudaMemcpyDeviceToHost, stream_->get()),
          "copying the image");
    check(cudaStreamSynchronize(stream_->get()), "copying the image");
}

DeviceTotals CudaDevice::decide(const DeviceImage& image, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const DetectorStage& d = view_.detector;
    const std::size_t pixels = static_cast<std::size_t>(d.fast_pixels) * static_cast<std::size_t>(d.slow_pixels);
    float* const target = target_of(image, pixels);
    const cudaStream_t stream = stream_for(image);
    check(cudaMemsetAsync(target, 0, pixels * sizeof(float), stream), "clearing the image");
    const kernel::DeviceWork work{d.region, nullptr, 0, 0};
    DeviceTotals totals = run(work, kernel::places_of(d.region), target, !image.on_device, stream, watch);
    fetch(image, pixels);
    return totals;
}

DeviceTotals CudaDevice::decide_list(const std::vector<PixelIndex>& pixels, const DeviceImage& values, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    float* const target = target_of(values, pixels.size());
    const cudaStream_t stream = stream_for(values);
    list_.reserve(pixels.size() * sizeof(PixelIndex));
    check(
        cudaMemcpyAsync(list_.as<PixelIndex>(), pixels.data(), pixels.size() * sizeof(PixelIndex), cudaMemcpyHostToDevice, stream),
        "copying the list of pixels");
    check(cudaMemsetAsync(target, 0, pixels.size() * sizeof(float), stream), "clearing the values");
    const kernel::DeviceWork work{{}, list_.as<PixelIndex>(), 0, 0};
    DeviceTotals totals = run(work, static_cast<std::int64_t>(pixels.size()), target, false, stream, watch);
    fetch(values, pixels.size());
    // The next call overwrites the list.
    if (values.on_device) check(cudaStreamSynchronize(stream), "rendering a list of pixels");
    return totals;
}

void CudaDevice::set(const DeviceImage& image, const std::vector<PixelIndex>& places, const std::vector<float>& values) {
    if (!image.on_device) {
        for (std::size_t i = 0; i < places.size(); ++i) image.values[places[i]] = values[i];
        return;
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const cudaStream_t stream = stream_of(image.stream);
    list_.reserve(places.size() * (sizeof(PixelIndex) + sizeof(float)));
    auto* const to = list_.as<PixelIndex>();
    auto* const of = reinterpret_cast<float*>(to + places.size());
    check(cudaMemcpyAsync(to, places.data(), places.size() * sizeof(PixelIndex), cudaMemcpyHostToDevice, stream),
          "copying the scalar path's pixels");
    check(cudaMemcpyAsync(of, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, stream),
          "copying the scalar path's pixels");
    check(launch_set(image.values, to, of, static_cast<std::int64_t>(places.size()), stream), "writing the scalar path's pixels");
    check(cudaStreamSynchronize(stream), "writing the scalar path's pixels");
}

std::int64_t CudaDevice::places_of_part() const {
    const double steps = static_cast<double>(view_.scale.steps) * view_.sensor.layers;
    constexpr std::int64_t whole_tiles = kernel::tile_pixels;
    const auto by_steps = static_cast<std::int64_t>(std::min(most_steps / steps, static_cast<double>(most_places)));
    return std::max<std::int64_t>(by_steps / whole_tiles, 64) * whole_tiles;
}

DeviceTotals CudaDevice::run(const kernel::DeviceWork& work, std::int64_t places, float* values, bool wants_solid_angles,
                             cudaStream_t stream, const Watch& watch) {
    DeviceTotals totals;
    const std::int64_t part = places_of_part();
    const std::int64_t blocks = most_blocks(processors_);
    const bool decides = arithmetic_ == kernel::Arithmetic::exact, waits = decides || wants_solid_angles;
    const std::size_t sums = static_cast<std::size_t>(blocks) * sizeof(double);
    const auto entries = static_cast<std::size_t>(std::min(part, places));
    if (waits) {
        scratch_.reserve(head_bytes + sums + (decides ? entries * sizeof(PixelIndex) : 0));
        counts_.reserve(head_bytes + sums);
    }
    auto* const base = scratch_.as<unsigned char>();
    kernel::DeviceLaunch launch{view_, bounds_, work, {}};
    launch.output = {values, reinterpret_cast<PixelIndex*>(base + head_bytes + sums), reinterpret_cast<unsigned*>(base),
                     wants_solid_angles ? reinterpret_cast<double*>(base + head_bytes) : nullptr};
    for (std::int64_t first = 0; first < places; first += part) {
        launch.work.first = first;
        launch.work.count = std::min(part, places - first);
        if (waits) run_part(launch, stream, totals);
        else {
            const LaunchSize size =
                launch_size(launch.work.count, std::int64_t{view_.orientation.n_phi} * view_.orientation.n_domains, processors_);
            check(start(launch, size, stream), "starting the kernel");
        }
        if (waits && watch && !watch(static_cast<double>(first + launch.work.count) / static_cast<double>(places)))
            throw Interrupted();
    }
    std::sort(totals.undecided.begin(), totals.undecided.end());
    return totals;
}

cudaError_t CudaDevice::start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const {
    switch (arithmetic_) {
        case kernel::Arithmetic::mixed: return launch_fast(launch, shape_, size, stream);
        case kernel::Arithmetic::floats: return launch_float(launch, shape_, size, stream);
        case kernel::Arithmetic::exact: break;
    }
    return launch_exact(launch, shape_, size, stream);
}

// A part whose undecided pixels or solid angles somebody wants to know.
void CudaDevice::run_part(const kernel::DeviceLaunch& launch, cudaStream_t stream, DeviceTotals& totals) {
    const LaunchSize size =
        launch_size(launch.work.count, std::int64_t{view_.orientation.n_phi} * view_.orientation.n_domains, processors_);
    check(cudaMemsetAsync(launch.output.n_undecided, 0, sizeof(unsigned), stream), "clearing the counts");
    check(start(launch, size, stream), "starting the kernel");
    auto* const count = counts_.as<unsigned>();
    auto* const sums = reinterpret_cast<double*>(counts_.as<unsigned char>() + head_bytes);
    check(cudaMemcpyAsync(count, launch.output.n_undecided, sizeof(unsigned), cudaMemcpyDeviceToHost, stream),
          "copying the counts");
    if (launch.output.solid_angles != nullptr)
        check(cudaMemcpyAsync(sums, launch.output.solid_angles, static_cast<std::size_t>(size.blocks) * sizeof(double),
                              cudaMemcpyDeviceToHost, stream),
              "copying the solid angles");
    check(cudaStreamSynchronize(stream), "rendering");
    if (launch.output.solid_angles != nullptr)
        for (std::int64_t i = 0; i < size.blocks; ++i) totals.solid_angles += sums[i];
    if (*count == 0) return;
    const std::size_t known = totals.undecided.size();
    totals.undecided.resize(known + *count);
    check(cudaMemcpyAsync(totals.undecided.data() + known, launch.output.undecided, *count * sizeof(PixelIndex),
                          cudaMemcpyDeviceToHost, stream),
          "copying the list of undecided pixels");
    check(cudaStreamSynchronize(stream), "copying the list of undecided pixels");
}

int device_count() {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess && count > 0) return count;
    cudaGetLastError();
    const std::string why = status == cudaSuccess ? "the driver sees none" : cudaGetErrorString(status);
    throw DeviceError("cuda: no device can be used: " + why + "; choose device cpu");
}

}  // namespace

std::vector<std::string> device_names() {
    std::vector<std::string> names;
    const int count = device_count();
    for (int i = 0; i < count; ++i) {
        cudaDeviceProp properties{};
        check(cudaGetDeviceProperties(&properties, i), "the device's properties");
        names.emplace_back(properties.name);
    }
    return names;
}

std::unique_ptr<kernel::Device> make_device(int index) {
    const int count = device_count();
    if (index < 0 || index >= count)
        throw DeviceError(format("cuda:%d: there %s %d device%s here, from cuda:0 on", index, count == 1 ? "is" : "are", count,
                                 count == 1 ? "" : "s"));
    return std::make_unique<CudaDevice>(index);
}

}  // namespace nbhybrid::cuda
