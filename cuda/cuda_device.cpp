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
#include "report.hpp"
#include "upload.hpp"

namespace nbhybrid::cuda {

namespace {

using kernel::DeviceTotals;
using kernel::Target;
using kernel::Watch;

// A launch has no more places, so that their numbers are small; and no more steps, so that the watch is asked often enough: a tenth
// of a second on a large device.
constexpr std::int64_t most_places = std::int64_t{1} << 23U;
constexpr double most_steps = 1e10;
// Of a launch whose undecided pixels are listed in the device's memory, in place of that.
constexpr std::int64_t most_places_again = std::int64_t{1} << 21U;
// Of a launch.
constexpr std::int64_t most_images = 65535;

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

// The work of a call in its stream: it follows that of the calls before, since all use the memory of one device, and is over before
// an error leaves the call.
class Call {
public:
    Call(Event& last, cudaStream_t stream) : last_(last), stream_(stream), guard_(stream) { last_.wait_in(stream); }

    cudaStream_t stream() const { return stream_; }
    // Nothing more is given to the stream. What follows may wait for this work.
    void close() { last_.record(stream_); }
    void wait() const { last_.wait(); }

private:
    Event& last_;
    cudaStream_t stream_;
    WaitIfThrown guard_;
};

// Lets a call that takes long be only a little ahead of the device: the watch is asked when a part is done, and two more at most
// are under way when it says to stop.
class Pace {
public:
    Pace(const Watch& watch, double all_steps) : watch_(watch), all_steps_(all_steps) {}

    void add(double steps, cudaStream_t stream) {
        since_ += steps;
        given_ += steps;
        if (!watch_ || since_ < most_steps / 2 || given_ >= all_steps_) return;
        since_ = 0;
        if (ahead_.size() == 2) finish_first();
        ahead_.push_back({std::make_unique<Event>(), given_ / all_steps_});
        ahead_.back().event->record(stream);
    }

    void finish() {
        while (!ahead_.empty()) finish_first();
    }

private:
    struct Mark {
        std::unique_ptr<Event> event;
        double share;
    };

    void finish_first() {
        const Mark mark = std::move(ahead_.front());
        ahead_.erase(ahead_.begin());
        mark.event->wait();
        if (!watch_(mark.share)) throw Interrupted();
    }

    const Watch& watch_;
    double all_steps_, since_ = 0, given_ = 0;
    std::vector<Mark> ahead_;
};

class CudaDevice : public kernel::Device {
public:
    explicit CudaDevice(int index) : index_(index), name_("cuda:" + std::to_string(index)) {
        const CurrentDevice current(index);
        check(cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, index), "the device's properties");
        double_is_slow_ = is_double_slow(index);
        stream_ = std::make_unique<Stream>();
    }
    ~CudaDevice() override;

    std::string name() const override { return name_; }
    void load(const std::vector<const Plan*>& plans, Engine engine, bool same_table) override;
    std::vector<DeviceTotals> decide(const Target& target, bool wants_solid_angles, const Watch& watch) override;
    DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const Target& target, const Watch& watch) override;
    std::vector<kernel::PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) override;
    void set(const Target& target, const std::vector<float*>& places, const std::vector<float>& values) override;

private:
    // The pixels of a call: those of a list, or, without one, the places of the images' regions, as many as the largest has.
    struct Pixels {
        const PixelIndex* list;
        std::int64_t count;
    };

    cudaStream_t stream_for(const Target& target) const { return target.on_device ? stream_of(target.stream) : stream_->get(); }
    std::vector<float*> memory_of(const Target& target, const std::vector<std::size_t>& pixels);
    void fetch(const Target& target, const std::vector<std::size_t>& pixels);
    std::vector<Part> parts_of(const Pixels& pixels, std::int64_t places) const;
    std::int64_t places_of_part(std::int64_t most) const;
    std::vector<DeviceTotals> run(const Pixels& pixels, const Target& target, bool wants_sums,
                                  const std::vector<std::size_t>& sizes, Call& call, const Watch& watch);
    void start_all(const std::vector<Part>& parts, const PixelIndex* list, bool wants_sums, cudaStream_t stream, Pace& pace);
    void add_solid_angles(const std::vector<Part>& parts, std::vector<DeviceTotals>& totals) const;
    void list_again(const Pixels& pixels, Call& call, std::vector<DeviceTotals>& totals);
    void sort_out(const PixelIndex* numbers, kernel::DeviceCount count, bool is_list, std::vector<DeviceTotals>& totals) const;
    cudaError_t start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const;
    kernel::DeviceLaunch launch_of(const Part& part, const PixelIndex* list) const;
    LaunchSize size_of(const Part& part) const { return launch_size(part.count, part.images, plans_.orientations(), processors_); }
    double steps_of(const Part& part) const {
        return static_cast<double>(part.images) * static_cast<double>(part.count) * plans_.most_steps();
    }

    int index_;
    std::string name_;
    int processors_ = 0;
    bool double_is_slow_ = false;
    std::mutex mutex_;
    std::unique_ptr<Stream> stream_;
    // The memory below belongs to one call after the other, whatever their streams.
    Event last_call_, values_are_set_;
    LoadedPlans plans_;
    Report report_;
    Upload list_upload_{"the list of pixels"};
    Memory image_{Memory::Where::device, "the image"};
    Memory list_{Memory::Where::device, "the list of pixels"};
    Memory notes_{Memory::Where::device, "the traces of pixels"};
    Memory placed_{Memory::Where::shared_host, "the host's memory for the scalar path's pixels"};
};

// The last call may still be under way; what it uses goes with this.
CudaDevice::~CudaDevice() {
    try {
        const CurrentDevice current(index_);
        last_call_.wait();
    } catch (const std::exception&) {
        cudaGetLastError();
    }
}

void CudaDevice::load(const std::vector<const Plan*>& plans, Engine engine, bool same_table) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    Call call(last_call_, stream_->get());
    plans_.load(plans, kernel::arithmetic_of(plans, engine, double_is_slow_), same_table, call.stream());
    call.close();
}

// Memory of the device for the values.
std::vector<float*> CudaDevice::memory_of(const Target& target, const std::vector<std::size_t>& pixels) {
    if (target.on_device) return target.images;
    image_.reserve(std::accumulate(pixels.begin(), pixels.end(), std::size_t{0}) * sizeof(float));
    std::vector<float*> images;
    float* next = image_.as<float>();
    for (const std::size_t count : pixels) {
        images.push_back(next);
        next += count;
    }
    return images;
}

// Gives the copies to the stream. The host must wait.
void CudaDevice::fetch(const Target& target, const std::vector<std::size_t>& pixels) {
    if (target.on_device) return;
    const std::vector<float*> sources = memory_of(target, pixels);
    for_each_span(target.images, pixels, [&](std::size_t first, std::size_t count) {
        check(cudaMemcpyAsync(target.images[first], sources[first], count * sizeof(float), cudaMemcpyDeviceToHost, stream_->get()),
              "copying the image");
    });
}

std::vector<DeviceTotals> CudaDevice::decide(const Target& target, bool wants_solid_angles, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    Call call(last_call_, stream_for(target));
    const std::vector<std::size_t> sizes = plans_.pixels();
    const std::vector<float*> images = memory_of(target, sizes);
    for_each_span(images, sizes, [&](std::size_t first, std::size_t count) {
        check(cudaMemsetAsync(images[first], 0, count * sizeof(float), call.stream()), "clearing the image");
    });
    plans_.put_images(images, call.stream());
    return run({nullptr, plans_.most_places()}, target, wants_solid_angles, sizes, call, watch);
}

DeviceTotals CudaDevice::decide_list(const std::vector<PixelIndex>& pixels, const Target& target, const Watch& watch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    Call call(last_call_, stream_for(target));
    const std::vector<std::size_t> size{pixels.size()};
    const std::vector<float*> values = memory_of(target, size);
    list_.reserve(pixels.size() * sizeof(PixelIndex));
    list_upload_.send(list_.as<PixelIndex>(), pixels.data(), pixels.size() * sizeof(PixelIndex), call.stream());
    check(cudaMemsetAsync(values.front(), 0, pixels.size() * sizeof(float), call.stream()), "clearing the values");
    plans_.put_images(values, call.stream());
    return run({list_.as<PixelIndex>(), static_cast<std::int64_t>(pixels.size())}, target, false, size, call, watch).front();
}

std::vector<kernel::PixelRecord> CudaDevice::trace(const std::vector<PixelIndex>& pixels, bool with_steps) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    Call call(last_call_, stream_->get());
    const PlanView& view = plans_.view(0);
    const std::size_t most = kernel::pixels_traced_together(view, with_steps);
    std::vector<kernel::PixelRecord> records;
    for (std::size_t first = 0; first < pixels.size(); first += most) {
        const std::size_t count = std::min(most, pixels.size() - first);
        const kernel::TraceLayout layout(view, count, with_steps);
        notes_.reserve(layout.bytes());
        const std::vector<kernel::PixelNotes> heads = layout.heads(view, pixels.data() + first, notes_.as<void>());
        std::vector<unsigned char> copy(layout.bytes());
        list_upload_.send(notes_.as<void>(), heads.data(), count * sizeof(kernel::PixelNotes), call.stream());
        const TraceLaunch launch{view, plans_.bounds(0), notes_.as<kernel::PixelNotes>(), static_cast<int>(count)};
        const kernel::Arithmetic arithmetic = plans_.arithmetic();
        const auto start_trace = arithmetic == kernel::Arithmetic::exact   ? launch_trace_exact
                                 : arithmetic == kernel::Arithmetic::mixed ? launch_trace_fast
                                                                           : launch_trace_float;
        check(start_trace(launch, plans_.shape(), call.stream()), "starting the trace");
        check(cudaMemcpyAsync(copy.data(), notes_.as<void>(), copy.size(), cudaMemcpyDeviceToHost, call.stream()),
              "copying the traces");
        check(cudaStreamSynchronize(call.stream()), "tracing");
        for (std::size_t i = 0; i < count; ++i) records.push_back(layout.record(copy.data(), i));
    }
    call.close();
    return records;
}

// The kernel reads the values where the host has put them.
void CudaDevice::set(const Target& target, const std::vector<float*>& places, const std::vector<float>& values) {
    if (!target.on_device) {
        for (std::size_t i = 0; i < places.size(); ++i) *places[i] = values[i];
        return;
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    const CurrentDevice current(index_);
    Call call(last_call_, stream_for(target));
    values_are_set_.wait();
    placed_.reserve(places.size() * sizeof(PlacedValue));
    for (std::size_t i = 0; i < places.size(); ++i) placed_.as<PlacedValue>()[i] = {places[i], values[i]};
    check(launch_set(placed_.as_seen_by_kernels<PlacedValue>(), static_cast<std::int64_t>(places.size()), call.stream()),
          "writing the scalar path's pixels");
    values_are_set_.record(call.stream());
    call.close();
}

// Places of all images of a launch together.
std::int64_t CudaDevice::places_of_part(std::int64_t most) const {
    constexpr std::int64_t whole_tiles = kernel::tile_pixels;
    const auto by_steps = static_cast<std::int64_t>(std::min(most_steps / plans_.most_steps(), static_cast<double>(most)));
    return std::max<std::int64_t>(by_steps / whole_tiles, 64) * whole_tiles;
}

std::vector<Part> CudaDevice::parts_of(const Pixels& pixels, std::int64_t places) const {
    const std::int64_t together = places_of_part(places), each = std::max<std::int64_t>(1, pixels.count);
    std::vector<Part> parts;
    const auto images = static_cast<int>(std::clamp<std::int64_t>(together / each, 1, most_images));
    for (int image = 0; image < plans_.count(); image += images)
        for (std::int64_t first = 0; first < pixels.count; first += together)
            parts.push_back({image, std::min(images, plans_.count() - image), first, std::min(together, pixels.count - first)});
    return parts;
}

// All launches are given to the stream, as far as the watch allows; then the host waits once, if there is something to wait for.
std::vector<DeviceTotals> CudaDevice::run(const Pixels& pixels, const Target& target, bool wants_sums,
                                          const std::vector<std::size_t>& sizes, Call& call, const Watch& watch) {
    std::vector<DeviceTotals> totals(static_cast<std::size_t>(plans_.count()));
    const std::vector<Part> parts = parts_of(pixels, most_places);
    const bool reports = plans_.decides() || wants_sums;
    double steps = 0;
    for (const Part& part : parts) steps += steps_of(part);
    Pace pace(watch, steps);
    start_all(parts, pixels.list, wants_sums, call.stream(), pace);
    if (reports) report_.close(call.stream());
    const bool waits = reports || !target.on_device;
    // Before the copy, which keeps the host as long as it takes.
    if (waits) pace.finish();
    fetch(target, sizes);
    call.close();
    if (!waits) return totals;
    call.wait();
    if (wants_sums) add_solid_angles(parts, totals);
    if (reports && report_.is_complete()) {
        sort_out(report_.undecided(), report_.count(), pixels.list != nullptr, totals);
    } else if (reports) {
        list_again(pixels, call, totals);
        fetch(target, sizes);
        call.close();
        call.wait();
    }
    for (DeviceTotals& its : totals) std::sort(its.undecided.begin(), its.undecided.end());
    if (watch && !watch(1.0)) throw Interrupted();
    return totals;
}

kernel::DeviceLaunch CudaDevice::launch_of(const Part& part, const PixelIndex* list) const {
    kernel::DeviceLaunch launch{};
    launch.work = {list, part.first, part.count};
    plans_.tell(launch, part.first_image, part.images);
    return launch;
}

void CudaDevice::start_all(const std::vector<Part>& parts, const PixelIndex* list, bool wants_sums, cudaStream_t stream,
                           Pace& pace) {
    std::size_t sums = 0;
    for (const Part& part : parts) sums += static_cast<std::size_t>(size_of(part).blocks * part.images);
    if (plans_.decides() || wants_sums) report_.open(wants_sums ? sums : 0, stream);
    std::size_t first_sum = 0;
    for (const Part& part : parts) {
        kernel::DeviceLaunch launch = launch_of(part, list);
        const LaunchSize size = size_of(part);
        if (plans_.decides() || wants_sums) launch.output = report_.output(first_sum);
        first_sum += static_cast<std::size_t>(size.blocks * part.images);
        check(start(launch, size, stream), "starting the kernel");
        pace.add(steps_of(part), stream);
    }
}

cudaError_t CudaDevice::start(const kernel::DeviceLaunch& launch, const LaunchSize& size, cudaStream_t stream) const {
    switch (plans_.arithmetic()) {
        case kernel::Arithmetic::mixed: return launch_fast(launch, plans_.shape(), size, stream);
        case kernel::Arithmetic::floats: return launch_float(launch, plans_.shape(), size, stream);
        case kernel::Arithmetic::exact: break;
    }
    return launch_exact(launch, plans_.shape(), size, stream);
}

// In the order of parts and blocks.
void CudaDevice::add_solid_angles(const std::vector<Part>& parts, std::vector<DeviceTotals>& totals) const {
    const double* sums = report_.solid_angles();
    for (const Part& part : parts) {
        const std::int64_t blocks = size_of(part).blocks;
        for (std::int64_t i = 0; i < blocks * part.images; ++i)
            totals[static_cast<std::size_t>(part.first_image + i / blocks)].solid_angles += *sums++;
    }
}

// The second way: smaller launches once more, one after the other, each with room for whatever it leaves.
void CudaDevice::list_again(const Pixels& pixels, Call& call, std::vector<DeviceTotals>& totals) {
    std::vector<PixelIndex> numbers;
    for (const Part& part : parts_of(pixels, most_places_again)) {
        kernel::DeviceLaunch launch = launch_of(part, pixels.list);
        launch.output = report_.reopen(static_cast<std::size_t>(part.count * part.images), call.stream());
        check(start(launch, size_of(part), call.stream()), "starting the kernel");
        report_.close(call.stream());
        check(cudaStreamSynchronize(call.stream()), "rendering");
        numbers.resize(report_.count());
        check(cudaMemcpyAsync(numbers.data(), report_.undecided_on_device(), numbers.size() * sizeof(PixelIndex),
                              cudaMemcpyDeviceToHost, call.stream()),
              "copying the list of undecided pixels");
        check(cudaStreamSynchronize(call.stream()), "copying the list of undecided pixels");
        sort_out(numbers.data(), numbers.size(), pixels.list != nullptr, totals);
    }
}

// Undecided pixels by images. Of a list of pixels the numbers are places in it.
void CudaDevice::sort_out(const PixelIndex* numbers, kernel::DeviceCount count, bool is_list,
                          std::vector<DeviceTotals>& totals) const {
    for (const PixelIndex* number = numbers; number != numbers + count; ++number) {
        const auto image = is_list ? 0 : static_cast<std::size_t>(plans_.image_of(*number));
        totals[image].undecided.push_back(is_list ? *number : plans_.pixel_of(*number));
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
