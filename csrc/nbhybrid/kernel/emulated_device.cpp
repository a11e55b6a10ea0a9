#include <algorithm>
#include <cstring>

#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"
#include "nbhybrid/kernel/trace_layout.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::kernel {

namespace device {
extern const TraceKernel this_trace_kernel;
}

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
        bounds_ = {bounds.relative, bounds.absolute_intensity, bounds.reach};
        const bool in_float = engine == Engine::fast && bounds.not_in_float.empty();
        const SquareSines sines = in_float ? SquareSines::in_float : SquareSines::of_phases;
        render_ = vector_kernel("device").render[static_cast<int>(sines)][static_cast<int>(plan.shape())];
        trace_ = device::this_trace_kernel.trace[in_float ? 1 : 0][static_cast<int>(plan.shape())];
        const FlatPlan flat(plan);
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

    std::vector<PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) override {
        std::vector<PixelRecord> records;
        for (const PixelIndex pixel : pixels) {
            const TraceLayout layout(view_, 1, with_steps);
            std::vector<unsigned char> memory(layout.bytes());
            PixelNotes head = layout.heads(view_, &pixel, memory.data()).front();
            trace_(view_, bounds_, head);
            std::memcpy(memory.data(), static_cast<const void*>(&head), sizeof head);
            records.push_back(layout.record(memory.data(), 0));
        }
        return records;
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
    PixelBounds bounds_{};
    VectorRender render_ = nullptr;
    TracePixel trace_ = nullptr;
    std::vector<unsigned char> memory_;
    PlanView view_{};
};

}  // namespace

std::unique_ptr<Device> emulated_device() { return std::make_unique<EmulatedDevice>(); }

}  // namespace nbhybrid::kernel
