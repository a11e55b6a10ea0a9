// The kernels of cuda/*.cu for the runtime of tests: the device's functions, run by the host when the stream gets to them.

#include <cmath>

#include "fake_runtime.hpp"
#include "launch.hpp"
#include "nbhybrid/kernel/device_place.hpp"
#include "nbhybrid/kernel/device_trace.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::kernel::device {
extern const TraceKernel this_trace_kernel;
}

namespace nbhybrid::cuda {

namespace fake = test::fake;
using kernel::DeviceLaunch;

namespace {

// Of one image.
void decide(const DeviceLaunch& launch, const kernel::DeviceImageJob& job, kernel::VectorRender render, double* solid_angles) {
    double sum = 0;
    for (std::int64_t number = launch.work.first; number < launch.work.first + launch.work.count; ++number) {
        const kernel::Place place = kernel::place_of(job, launch.work, number);
        if (!place.counts) continue;
        kernel::VectorBlock block;
        block.slow = place.slow;
        block.fast[0] = place.fast;
        block.count = 1;
        render(job.plan, job.bounds, kernel::StopCheck{}, block);
        const bool is_left =
            launch.output.n_undecided != nullptr && (block.undecided != 0 || (fake::one_in > 0 && place.where % fake::one_in == 0));
        job.values[place.where] = is_left ? std::nanf("") : block.pixels[0];
        sum += block.solid_angles;
        if (is_left) kernel::list_undecided(launch.output, (*launch.output.n_undecided)++, job.first_number + place.where);
    }
    if (solid_angles != nullptr) *solid_angles = sum;
}

void run(const DeviceLaunch& launch, const LaunchSize& size, kernel::VectorRender render) {
    double* sums = launch.output.solid_angles;
    for (int image = 0; image < launch.images; ++image) {
        decide(launch, launch.images > 1 ? launch.jobs[image] : launch.only, render, sums);
        for (std::int64_t block = 1; sums != nullptr && block < size.blocks; ++block) sums[block] = 0;
        if (sums != nullptr) sums += size.blocks;
    }
}

std::vector<fake::Touch> touches_of(const PlanView& plan) {
    return {{plan.orientation.later_sweep_table, false}, {plan.orientation.later_sweep, false}, {plan.orientation.domains, false},
            {plan.crystal.amplitudes.values, false},     {plan.detector.mask, false},           {plan.beam.sources, false},
            {plan.detector.curved_positions, false}};
}

cudaError_t launch(const DeviceLaunch& given, physics::CrystalShape shape, const LaunchSize& size, cudaStream_t stream,
                   bool decides, const char* level) {
    std::vector<fake::Touch> touches = touches_of(given.only.plan);
    touches.insert(touches.end(), {{given.only.values, true}, {given.work.list, false}, {given.output.solid_angles, true}});
    if (given.images > 1) touches.push_back({given.jobs, false});
    if (decides) touches.insert(touches.end(), {{given.output.n_undecided, true}, {given.output.undecided, true}});
    const auto sines = decides ? kernel::SquareSines::of_phases : kernel::SquareSines::in_float;
    const kernel::VectorRender render = kernel::vector_kernel(level).render[static_cast<int>(sines)][static_cast<int>(shape)];
    DeviceLaunch told = given;
    if (!decides) told.output.n_undecided = nullptr;
    return fake::give(stream, std::move(touches), [told, size, render] {
        if (fake::computes) run(told, size, render);
    });
}

cudaError_t launch_trace(const TraceLaunch& trace, physics::CrystalShape shape, kernel::Arithmetic arithmetic,
                         cudaStream_t stream) {
    std::vector<fake::Touch> touches = touches_of(trace.plan);
    touches.push_back({trace.notes, true});
    const kernel::TracePixel its = kernel::device::this_trace_kernel.trace[static_cast<int>(arithmetic)][static_cast<int>(shape)];
    return fake::give(stream, std::move(touches), [trace, its] {
        for (int i = 0; i < trace.count; ++i) its(trace.plan, trace.bounds, trace.notes[i]);
    });
}

}  // namespace

LaunchSize launch_size(std::int64_t places, int, std::int64_t, int) {
    constexpr std::int64_t places_of_block = 100;
    return {(places + places_of_block - 1) / places_of_block, 0, Share::singles};
}

cudaError_t launch_exact(const DeviceLaunch& given, physics::CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch(given, shape, size, stream, true, "device");
}
cudaError_t launch_fast(const DeviceLaunch& given, physics::CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch(given, shape, size, stream, false, "device");
}
cudaError_t launch_float(const DeviceLaunch& given, physics::CrystalShape shape, const LaunchSize& size, cudaStream_t stream) {
    return launch(given, shape, size, stream, false, "device_float");
}

cudaError_t launch_trace_exact(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace(trace, shape, kernel::Arithmetic::exact, stream);
}
cudaError_t launch_trace_fast(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace(trace, shape, kernel::Arithmetic::mixed, stream);
}
cudaError_t launch_trace_float(const TraceLaunch& trace, physics::CrystalShape shape, cudaStream_t stream) {
    return launch_trace(trace, shape, kernel::Arithmetic::floats, stream);
}

cudaError_t launch_set(const PlacedValue* given, std::int64_t count, cudaStream_t stream) {
    std::vector<fake::Touch> touches{{given, false}};
    if (count > 0) touches.push_back({given->place, true});
    return fake::give(stream, std::move(touches),
                      fake::unchanged(given, static_cast<std::size_t>(count) * sizeof(PlacedValue), [=] {
                          for (std::int64_t i = 0; i < count; ++i) *given[i].place = given[i].value;
                      }));
}

cudaError_t launch_tell(const kernel::DeviceCount* count, kernel::DeviceCount* told, cudaStream_t stream) {
    return fake::give(stream, {{count, false}, {told, true}}, [=] { *told = *count; });
}

}  // namespace nbhybrid::cuda
