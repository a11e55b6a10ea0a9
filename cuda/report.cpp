#include "report.hpp"

#include <cstdlib>

#include "launch.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::cuda {

namespace {

// Fewer than 100 pixels of a million are undecided (docs/exactness.md): what 160 million pixels leave.
constexpr kernel::DeviceCount usual_room = 1U << 14U;

kernel::DeviceCount room_of_report() {
    const char* const said = std::getenv("NBHYBRID_UNDECIDED_ROOM");
    if (said == nullptr || *said == 0) return usual_room;
    char* end = nullptr;
    const unsigned long long room = std::strtoull(said, &end, 10);
    if (*end != 0 || *said < '0' || *said > '9' || room > usual_room)
        throw DeviceError(format("NBHYBRID_UNDECIDED_ROOM: found %s, expected a number of pixels, at most %llu", said, usual_room));
    return room;
}

}  // namespace

Report::Report() : room_(room_of_report()) {}

void Report::open(std::size_t sums, cudaStream_t stream) {
    count_.reserve(sizeof(kernel::DeviceCount));
    told_.reserve(head_bytes + room_ * sizeof(PixelIndex));
    wants_sums_ = sums > 0;
    sums_.reserve(sums * sizeof(double));
    check(cudaMemsetAsync(count_.as<void>(), 0, sizeof(kernel::DeviceCount), stream), "clearing the count");
}

kernel::DeviceOutput Report::output(std::size_t first_sum) const {
    double* const sums = wants_sums_ ? sums_.as_seen_by_kernels<double>() + first_sum : nullptr;
    return {list_in(told_.as_seen_by_kernels<unsigned char>()), count_.as<kernel::DeviceCount>(), room_, sums};
}

void Report::close(cudaStream_t stream) {
    check(launch_tell(count_.as<kernel::DeviceCount>(), told_.as_seen_by_kernels<kernel::DeviceCount>(), stream),
          "telling the count");
}

kernel::DeviceOutput Report::reopen(std::size_t pixels, cudaStream_t stream) {
    spare_.reserve(pixels * sizeof(PixelIndex));
    open(0, stream);
    return {spare_.as<PixelIndex>(), count_.as<kernel::DeviceCount>(), pixels, nullptr};
}

}  // namespace nbhybrid::cuda
