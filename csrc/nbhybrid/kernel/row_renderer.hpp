#pragma once
// Renders pixels of a row: by the vector kernel where that decides them, and all others by the reference's own operations.

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/kernel/sums/reference_sum.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"

namespace nbhybrid::kernel {

template <physics::CrystalShape shape>
class RowRenderer {
public:
    RowRenderer(const Plan& plan, const Way& way, const StopSign& stop)
        : view_(plan.view()), way_(way), stop_(stop), bounds_(plan.bounds()), is_stopped_{&is_up, &stop} {
        if (way.vector && plan.bounds().unsupported_option.empty()) choose_kernels(plan.bounds());
        some_are_left_ = view_.carry_over.first_sweep != no_pixel || view_.crystal.interpolate;
    }

    // values[i] for the pixel fast[i], in rising order and none of them masked. Returns the sum of their solid angles.
    double render(int slow, const std::vector<int>& fast, float* values) {
        double solid_angles = 0;
        counts_.pixels += static_cast<std::int64_t>(fast.size());
        left_.clear();
        undecided_.clear();
        if (vector_ == nullptr) {
            left_.resize(fast.size());
            std::iota(left_.begin(), left_.end(), std::size_t{0});
        }
        for (std::size_t next = 0; vector_ != nullptr && next < fast.size() && !stop_.is_up();)
            solid_angles += decide_some(slow, fast, next, values);
        look_again(slow, fast, values);
        counts_.undecided += static_cast<std::int64_t>(undecided_.size());
        counts_.scalar += static_cast<std::int64_t>(left_.size() + undecided_.size());
        for (std::size_t next = 0; next < left_.size() && !stop_.is_up();)
            solid_angles += render_some(slow, fast, left_, next, values);
        for (std::size_t next = 0; next < undecided_.size() && !stop_.is_up();) render_some(slow, fast, undecided_, next, values);
        return solid_angles;
    }

    const RenderCounts& counts() const { return counts_; }

private:
    static bool is_up(const void* sign) { return static_cast<const StopSign*>(sign)->is_up(); }

    void choose_kernels(const Bounds& bounds) {
        const auto kernel = [](SquareSines sines) {
            return vector_kernel().render[static_cast<int>(sines)][static_cast<std::size_t>(shape)];
        };
        if (way_.engine == Engine::fast && bounds.unsupported_in_float.empty()) {
            vector_ = kernel(SquareSines::in_float);
            return;
        }
        second_ = kernel(SquareSines::of_phases);
        vector_ = kernel(SquareSines::of_offsets);
        if (vector_ == nullptr) std::swap(vector_, second_);
    }

    // Whether the pixel needs what the vector kernel does not do.
    bool is_left(PixelIndex pixel) const {
        const CarryOver& c = view_.carry_over;
        return pixel == c.first_sweep || (view_.crystal.interpolate && pixel <= c.interpolation_ends);
    }

    double decide_some(int slow, const std::vector<int>& fast, std::size_t& next, float* values) {
        VectorBlock& block = vector_block_;
        block.slow = slow;
        std::size_t first = next;
        if (some_are_left_)
            for (; first < fast.size() && is_left(pixel_index(view_, slow, fast[first])); ++first) left_.push_back(first);
        next = std::min(first + VectorBlock::capacity, fast.size());
        if (some_are_left_)
            for (std::size_t i = first; i < next; ++i)
                if (is_left(pixel_index(view_, slow, fast[i]))) next = i;
        block.count = static_cast<int>(next - first);
        std::copy_n(fast.data() + first, block.count, block.fast);
        std::fill(block.fast + block.count, block.fast + VectorBlock::capacity, fast[first < fast.size() ? first : 0]);
        if (block.count == 0 || !vector_(view_, bounds_, is_stopped_, block)) return 0;
        std::copy_n(block.pixels, block.count, values + first);
        for (std::uint64_t bits = block.undecided, i = 0; bits != 0; bits >>= 1U, ++i)
            if ((bits & 1U) != 0) undecided_.push_back(first + i);
        if (way_.verify) {
            std::vector<std::size_t> places(static_cast<std::size_t>(block.count));
            std::iota(places.begin(), places.end(), first);
            verify(block, places, 0, values, fast);
        }
        return block.solid_angles;
    }

    // Pixels that were left undecided, by the kernel with the narrower bounds.
    void look_again(int slow, const std::vector<int>& fast, float* values) {
        if (second_ == nullptr || undecided_.empty()) return;
        counts_.twice += static_cast<std::int64_t>(undecided_.size());
        const std::vector<std::size_t> places = std::move(undecided_);
        undecided_.clear();
        VectorBlock& block = vector_block_;
        block.slow = slow;
        for (std::size_t next = 0; next < places.size() && !stop_.is_up(); next += static_cast<std::size_t>(block.count)) {
            block.count = static_cast<int>(std::min<std::size_t>(VectorBlock::capacity, places.size() - next));
            for (int i = 0; i < VectorBlock::capacity; ++i)
                block.fast[i] = fast[places[next + static_cast<std::size_t>(i < block.count ? i : 0)]];
            if (!second_(view_, bounds_, is_stopped_, block)) return;
            for (int i = 0; i < block.count; ++i) {
                const std::size_t place = places[next + static_cast<std::size_t>(i)];
                values[place] = block.pixels[i];
                if (((block.undecided >> static_cast<unsigned>(i)) & 1U) != 0) undecided_.push_back(place);
            }
            if (way_.verify) verify(block, places, next, values, fast);
        }
    }

    // Computes decided pixels again and counts those that differ.
    void verify(const VectorBlock& block, const std::vector<std::size_t>& places, std::size_t first, const float* values,
                const std::vector<int>& fast) {
        std::vector<std::size_t> decided;
        for (unsigned i = 0; i < static_cast<unsigned>(block.count); ++i)
            if (((block.undecided >> i) & 1U) == 0) decided.push_back(places[first + i]);
        std::vector<float> again(fast.size());
        for (std::size_t next = 0; next < decided.size() && !stop_.is_up();)
            render_some(block.slow, fast, decided, next, again.data());
        if (stop_.is_up()) return;
        for (const std::size_t place : decided)
            if (std::memcmp(&again[place], &values[place], sizeof(float)) != 0) ++counts_.wrong;
    }

    // Of `left` from `next` on.
    double render_some(int slow, const std::vector<int>& fast, const std::vector<std::size_t>& left, std::size_t& next,
                       float* values) {
        std::size_t places[block_width];
        float pixels[block_width];
        int count = 0;
        for (bool alone = false; next < left.size() && count < block_width && !alone; ++next) {
            const int its_fast = fast[left[next]];
            alone = carries_state(view_, pixel_index(view_, slow, its_fast));
            if (count > 0 && alone) break;
            places[count] = left[next];
            if (count == 0) begin_block(slow, its_fast, block_);
            else block_.fast[count] = its_fast;
            block_.count = ++count;
        }
        NoTrace none;
        const double solid_angles = render_block<shape>(view_, block_, stop_, none, pixels);
        for (int i = 0; i < block_.count; ++i) values[places[i]] = pixels[i];
        return solid_angles;
    }

    const PlanView& view_;
    const Way way_;
    const StopSign& stop_;
    const PixelBounds bounds_;
    const StopCheck is_stopped_;
    VectorRender vector_ = nullptr, second_ = nullptr;
    bool some_are_left_ = false;
    VectorBlock vector_block_;
    std::vector<std::size_t> left_, undecided_;  // places of pixels for the scalar path
    PixelBlock<block_width> block_;
    RenderCounts counts_;
};

}  // namespace nbhybrid::kernel
