#pragma once
// Renders the region of an image on the CPU.

#include <vector>

#include "nbhybrid/core/engine.hpp"
#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/kernel/trace_policy.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Pixels that go through the loops together.
inline constexpr int block_width = 64;

struct TraceRequest {
    // slow and fast of the pixels to trace are set; the rest is filled in for those inside the region and not masked.
    std::vector<PixelRecord> pixels;
    bool steps = false;
};

// How an image is computed. The bits of the exact engine do not depend on the rest.
struct Way {
    Engine engine = Engine::exact;
    bool verify = false;  // compute all pixels that were decided by vector instructions again
    bool vector = true;   // decide them that way where that is possible
};

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

struct RenderTotals {
    double solid_angles = 0;  // sum over all sub-pixels and layers of all pixels, steradian
    RenderCounts counts;      // without traced pixels
};

// `image` holds a float for each pixel of the detector; pixels outside the region or masked are left as they are. The plan must
// be complete (resolve_carry_over). Throws Interrupted.
RenderTotals render(const Plan& plan, float* image, TraceRequest& traces, int threads, StopSign& stop, const Watch& watch,
                    const Way& way = {});

struct PixelAddress {
    int slow = 0, fast = 0;
};

// Renders these pixels alone, in any order and as often as they stand there: values[i] is what the image holds at pixels[i]. Those
// outside the region or masked are 0. All must lie in the image. Throws Interrupted.
void render_pixels(const Plan& plan, const std::vector<PixelAddress>& pixels, float* values, int threads, StopSign& stop,
                   const Watch& watch, const Way& way = {});

// Whether the pixel lies in the region and is not masked.
bool is_rendered(const PlanView& plan, int slow, int fast);

// Renders one pixel into its record.
void trace_pixel(const Plan& plan, PixelRecord& record, bool steps);

}  // namespace nbhybrid::kernel
