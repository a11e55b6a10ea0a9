#pragma once
// Derivatives of the pixels of an image with respect to the numbers of its plan, on threads. The same bits for any number of them:
// the image is cut into pieces by its size alone, and their sums are added in the order of the pieces.

#include <cstdint>
#include <vector>

#include "nbhybrid/kernel/parallel.hpp"
#include "nbhybrid/kernel/slopes/slope_kernel.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/plan/plan_numbers.hpp"

namespace nbhybrid::kernel {

// What a sum of pixels, each times its upstream number, changes with.
struct Cotangent {
    PlanNumbers numbers;
    // Of the squares of the table's amplitudes, in the order of the table; none if nobody wants them.
    std::vector<double> squares;
};

struct SlopeWay {
    int threads = 1;
    Watch watch;
};

// Of the whole region: `upstream` has a number for each pixel of the image; those outside the region or masked do not count.
Cotangent pull(const Plan& plan, const double* upstream, bool wants_squares, const SlopeWay& way);

// Pixels of the image in `pixels`, or all of it, in order. `values`, if it is not null, becomes the pixels before they are rounded
// to float32; `slopes` how each changes along each direction, one after the other. Pixels outside the region or masked become 0.
struct PixelPlace {
    int slow = 0, fast = 0;
};
void push(const Plan& plan, const std::vector<PixelPlace>* pixels, const std::vector<Tangent>& tangents, double* values,
          double* slopes, const SlopeWay& way);

}  // namespace nbhybrid::kernel
