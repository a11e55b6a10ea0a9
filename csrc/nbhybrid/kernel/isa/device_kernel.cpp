// What a GPU computes, by the host: the same functions on one pixel after the other, with a product and a sum in one rounding
// exactly where they say so. For tests of the device's code without a device.

#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/isa/bounded_functions.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

template <CrystalShape shape, bool in_float>
DecidedPixel decide_at(const PlanView& plan, const PixelBounds& bounds, int slow, int fast) {
    if (plan.detector.curved_positions != nullptr) return decide_pixel<shape, in_float>(plan, bounds, TabledSweep{}, slow, fast);
    return decide_pixel<shape, in_float>(plan, bounds, PlainSweep{}, slow, fast);
}

template <CrystalShape shape, bool in_float>
bool decide_one_by_one(const PlanView& plan, const VectorMargins& margins, VectorBlock& result) {
    const PixelBounds bounds{margins.relative, margins.absolute_intensity, margins.reach};
    result.undecided = 0;
    result.solid_angles = 0;
    for (int i = 0; i < result.count; ++i) {
        if (margins.is_stopped(margins.sign)) return false;
        const DecidedPixel pixel = decide_at<shape, in_float>(plan, bounds, result.slow, result.fast[i]);
        result.pixels[i] = pixel.value;
        result.solid_angles += pixel.solid_angles;
        if (!pixel.is_decided) result.undecided |= std::uint64_t{1} << static_cast<unsigned>(i);
    }
    return true;
}

#define NBHYBRID_SHAPES(in_float)                                                                           \
    {&decide_one_by_one<CrystalShape::square, in_float>, &decide_one_by_one<CrystalShape::round, in_float>, \
     &decide_one_by_one<CrystalShape::gauss, in_float>, &decide_one_by_one<CrystalShape::tophat, in_float>}

extern const VectorKernel this_vector_kernel;
// A device reduces the reference's phases at once, since it has no second look.
const VectorKernel this_vector_kernel = {NBHYBRID_TEXT(NBHYBRID_ISA),
                                         {{nullptr, nullptr, nullptr, nullptr}, NBHYBRID_SHAPES(false), NBHYBRID_SHAPES(true)},
                                         NBHYBRID_BOUNDED_FUNCTIONS};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
