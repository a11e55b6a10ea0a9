#pragma once
// What the terms of pixels are added to: one of these is a parameter of a Sum. Each has
//
//   enter_source(block), leave_source(factors), end()  before the first and after the last term of a source; after all sources
//   so_far(i, factors), total(i)                       a pixel's intensity while a source adds to it; its sum after the end
//   add(i, term)                                       and what else the terms that it is for have to add

#include "nbhybrid/core/host_device.hpp"
#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/kernel/sums/decision.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/numerics/multiply_add.hpp"
#include "nbhybrid/plan/bounds.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// In double; with an error besides relative ones, if the terms have such.
template <class Block, bool has_error>
class alignas(Block::alignment) PlainSums {
public:
    NBHYBRID_HOST_DEVICE PlainSums(const PixelBounds&, double) {
        for (int i = 0; i < Block::capacity; ++i) intensity_[i] = 0.0;
        for (int i = 0; has_error && i < Block::capacity; ++i) error_[i] = 0.0;
    }

    NBHYBRID_HOST_DEVICE void add(int i, double term) { intensity_[i] += term; }
    NBHYBRID_HOST_DEVICE void add_error(int i, double error) { error_[i] += error; }

    NBHYBRID_HOST_DEVICE void enter_source(const Block&) {}
    NBHYBRID_HOST_DEVICE void leave_source(const PixelFactors<Block>&) {}
    NBHYBRID_HOST_DEVICE void end() {}
    NBHYBRID_HOST_DEVICE double so_far(int i, const PixelFactors<Block>&) const { return intensity_[i]; }
    NBHYBRID_HOST_DEVICE PixelTotal total(int i) const { return {intensity_[i], has_error ? error_[i] : 0.0}; }

private:
    Lanes<double, Block::capacity> intensity_;
    Lanes<double, has_error ? Block::capacity : 1> error_;
};

// In double, with what a shift of the phases would do to the intensity: the reference's differ from ours by roundings in proportion
// to the scattering vector.
template <class Block>
class alignas(Block::alignment) PhaseSlopeSums {
public:
    PhaseSlopeSums(const PixelBounds& bounds, double) : half_(0.501 * bounds.shift_per_scattering) {
        for (int i = 0; i < Block::capacity; ++i) intensity_[i] = 0.0, slope_[i] = 0.0, largest_square_[i] = 0.0;
    }

    NBHYBRID_HOST_DEVICE void add(int i, double term) { intensity_[i] += term; }
    NBHYBRID_HOST_DEVICE void add_slope(int i, double slope) { slope_[i] += slope; }

    void enter_source(const Block& block) {
        for (int i = 0; i < block.count; ++i)
            largest_square_[i] = larger(dot(block.scattering[i], block.scattering[i]), largest_square_[i]);
    }
    void leave_source(const PixelFactors<Block>&) {}
    void end() {
        centre_ = largest_square_[0] > 0.0 ? __builtin_sqrt(largest_square_[0]) : 1.0;
        inverse_ = 1.0 / centre_;
    }

    // The length s of a scattering vector is at most (s^2 / c + c) / 2, for any c.
    NBHYBRID_HOST_DEVICE PixelTotal total(int i) const {
        return {intensity_[i], slope_[i] * (half_ * numerics::multiply_add(largest_square_[i], inverse_, centre_))};
    }

private:
    double intensity_[Block::capacity], slope_[Block::capacity];
    double largest_square_[Block::capacity];  // of the scattering vectors
    double half_, centre_ = 1.0, inverse_ = 1.0;
};

// The terms of a source in float32, and all sources in double.
template <class Block>
class CompensatedSums {
public:
    // `unit`: what the terms are counted in.
    NBHYBRID_HOST_DEVICE CompensatedSums(const PixelBounds&, double unit) : unit_(unit) {
        for (int i = 0; i < Block::capacity; ++i) intensity_[i] = 0.0, sum_[i] = 0.0F, missing_[i] = 0.0F;
    }

    // What a sum lacks is added to the next term (W. Kahan).
    NBHYBRID_HOST_DEVICE void add(int i, float term) {
        const float whole_term = term - missing_[i], sum = sum_[i] + whole_term;
        missing_[i] = (sum - sum_[i]) - whole_term;
        sum_[i] = sum;
    }
    NBHYBRID_HOST_DEVICE void add(int i, const numerics::FloatPair& term) {
        add(i, term.high);
        missing_[i] -= term.low;
    }

    NBHYBRID_HOST_DEVICE void enter_source(const Block&) {
        for (int i = 0; i < Block::capacity; ++i) sum_[i] = 0.0F, missing_[i] = 0.0F;
    }
    NBHYBRID_HOST_DEVICE void leave_source(const PixelFactors<Block>& factors) {
        for (int i = 0; i < Block::capacity; ++i) intensity_[i] = so_far(i, factors);
    }
    NBHYBRID_HOST_DEVICE void end() {}
    NBHYBRID_HOST_DEVICE double so_far(int i, const PixelFactors<Block>& factors) const {
        const double sum = unit_ * (static_cast<double>(sum_[i]) - static_cast<double>(missing_[i]));
        return factors.weight(i) != 0.0 ? intensity_[i] + sum * factors.weight(i) : intensity_[i];
    }
    NBHYBRID_HOST_DEVICE PixelTotal total(int i) const { return {intensity_[i], 0.0}; }

private:
    double unit_;
    Lanes<double, Block::capacity> intensity_;
    Lanes<float, Block::capacity> sum_, missing_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
