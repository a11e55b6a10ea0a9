#pragma once
// The reference's random numbers, type by type: the bits of the mosaic domains and of the noise depend on which intermediates are
// float32.

#include <array>
#include <cstdint>
#include <vector>

namespace nbhybrid {

// The state of one stream: zero or negative before its first use, the generator's last integer afterwards.
using StreamState = std::int64_t;

// All streams share one shuffle table, as in the reference: how a stream goes on depends on what other streams have drawn. A
// stream that begins with a positive state does not fill the table anew unless nobody has filled it yet. One object serves one
// run.
class SharedDeviates {
public:
    // On (0, 1), never above 1 - 1.2e-7. Minimal standard generator of Park & Miller (CACM 31 (1988) 1192) with the shuffle
    // of Bays & Durham.
    float uniform(StreamState& state);
    // Mean 0, standard deviation 1 (polar method); every second call returns the spare of the one before.
    float gaussian(StreamState& state);
    // Whole numbers up to a mean of 1e6, above it a normal approximation. Means below 12: product of uniform deviates; others:
    // rejection under a Lorentzian.
    float poisson(float mean, StreamState& state);

private:
    void fill(StreamState& state);
    float poisson_by_product(float mean, StreamState& state);
    float poisson_by_rejection(float mean, StreamState& state);
    float log_factorial(float count);

    std::int64_t last_ = 0;
    std::array<std::int64_t, 32> table_{};
    bool has_spare_ = false;
    float spare_ = 0.0F;
    // What the Poisson methods remember of the last mean. Both share the mean, and the second number of one is the first of the
    // other.
    float last_mean_ = -1.0F;
    float exponential_ = 0.0F;  // exp(-mean), or the logarithm of the peak of the comparison function
    float width_ = 0.0F;
    float log_mean_ = 0.0F;
    std::vector<float> log_factorials_;  // as far as they have been needed
};

}  // namespace nbhybrid
