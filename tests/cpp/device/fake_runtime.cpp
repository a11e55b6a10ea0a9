#include "fake_runtime.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <memory>

#include "../check.hpp"

namespace {

using nbhybrid::test::fake::Touch;
// How many pieces of work of each stream are known to be done before.
using Clock = std::map<const CUstream_st*, std::uint64_t>;

void merge(Clock& into, const Clock& other) {
    for (const auto& [stream, number] : other) into[stream] = std::max(into[stream], number);
}

struct Memory {
    std::vector<unsigned char> bytes;
    bool is_host, is_gone = false;
    Clock reads, writes;  // the last of each stream
};

struct Work {
    std::vector<Touch> touches;
    std::function<void()> run;
    bool with_callers_memory;
    Clock known;  // to the host when it was given
};

struct State {
    std::vector<std::unique_ptr<Memory>> memory;
    std::vector<std::unique_ptr<CUstream_st>> streams;
    Clock host;
    std::map<std::string, int> counts;
    int launches = 0;
};

State& state() {
    static State all;
    return all;
}

void report(const std::string& what) { nbhybrid::test::report_failure("fake_runtime.cpp", 0, what); }

Memory* memory_at(const void* address) {
    for (const auto& each : state().memory) {
        const auto* const first = each->bytes.data();
        if (address >= first && address < first + each->bytes.size()) return each.get();
    }
    return nullptr;
}

bool covers(const Clock& known, const Clock& past) {
    return std::all_of(past.begin(), past.end(), [&](const auto& each) {
        const auto found = known.find(each.first);
        return found != known.end() && found->second >= each.second;
    });
}

}  // namespace

struct CUstream_st {
    std::deque<Work> queue;
    std::uint64_t done = 0, given = 0;
    Clock known;

    void run_first() {
        Work work = std::move(queue.front());
        queue.pop_front();
        ++done;
        merge(known, work.known);
        for (const Touch& touch : work.touches) check(touch);
        known[this] = done;
        for (const Touch& touch : work.touches)
            if (Memory* const memory = memory_at(touch.address)) (touch.writes ? memory->writes : memory->reads)[this] = done;
        if (work.run) work.run();
    }
    void run_until(std::uint64_t number) {
        while (done < number && !queue.empty()) run_first();
    }

private:
    void check(const Touch& touch) const {
        const Memory* const memory = memory_at(touch.address);
        if (memory == nullptr) return;
        if (memory->is_gone) report("work with memory that is gone");
        if (!covers(known, memory->writes)) report("memory is used that another stream may still be writing to");
        if (touch.writes && !covers(known, memory->reads)) report("memory is written to that another stream may still be reading");
    }
};

struct CUevent_st {
    CUstream_st* stream = nullptr;
    std::uint64_t number = 0;
    std::shared_ptr<Clock> clock = std::make_shared<Clock>();
};

namespace {

// Numbers below 16 are names of default streams.
CUstream_st* stream_of(cudaStream_t stream) {
    static CUstream_st usual;
    return reinterpret_cast<std::uintptr_t>(stream) < 16 ? &usual : stream;
}

std::vector<CUstream_st*> all_streams() {
    std::vector<CUstream_st*> all{stream_of(nullptr)};
    for (const auto& each : state().streams) all.push_back(each.get());
    return all;
}

cudaError_t give_work(cudaStream_t stream, std::vector<Touch> touches, std::function<void()> run,
                      bool with_callers_memory = false) {
    for (const Touch& touch : touches)
        if (const Memory* const memory = memory_at(touch.address); memory != nullptr && memory->is_gone)
            report("work is given with memory that is gone");
    CUstream_st* const its = stream_of(stream);
    ++its->given;
    its->queue.push_back({std::move(touches), std::move(run), with_callers_memory, state().host});
    return cudaSuccess;
}

cudaError_t allocate(void** address, std::size_t bytes, bool is_host) {
    auto made = std::make_unique<Memory>();
    made->bytes.assign(std::max<std::size_t>(bytes, 1), 0xA5);
    made->is_host = is_host;
    *address = made->bytes.data();
    state().memory.push_back(std::move(made));
    return cudaSuccess;
}

cudaError_t release(const void* address) {
    Memory* const memory = memory_at(address);
    if (memory == nullptr || memory->is_gone) {
        report("memory is freed that is not there");
        return cudaSuccess;
    }
    for (const CUstream_st* stream : all_streams())
        for (const Work& work : stream->queue)
            for (const Touch& touch : work.touches)
                if (memory_at(touch.address) == memory) report("memory is freed while work with it is to be done");
    memory->is_gone = true;
    std::fill(memory->bytes.begin(), memory->bytes.end(), static_cast<unsigned char>(0xDB));
    return cudaSuccess;
}

cudaError_t wait_for(CUstream_st* stream, std::uint64_t number) {
    stream->run_until(number);
    merge(state().host, {{stream, number}});
    merge(state().host, stream->known);
    return cudaSuccess;
}

void count_call(const char* name) { ++state().counts[name]; }

}  // namespace

namespace nbhybrid::test::fake {

bool computes = true;
int one_in = 0;
int fails_at = 0;

cudaError_t give(cudaStream_t stream, std::vector<Touch> touches, std::function<void()> work) {
    count_call("launch");
    if (fails_at > 0 && --fails_at == 0) return cudaErrorLaunchFailure;
    return give_work(stream, std::move(touches), std::move(work));
}

std::function<void()> unchanged(const void* memory, std::size_t bytes, std::function<void()> work) {
    const auto* const first = static_cast<const unsigned char*>(memory);
    return [memory, before = std::vector<unsigned char>(first, first + bytes), work = std::move(work)] {
        if (!before.empty() && std::memcmp(memory, before.data(), before.size()) != 0)
            report("memory of the host has changed before the work that reads it was done");
        work();
    };
}

void begin_count() { state().counts.clear(); }
int count(const std::string& call) { return state().counts[call]; }

int pending_with_callers_memory() {
    int found = 0;
    for (const CUstream_st* stream : all_streams())
        for (const Work& work : stream->queue) found += work.with_callers_memory ? 1 : 0;
    return found;
}

int pending() {
    std::size_t found = 0;
    for (const CUstream_st* stream : all_streams()) found += stream->queue.size();
    return static_cast<int>(found);
}

void settle() { cudaDeviceSynchronize(); }

void end() {
    settle();
    for (const auto& each : state().memory)
        if (!each->is_gone) report("memory is left over");
    state().memory.clear();
}

float* device_floats(std::size_t count) {
    void* address = nullptr;
    allocate(&address, count * sizeof(float), false);
    return static_cast<float*>(address);
}

std::vector<float> floats_of(const float* address, std::size_t count) { return {address, address + count}; }

std::uintptr_t new_stream() {
    cudaStream_t stream = nullptr;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    return reinterpret_cast<std::uintptr_t>(stream);
}

}  // namespace nbhybrid::test::fake

const char* cudaGetErrorString(cudaError_t status) { return status == cudaErrorLaunchFailure ? "a launch failed" : "an error"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDevice(int* index) { return *index = 0, cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    std::strcpy(properties->name, "a fake");
    return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr what, int) {
    *value = what == cudaDevAttrMultiProcessorCount ? 4 : 2;
    return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
    const Memory* const memory = memory_at(address);
    *attributes = {memory == nullptr ? cudaMemoryTypeUnregistered : memory->is_host ? cudaMemoryTypeHost : cudaMemoryTypeDevice, 0};
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
    count_call("cudaDeviceSynchronize");
    for (CUstream_st* stream : all_streams()) wait_for(stream, stream->given);
    return cudaSuccess;
}

cudaError_t cudaMalloc(void** address, std::size_t bytes) { return allocate(address, bytes, false); }
cudaError_t cudaHostAlloc(void** address, std::size_t bytes, unsigned) { return allocate(address, bytes, true); }
cudaError_t cudaFree(void* address) { return release(address); }
cudaError_t cudaFreeHost(void* address) { return release(address); }
cudaError_t cudaHostGetDevicePointer(void** address, void* host, unsigned) { return *address = host, cudaSuccess; }
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) { return *free = *total = 1U << 30U, cudaSuccess; }

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    count_call("cudaMemcpyAsync");
    const void* const of_device = kind == cudaMemcpyHostToDevice ? to : from;
    const void* const of_host = kind == cudaMemcpyHostToDevice ? from : to;
    const Memory* const device = memory_at(of_device);
    if (bytes > 0 && (device == nullptr || device->is_host)) report("a copy has an address that is not the device's");
    if (const Memory* const host = memory_at(of_host); host != nullptr && !host->is_host)
        report("a copy has an address of the device in the place of the host's");
    const bool with_callers_memory = bytes > 0 && memory_at(of_host) == nullptr;
    std::function<void()> run = [=] {
        if (bytes > 0) std::memcpy(to, from, bytes);
    };
    if (kind == cudaMemcpyHostToDevice && !with_callers_memory) run = nbhybrid::test::fake::unchanged(from, bytes, std::move(run));
    return give_work(stream, {{from, false}, {to, true}}, std::move(run), with_callers_memory);
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
    count_call("cudaMemsetAsync");
    return give_work(stream, {{to, true}}, [=] { std::memset(to, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    state().streams.push_back(std::make_unique<CUstream_st>());
    *stream = state().streams.back().get();
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    count_call("cudaStreamSynchronize");
    return wait_for(stream_of(stream), stream_of(stream)->given);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    count_call("cudaEventRecord");
    CUstream_st* const its = stream_of(stream);
    // Of this record alone: whoever waits for an earlier one keeps that.
    event->clock = std::make_shared<Clock>();
    give_work(stream, {}, [its, clock = event->clock] { *clock = its->known; });
    event->stream = its;
    event->number = its->given;
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    CUstream_st* const its = stream_of(stream);
    if (event->stream == nullptr) return cudaSuccess;
    return give_work(stream, {}, [its, other = event->stream, number = event->number, clock = event->clock] {
        if (other != its) other->run_until(number);
        merge(its->known, *clock);
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    count_call("cudaEventSynchronize");
    if (event->stream == nullptr) return cudaSuccess;
    event->stream->run_until(event->number);
    merge(state().host, *event->clock);
    return cudaSuccess;
}
