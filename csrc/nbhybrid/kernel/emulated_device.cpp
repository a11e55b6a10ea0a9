#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

#include "nbhybrid/core/errors.hpp"
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

class EmulatedDevice : public Device {
public:
    explicit EmulatedDevice(bool double_is_slow) : double_is_slow_(double_is_slow) {}

    std::string name() const override { return "emulated"; }

    void load(const std::vector<const Plan*>& plans, Engine engine, bool) override {
        const std::lock_guard<std::mutex> guard(mutex_);
        const Arithmetic arithmetic = arithmetic_of(plans, engine, double_is_slow_);
        const SquareSines sines = arithmetic == Arithmetic::exact ? SquareSines::of_phases : SquareSines::in_float;
        const char* const level = arithmetic == Arithmetic::floats ? "device_float" : "device";
        const auto shape = static_cast<int>(plans.front()->shape());
        render_ = vector_kernel(level).render[static_cast<int>(sines)][shape];
        trace_ = device::this_trace_kernel.trace[static_cast<int>(arithmetic)][shape];
        bounds_.clear();
        for (const Plan* plan : plans) bounds_.push_back(plan->bounds());
        FlatPlans flat(plans, arithmetic);
        flat.fill_squares();
        memory_.resize(flat.bytes());
        for (const FlatPlans::Piece& piece : flat.pieces()) std::memcpy(memory_.data() + piece.offset, piece.from, piece.bytes);
        table_.resize(flat.table_bytes());
        if (!table_.empty()) std::memcpy(table_.data(), flat.table(), table_.size());
        views_ = flat.at(memory_.data(), table_.data());
    }

    std::vector<DeviceTotals> decide(const Target& target, bool, const Watch& watch) override {
        const std::lock_guard<std::mutex> guard(mutex_);
        std::vector<DeviceTotals> totals(views_.size());
        for (std::size_t i = 0; i < views_.size(); ++i) {
            decide_image(i, target.images[i], totals[i]);
            if (watch && !watch(static_cast<double>(i + 1) / static_cast<double>(views_.size()))) throw Interrupted();
        }
        return totals;
    }

    DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const Target& target, const Watch&) override {
        const std::lock_guard<std::mutex> guard(mutex_);
        DeviceTotals totals;
        const PlanView& view = views_.front();
        float* const values = target.images.front();
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            values[i] = 0.0F;
            if (is_masked(view.detector, pixels[i]) || is_left_to_scalar(view, pixels[i])) continue;
            VectorBlock block;
            block.slow = static_cast<int>(pixels[i] / view.detector.fast_pixels);
            block.fast[block.count++] = static_cast<int>(pixels[i] % view.detector.fast_pixels);
            decide_block(0, block, totals, [&](int) { return static_cast<PixelIndex>(i); }, values);
        }
        return totals;
    }

    std::vector<PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) override {
        const std::lock_guard<std::mutex> guard(mutex_);
        std::vector<PixelRecord> records;
        for (const PixelIndex pixel : pixels) {
            const TraceLayout layout(views_.front(), 1, with_steps);
            // As a device's memory, with nothing in it.
            const std::unique_ptr<unsigned char[]> memory(new unsigned char[layout.bytes()]);
            PixelNotes head = layout.heads(views_.front(), &pixel, memory.get()).front();
            trace_(views_.front(), bounds_.front(), head);
            std::memcpy(memory.get(), static_cast<const void*>(&head), sizeof head);
            records.push_back(layout.record(memory.get(), 0));
        }
        return records;
    }

    void set(const Target&, const std::vector<float*>& places, const std::vector<float>& values) override {
        for (std::size_t i = 0; i < places.size(); ++i) *places[i] = values[i];
    }

private:
    void decide_image(std::size_t image, float* values, DeviceTotals& totals) const {
        const PlanView& view = views_[image];
        const DetectorStage& d = view.detector;
        std::fill_n(values, static_cast<std::size_t>(d.fast_pixels) * static_cast<std::size_t>(d.slow_pixels), 0.0F);
        for (int slow = d.region.slow_first; slow <= d.region.slow_last; ++slow)
            for (int fast = d.region.fast_first; fast <= d.region.fast_last;) {
                VectorBlock block;
                block.slow = slow;
                for (; fast <= d.region.fast_last && block.count < VectorBlock::capacity; ++fast) {
                    const PixelIndex pixel = pixel_index(view, slow, fast);
                    if (!is_masked(d, pixel) && !is_left_to_scalar(view, pixel)) block.fast[block.count++] = fast;
                }
                decide_block(image, block, totals, [&](int i) { return pixel_index(view, slow, block.fast[i]); }, values);
            }
    }

    // By pairs, as a device does where there are many; place(i) says where the value of pixel i of the block goes.
    template <class Place>
    void decide_block(std::size_t image, VectorBlock& block, DeviceTotals& totals, Place place, float* values) const {
        render_(views_[image], bounds_[image], StopCheck{}, block);
        for (int i = 0; i < block.count; ++i) values[place(i)] = block.pixels[i];
        totals.solid_angles += block.solid_angles;
        for (std::uint64_t bits = block.undecided, i = 0; bits != 0; bits >>= 1U, ++i)
            if ((bits & 1U) != 0) totals.undecided.push_back(place(static_cast<int>(i)));
    }

    bool double_is_slow_;
    std::mutex mutex_;
    std::vector<PixelBounds> bounds_;
    VectorRender render_ = nullptr;
    TracePixel trace_ = nullptr;
    std::vector<unsigned char> memory_;
    std::vector<unsigned char> table_;
    std::vector<PlanView> views_;
};

}  // namespace

std::unique_ptr<Device> emulated_device(bool double_is_slow) { return std::make_unique<EmulatedDevice>(double_is_slow); }

}  // namespace nbhybrid::kernel
