// What a GPU computes, by the host: the same functions on one pair of pixels after the other, with a product and a sum in one
// rounding exactly where they say so; on one pixel after the other whose orientations the lanes of a warp share; and without double
// in the loop over orientations. For tests of the device's code without a device.

#include "nbhybrid/kernel/device_pixel.hpp"
#include "nbhybrid/kernel/isa/bounded_functions.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// One lane of a warp that shares a pixel. The last one to finish adds up the sums of all, in the order of the device.
template <class MathT>
struct LaneSweep : PlainSweep<MathT> {
    static constexpr int lanes = 32;

    template <class Block, class Sum>
    bool run(const PlanView& plan, const SupportRadius&, const Block& block, Sum& sum) const {
        const OrientationStage& o = plan.orientation;
        const std::int64_t all = static_cast<std::int64_t>(o.n_phi) * o.n_domains;
        for (std::int64_t i = lane; i < all; i += lanes) sum.step(block, 0, 0, later_orientation(o, i));
        return true;
    }

    PixelTotal combine(const PixelTotal& mine) const {
        totals[lane] = mine;
        for (int offset = lanes / 2; lane == lanes - 1 && offset > 0; offset /= 2)
            for (int i = 0; i < offset; ++i) {
                totals[i].intensity += totals[i + offset].intensity;
                totals[i].error += totals[i + offset].error;
            }
        return totals[0];
    }

    int lane;
    PixelTotal* totals;
};

struct ByPairs {
    static constexpr int most_pixels = 2;

    template <physics::CrystalShape shape, Arithmetic arithmetic, class Math, int pixels>
    static DecidedPixels<pixels> decide(const PlanView& plan, const PixelBounds& bounds, int slow, const Lanes<int, pixels>& fast) {
        return decide_pixels<arithmetic, shape, pixels>(plan, bounds, PlainSweep<Math>{}, slow, fast);
    }
};

struct ByLanes {
    static constexpr int most_pixels = 1;

    template <physics::CrystalShape shape, Arithmetic arithmetic, class Math, int pixels>
    static DecidedPixels<pixels> decide(const PlanView& plan, const PixelBounds& bounds, int slow, const Lanes<int, pixels>& fast) {
        using Sweep = LaneSweep<Math>;
        PixelTotal totals[Sweep::lanes];
        DecidedPixels<pixels> decided;
        for (int lane = 0; lane < Sweep::lanes; ++lane)
            decided = decide_pixels<arithmetic, shape, pixels>(plan, bounds, Sweep{{}, lane, totals}, slow, fast);
        return decided;
    }
};

// The `fast` engine without double, where there is a version.
struct ByPairsInFloat : ByPairs {
    template <physics::CrystalShape shape, Arithmetic arithmetic, class Math, int pixels>
    static DecidedPixels<pixels> decide(const PlanView& plan, const PixelBounds& bounds, int slow, const Lanes<int, pixels>& fast) {
        if constexpr (terms::Shape<shape>::has_pair_version)
            if (terms::pairs_suffice(plan.crystal.largest_index, plan.crystal.cells)) {
                if (plan.crystal.amplitudes.squares != nullptr)
                    return decide_pixels<Arithmetic::floats, shape, pixels>(plan, bounds, PlainSweep<Math, true>{}, slow, fast);
                return decide_pixels<Arithmetic::floats, shape, pixels>(plan, bounds, PlainSweep<Math>{}, slow, fast);
            }
        return ByPairs::decide<shape, arithmetic, Math, pixels>(plan, bounds, slow, fast);
    }
};

// Pixels first ... first + pixels - 1 of a block.
template <physics::CrystalShape shape, Arithmetic arithmetic, class Way, int pixels>
void decide_some(const PlanView& plan, const PixelBounds& bounds, VectorBlock& result, int first) {
    Lanes<int, pixels> fast;
    for (int i = 0; i < pixels; ++i) fast[i] = result.fast[first + i];
    const DecidedPixels<pixels> decided =
        plan.detector.curved_positions != nullptr
            ? Way::template decide<shape, arithmetic, TabledMath, pixels>(plan, bounds, result.slow, fast)
            : Way::template decide<shape, arithmetic, BoundedMath, pixels>(plan, bounds, result.slow, fast);
    for (int i = 0; i < pixels; ++i) {
        const DecidedPixel& pixel = decided.of[i];
        result.pixels[first + i] = pixel.value;
        result.solid_angles += pixel.solid_angles;
        if (!pixel.is_decided) result.undecided |= std::uint64_t{1} << static_cast<unsigned>(first + i);
    }
}

template <physics::CrystalShape shape, Arithmetic arithmetic, class Way>
bool decide_block(const PlanView& plan, const PixelBounds& bounds, const StopCheck& is_stopped, VectorBlock& result) {
    constexpr int most = Way::most_pixels;
    result.undecided = 0;
    result.solid_angles = 0;
    for (int first = 0; first < result.count; first += most) {
        if (is_stopped()) return false;
        if (first + most <= result.count) decide_some<shape, arithmetic, Way, most>(plan, bounds, result, first);
        else decide_some<shape, arithmetic, Way, 1>(plan, bounds, result, first);
    }
    return true;
}

template <Arithmetic arithmetic, class Way>
constexpr RenderOfShapes all_shapes() {
    return terms::of_each_shape([](auto shape) -> VectorRender { return &decide_block<decltype(shape)::value, arithmetic, Way>; });
}

extern const VectorKernel this_vector_kernel;
const VectorKernel this_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA),
    {RenderOfShapes{}, all_shapes<Arithmetic::exact, ByPairs>(), all_shapes<Arithmetic::mixed, ByPairs>()},
    NBHYBRID_BOUNDED_FUNCTIONS};

extern const VectorKernel split_vector_kernel;
const VectorKernel split_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA) "_split",
    {RenderOfShapes{}, all_shapes<Arithmetic::exact, ByLanes>(), all_shapes<Arithmetic::mixed, ByLanes>()},
    NBHYBRID_BOUNDED_FUNCTIONS};

extern const VectorKernel float_vector_kernel;
const VectorKernel float_vector_kernel = {
    NBHYBRID_TEXT(NBHYBRID_ISA) "_float",
    {RenderOfShapes{}, all_shapes<Arithmetic::exact, ByPairs>(), all_shapes<Arithmetic::mixed, ByPairsInFloat>()},
    NBHYBRID_BOUNDED_FUNCTIONS};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
