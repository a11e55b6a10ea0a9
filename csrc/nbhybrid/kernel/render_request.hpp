#pragma once
// The one way to render: what, how and where to are a value, a RenderRequest, that render() answers.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/kernel/sums/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

class Device;

// The plans of the images: the panels of a detector, or a crystal's orientations. They are there already, or each is made when it
// is its turn. May be asked from several threads at once.
class PlanSource {
public:
    PlanSource() = default;
    PlanSource(const PlanSource&) = delete;
    PlanSource& operator=(const PlanSource&) = delete;
    virtual ~PlanSource() = default;

    virtual std::int64_t count() const = 0;
    // Pixels of an image, and about how many steps all images take.
    virtual std::int64_t pixels(std::int64_t number) const = 0;
    virtual double steps() const = 0;
    // A complete one (resolve_carry_over), on so many threads if it has to be made.
    virtual std::shared_ptr<const Plan> plan(std::int64_t number, int threads) const = 0;
};

struct PixelAddress {
    int slow = 0, fast = 0;
};

// How an image is computed. The bits of the exact engine do not depend on the rest.
struct Way {
    Engine engine = Engine::exact;
    bool verify = false;  // compute all pixels that were decided by vector instructions, or by a device, again
    bool vector = true;   // decide them that way where that is possible
};

// A device that decides pixels, and what of the request it has in its memory.
struct DeviceUse {
    enum class Holds { nothing, amplitudes, plans };
    std::shared_ptr<Device> device;
    Holds holds = Holds::nothing;
};

// Whose records are wanted, in any order and as often as they stand there.
struct TraceRequest {
    std::vector<PixelAddress> pixels;
    bool steps = false;
};

// Memory that pixels are written to: an image for each plan, or the only list's values. There may be none: for traces alone.
struct Target {
    std::vector<float*> images;
    bool on_device = false;     // else in the host's memory
    std::uintptr_t stream = 0;  // of the device, whose order the work on its memory follows

    // With one address an image: where there is one for several images, they lie one behind the other from there on.
    Target spread(const PlanSource& plans) const;
};

// What is told beside the pixels, if somebody wants it.
struct Wanted {
    bool solid_angles = false;
    bool finite = false;  // whether all pixels in the host's memory are finite numbers
};

struct RenderRequest {
    // What.
    const PlanSource* plans = nullptr;
    std::optional<std::vector<PixelAddress>>
        pixels;          // of the only plan, these alone, in any order and as often as they stand there
    TraceRequest trace;  // of the only plan
    Wanted wanted;
    // How: without a device, on the processor.
    Way way;
    std::vector<DeviceUse> devices;  // which share the images among themselves
    int threads = 1;
    Watch watch;
    // Where to.
    Target target;
};

// For all of these plans; the caller says where to, on how many threads, and what else is wanted. The plans must outlive it.
inline RenderRequest request_of(const PlanSource& plans, const Way& way, const std::vector<DeviceUse>& devices) {
    RenderRequest request;
    request.plans = &plans, request.way = way, request.devices = devices;
    return request;
}

struct RenderCounts {
    std::int64_t pixels = 0;
    std::int64_t twice = 0;      // by the vector kernel with the wider bounds, then by that with the narrower ones
    std::int64_t undecided = 0;  // by both
    std::int64_t scalar = 0;     // computed by the scalar path: undecided, or not fit for the vector kernel
    std::int64_t wrong = 0;      // decisions, if they were verified

    void add(const RenderCounts& other) {
        pixels += other.pixels;
        twice += other.twice;
        undecided += other.undecided;
        scalar += other.scalar;
        wrong += other.wrong;
    }
};

// Of an image, or of a list of pixels.
struct RenderTotals {
    double solid_angles = 0;  // sum over all sub-pixels and layers of all pixels, steradian
    RenderCounts counts;      // without traced pixels; none of a list
    bool is_finite = true;
};

struct RenderResult {
    std::vector<RenderTotals> images;  // none for traces alone
    std::vector<PixelRecord> records;  // of the traced pixels; of those outside the region or masked, slow and fast alone

    bool is_finite() const;
};

// Fills the target: pixels outside the region or masked become 0. Of several images small ones are rendered side by side, large
// ones with all threads each. Tracing changes no pixel. For images in a device's memory nothing is waited for that the result does
// not depend on. Throws Interrupted if the watch said so, ModelError for a pixel outside the image, SizeError as
// check_trace_size(), DeviceError if a device cannot take a plan.
RenderResult render(const RenderRequest& request);

// Throws SizeError if the steps of so many traced pixels would not fit into memory.
void check_trace_size(const Plan& plan, std::size_t pixels, bool steps);

}  // namespace nbhybrid::kernel
