#include "cuda_device.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <numeric>

#include "launch.hpp"
#include "memory.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/kernel/trace_layout.hpp"
#include "plans.hpp"

namespace nbhybrid::cuda {

namespace {

using kernel::DeviceImages;
using kernel::DeviceTotals;
using kernel::Watch;

// A launch has no more places, so that the list of undecided pixels stays small; and no more steps, so that the watch is asked
// often enough: a few tenths of a second on a large device.
constexpr std::int64_t most_places = std::int64_t{1} << 21U;
constexpr double most_steps = 2e10;
// Of a launch.
constexpr std::int64_t most_images = 65535;
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

// Calls f(first, count) for images that lie one behind the other.
template <class F>
void for_each_span(const std::vector<float*>& images, const std::vector<std::size_t>& pixels, const F& f) {
    for (std::size_t first = 0, last = 0; first < images.size(); first = last) {
        std::size_t count = 0;
        do count += pixels[last++];
        while (last < images.size() && images[last] == images[first] + count);
        f(first, count);
    }
}

// Images or places of one launch.
struct Part {
    int first_image, images;
    std::int64_t first, count;
};

class CudaDevice : public kernel::Device {
public:
    explicit CudaDevice(int index) : index_(index), name_("cuda:" + std::to_string(index)) {
        const CurrentDevice current(index);
        check(cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, index), "the device's properties");
        double_is_slow_ = is_double_slow(index);
        stream_ = std::make_unique<Stream>();
    }

    std::string name() const override { return name_; }
    void load(const std::vector<const Plan*>& plans, Engine engine, bool same_table) override;
    std::vector<DeviceTotals> decide(const DeviceImages& images, const Watch& watch) override;
    DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const DeviceImages& values, const Watch& watch) override;
    std::vector<kernel::PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) override;
    void set(const DeviceImages& images, const std::vector<float*>& places, const std::vector<float>& values) override;

private:
    cudaStream_t begin(const DeviceImages& images);
    std::vector<float*> targets_of(const DeviceImages& images, const std::vector<std::size_t>& pixels);
    void fetch(const DeviceImages& images, const std::vector<std::size_t>& pixels);
    std::vector<Part> parts_of_images() const;
    std::int64_t places_of_part() const;
    std::vector<DeviceTotals> run(const std::vector<Part>& parts, const PixelIndex* list, bool wants_solid_angles,
                                  cudaStream_t stream, const Watch& watch);
    void run_part(const Part& part, kernel::DeviceLaunch launch, cudaStream_t stream, std::vector<DeviceTotals>& totals);
    void sort_out(const kernel::DeviceLaunch& launch, unsigned count, cudaStream_t stream, std::vector<DeviceTotals>& totals);
    cudaError_t start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const;
    LaunchSize size_of(const Part& part) const { return launch_size(part.count, part.images, plans_.orientations(), processors_); }

    int index_;
    std::string name_;
    int processors_ = 0;
    bool double_is_slow_ = false;
    std::mutex mutex_;
    std::unique_ptr<Stream> stream_;
    // The memory below belongs to one call after the other, whatever their streams.
    Event last_call_;
    LoadedPlans plans_;
    Memory image_{Memory::Where::device, "the image"};
    Memory list_{Memory::Where::device, "the list of pixels"};
    Memory scratch_{Memory::Where::device, "the list of undecided pixels"};
    Memory notes_{Memory::Where::device, "the traces of pixels"};
    Memory counts_{Memory::Where::pinned_host, "the host's memory for counts"};
};

void CudaDevice::load(const std::vector<const Plan*>& plans, Engine engine, bool same_table) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    last_call_.wait_in(stream_->get());
    plans_.load(plans, kernel::arithmetic_of(plans, engine, double_is_slow_), same_table, stream_->get());
    last_call_.record(stream_->get());
}

// The stream of a call, which follows the calls before.
cudaStream_t CudaDevice::begin(const DeviceImages& images) {
    const cudaStream_t stream = images.on_device ? stream_of(images.stream) : stream_->get();
    last_call_.wait_in(stream);
    return stream;
}

// Memory of the device for the values.
std::vector<float*> CudaDevice::targets_of(const DeviceImages& images, const std::vector<std::size_t>& pixels) {
    if (images.on_device) return images.values;
    image_.reserve(std::accumulate(pixels.begin(), pixels.end(), std::size_t{0}) * sizeof(float));
    std::vector<float*> targets;
    float* next = image_.as<float>();
    for (const std::size_t count : pixels) {
        targets.push_back(next);
        next += count;
    }
    return targets;
}

void CudaDevice::fetch(const DeviceImages& images, const std::vector<std::size_t>& pixels) {
    if (images.on_device) return;
    const std::vector<float*> sources = targets_of(images, pixels);
    for_each_span(images.values, pixels, [&](std::size_t first, std::size_t count) {
        check(cudaMemcpyAsync(images.values[first], sources[first], count * sizeof(float), cudaMemcpyDeviceToHost, stream_->get()),
              "copying the image");
    });
    check(cudaStreamSynchronize(stream_->get()), "copying the image");
}

std::vector<DeviceTotals> CudaDevice::decide(const DeviceImages& images, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const std::vector<std::size_t> pixels = plans_.pixels();
    const std::vector<float*> targets = targets_of(images, pixels);
    const cudaStream_t stream = begin(images);
    for_each_span(targets, pixels, [&](std::size_t first, std::size_t count) {
        check(cudaMemsetAsync(targets[first], 0, count * sizeof(float), stream), "clearing the image");
    });
    plans_.put_images(targets, stream);
    std::vector<DeviceTotals> totals = run(parts_of_images(), nullptr, images.wants_solid_angles, stream, watch);
    fetch(images, pixels);
    last_call_.record(stream);
    return totals;
}

DeviceTotals CudaDevice::decide_list(const std::vector<PixelIndex>& pixels, const DeviceImages& values, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const std::vector<std::size_t> count{pixels.size()};
    const std::vector<float*> targets = targets_of(values, count);
    const cudaStream_t stream = begin(values);
    list_.reserve(pixels.size() * sizeof(PixelIndex));
    check(
        cudaMemcpyAsync(list_.as<PixelIndex>(), pixels.data(), pixels.size() * sizeof(PixelIndex), cudaMemcpyHostToDevice, stream),
        "copying the list of pixels");
    check(cudaMemsetAsync(targets.front(), 0, pixels.size() * sizeof(float), stream), "clearing the values");
    plans_.put_images(targets, stream);
    std::vector<Part> parts;
    const std::int64_t part = places_of_part();
    for (std::int64_t first = 0; first < static_cast<std::int64_t>(pixels.size()); first += part)
        parts.push_back({0, 1, first, std::min(part, static_cast<std::int64_t>(pixels.size()) - first)});
    DeviceTotals totals = run(parts, list_.as<PixelIndex>(), false, stream, watch).front();
    fetch(values, count);
    last_call_.record(stream);
    return totals;
}

std::vector<kernel::PixelRecord> CudaDevice::trace(const std::vector<PixelIndex>& pixels, bool with_steps) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const cudaStream_t stream = begin({});
    const PlanView& view = plans_.view(0);
    const std::size_t most = kernel::pixels_traced_together(view, with_steps);
    std::vector<kernel::PixelRecord> records;
    for (std::size_t first = 0; first < pixels.size(); first += most) {
        const std::size_t count = std::min(most, pixels.size() - first);
        const kernel::TraceLayout layout(view, count, with_steps);
        notes_.reserve(layout.bytes());
        const std::vector<kernel::PixelNotes> heads = layout.heads(view, pixels.data() + first, notes_.as<void>());
        std::vector<unsigned char> copy(layout.bytes());
        check(cudaMemcpyAsync(notes_.as<void>(), heads.data(), count * sizeof(kernel::PixelNotes), cudaMemcpyHostToDevice, stream),
              "copying the pixels to trace");
        const TraceLaunch launch{view, plans_.bounds(0), notes_.as<kernel::PixelNotes>(), static_cast<int>(count)};
        const kernel::Arithmetic arithmetic = plans_.arithmetic();
        const auto start_trace = arithmetic == kernel::Arithmetic::exact   ? launch_trace_exact
                                 : arithmetic == kernel::Arithmetic::mixed ? launch_trace_fast
                                                                           : launch_trace_float;
        check(start_trace(launch, plans_.shape(), stream), "starting the trace");
        check(cudaMemcpyAsync(copy.data(), notes_.as<void>(), copy.size(), cudaMemcpyDeviceToHost, stream), "copying the traces");
        check(cudaStreamSynchronize(stream), "tracing");
        for (std::size_t i = 0; i < count; ++i) records.push_back(layout.record(copy.data(), i));
    }
    return records;
}

void CudaDevice::set(const DeviceImages& images, const std::vector<float*>& places, const std::vector<float>& values) {
    if (!images.on_device) {
        for (std::size_t i = 0; i < places.size(); ++i) *places[i] = values[i];
        return;
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    const cudaStream_t stream = begin(images);
    list_.reserve(places.size() * (sizeof(float*) + sizeof(float)));
    auto* const to = list_.as<float*>();
    auto* const of = reinterpret_cast<float*>(to + places.size());
    check(cudaMemcpyAsync(to, places.data(), places.size() * sizeof(float*), cudaMemcpyHostToDevice, stream),
          "copying the scalar path's pixels");
    check(cudaMemcpyAsync(of, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, stream),
          "copying the scalar path's pixels");
    check(launch_set(to, of, static_cast<std::int64_t>(places.size()), stream), "writing the scalar path's pixels");
    last_call_.record(stream);
}

// Places of all images of a launch together.
std::int64_t CudaDevice::places_of_part() const {
    constexpr std::int64_t whole_tiles = kernel::tile_pixels;
    const auto by_steps = static_cast<std::int64_t>(std::min(most_steps / plans_.most_steps(), static_cast<double>(most_places)));
    return std::max<std::int64_t>(by_steps / whole_tiles, 64) * whole_tiles;
}

std::vector<Part> CudaDevice::parts_of_images() const {
    const std::int64_t together = places_of_part(), each = std::max<std::int64_t>(1, plans_.most_places());
    std::vector<Part> parts;
    const auto images = static_cast<int>(std::clamp<std::int64_t>(together / each, 1, most_images));
    for (int image = 0; image < plans_.count(); image += images)
        for (std::int64_t first = 0; first < each; first += together)
            parts.push_back({image, std::min(images, plans_.count() - image), first, std::min(together, each - first)});
    return parts;
}

std::vector<DeviceTotals> CudaDevice::run(const std::vector<Part>& parts, const PixelIndex* list, bool wants_solid_angles,
                                          cudaStream_t stream, const Watch& watch) {
    std::vector<DeviceTotals> totals(static_cast<std::size_t>(plans_.count()));
    const bool waits = plans_.decides() || wants_solid_angles;
    std::size_t sums = 0, entries = 0;
    for (const Part& part : parts) {
        sums = std::max(sums, static_cast<std::size_t>(size_of(part).blocks * part.images) * sizeof(double));
        entries = std::max(entries, static_cast<std::size_t>(part.count * part.images));
    }
    if (waits) {
        scratch_.reserve(head_bytes + sums + (plans_.decides() ? entries * sizeof(PixelIndex) : 0));
        counts_.reserve(head_bytes + sums);
    }
    auto* const base = scratch_.as<unsigned char>();
    kernel::DeviceLaunch launch{};
    launch.output = {reinterpret_cast<PixelIndex*>(base + head_bytes + sums), reinterpret_cast<unsigned*>(base),
                     wants_solid_angles ? reinterpret_cast<double*>(base + head_bytes) : nullptr};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        launch.work = {list, parts[i].first, parts[i].count};
        plans_.tell(launch, parts[i].first_image, parts[i].images);
        if (waits) run_part(parts[i], launch, stream, totals);
        else check(start(launch, size_of(parts[i]), stream), "starting the kernel");
        if (waits && watch && !watch(static_cast<double>(i + 1) / static_cast<double>(parts.size()))) throw Interrupted();
    }
    for (DeviceTotals& its : totals) std::sort(its.undecided.begin(), its.undecided.end());
    return totals;
}

cudaError_t CudaDevice::start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const {
    switch (plans_.arithmetic()) {
        case kernel::Arithmetic::mixed: return launch_fast(launch, plans_.shape(), size, stream);
        case kernel::Arithmetic::floats: return launch_float(launch, plans_.shape(), size, stream);
        case kernel::Arithmetic::exact: break;
    }
    return launch_exact(launch, plans_.shape(), size, stream);
}

// A part whose undecided pixels or solid angles somebody wants to know.
void CudaDevice::run_part(const Part& part, kernel::DeviceLaunch launch, cudaStream_t stream, std::vector<DeviceTotals>& totals) {
    const LaunchSize size = size_of(part);
    check(cudaMemsetAsync(launch.output.n_undecided, 0, sizeof(unsigned), stream), "clearing the counts");
    check(start(launch, size, stream), "starting the kernel");
    auto* const count = counts_.as<unsigned>();
    auto* const sums = reinterpret_cast<double*>(counts_.as<unsigned char>() + head_bytes);
    check(cudaMemcpyAsync(count, launch.output.n_undecided, sizeof(unsigned), cudaMemcpyDeviceToHost, stream),
          "copying the counts");
    if (launch.output.solid_angles != nullptr)
        check(cudaMemcpyAsync(sums, launch.output.solid_angles,
                              static_cast<std::size_t>(size.blocks * part.images) * sizeof(double), cudaMemcpyDeviceToHost, stream),
              "copying the solid angles");
    check(cudaStreamSynchronize(stream), "rendering");
    if (launch.output.solid_angles != nullptr)
        for (std::int64_t i = 0; i < size.blocks * part.images; ++i)
            totals[static_cast<std::size_t>(part.first_image + i / size.blocks)].solid_angles += sums[i];
    if (*count != 0) sort_out(launch, *count, stream, totals);
}

// The undecided pixels of a launch, by images.
void CudaDevice::sort_out(const kernel::DeviceLaunch& launch, unsigned count, cudaStream_t stream,
                          std::vector<DeviceTotals>& totals) {
    std::vector<PixelIndex> numbers(count);
    check(cudaMemcpyAsync(numbers.data(), launch.output.undecided, count * sizeof(PixelIndex), cudaMemcpyDeviceToHost, stream),
          "copying the list of undecided pixels");
    check(cudaStreamSynchronize(stream), "copying the list of undecided pixels");
    for (const PixelIndex number : numbers) {
        // Of a list of pixels the numbers are places in it.
        const auto image = launch.work.list != nullptr ? 0 : static_cast<std::size_t>(plans_.image_of(number));
        totals[image].undecided.push_back(launch.work.list != nullptr ? number : plans_.pixel_of(number));
    }
}

// No driver and one that is too old are the same error of the runtime's. Its library tells them apart.
std::string driver_trouble() {
    void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return "there is no NVIDIA driver here (no libcuda.so.1)";
    int version = 0;
    using GetVersion = int (*)(int*);
    const auto get_version = reinterpret_cast<GetVersion>(dlsym(library, "cuDriverGetVersion"));
    if (get_version != nullptr) get_version(&version);
    dlclose(library);
    constexpr int major = 1000, minor = 10;
    return format("the driver is too old: it is for CUDA %d.%d, expected CUDA %d or later", version / major,
                  version % major / minor, CUDART_VERSION / major);
}

int device_count() {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess && count > 0) return count;
    cudaGetLastError();
    const std::string why = status == cudaSuccess                   ? "the driver sees none"
                            : status == cudaErrorInsufficientDriver ? driver_trouble()
                                                                    : cudaGetErrorString(status);
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
