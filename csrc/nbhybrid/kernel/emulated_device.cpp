#include <algorithm>
#include <cstring>

#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::kernel {

namespace {

bool never(const void*) { return false; }

class EmulatedDevice : public Device {
public:
    std::string name() const override { return "emulated"; }

    void load(const Plan& plan, Engine engine, bool) override {
        const DetectorStage& d = plan.view().detector;
        const Bounds& bounds = plan.bounds();
        pixels_ = static_cast<std::size_t>(d.fast_pixels) * static_cast<std::size_t>(d.slow_pixels);
        margins_ = margins_of(bounds, &never, nullptr);
        const Arithmetic arithmetic = arithmetic_of(plan, engine, false);
        const SquareSines sines = arithmetic == Arithmetic::exact ? SquareSines::of_phases : SquareSines::in_float;
        render_ = vector_kernel("device").render[static_cast<int>(sines)][static_cast<int>(plan.shape())];
        FlatPlan flat(plan, arithmetic);
        flat.fill_squares();
        memory_.resize(flat.bytes());
        for (const FlatPlan::Piece& piece : flat.pieces()) std::memcpy(memory_.data() + piece.offset, piece.from, piece.bytes);
        view_ = flat.at(memory_.data());
    }

    DeviceTotals decide(const DeviceImage& image, const Watch&) override {
        DeviceTotals totals;
        std::fill_n(image.values, pixels_, 0.0F);
        const Region& r = view_.detector.region;
        for (int slow = r.slow_first; slow <= r.slow_last; ++slow)
            for (int fast = r.fast_first; fast <= r.fast_last; ++fast) {
                const PixelIndex pixel = pixel_index(view_, slow, fast);
                if (!is_masked(view_.detector, pixel)) decide_one(pixel, pixel, image.values, totals);
            }
        return totals;
    }

    DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const DeviceImage& values, const Watch&) override {
        DeviceTotals totals;
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            values.values[i] = 0.0F;
            if (!is_masked(view_.detector, pixels[i])) decide_one(pixels[i], static_cast<PixelIndex>(i), values.values, totals);
        }
        return totals;
    }

    void set(const DeviceImage& image, const std::vector<PixelIndex>& places, const std::vector<float>& values) override {
        for (std::size_t i = 0; i < places.size(); ++i) image.values[places[i]] = values[i];
    }

private:
    void decide_one(PixelIndex pixel, PixelIndex place, float* values, DeviceTotals& totals) const {
        if (is_left_to_scalar(view_, pixel)) return;
        VectorBlock block;
        block.slow = static_cast<int>(pixel / view_.detector.fast_pixels);
        block.fast[0] = static_cast<int>(pixel % view_.detector.fast_pixels);
        block.count = 1;
        render_(view_, margins_, block);
        values[place] = block.pixels[0];
        totals.solid_angles += block.solid_angles;
        if (block.undecided != 0) totals.undecided.push_back(place);
    }

    std::size_t pixels_ = 0;
    VectorMargins margins_{};
    VectorRender render_ = nullptr;
    std::vector<unsigned char> memory_;
    PlanView view_{};
};

}  // namespace

std::unique_ptr<Device> emulated_device() { return std::make_unique<EmulatedDevice>(); }

}  // namespace nbhybrid::kernel
