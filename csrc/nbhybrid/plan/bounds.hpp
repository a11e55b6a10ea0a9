#pragma once
// How far the vector kernel's sums may be from the reference's: computed from the sizes of the run. docs/exactness.md derives them.

#include <string>

namespace nbhybrid {

class Plan;

struct Bounds {
    // Of a pixel before the factors that have errors of their own, relative.
    double relative = 0;
    // Of a pixel's intensity, absolute: what terms that underflow may lack.
    double absolute_intensity = 0;
    // Why the vector kernel cannot take this run, for people; empty if it can.
    std::string unusable;
};

Bounds bounds_of(const Plan& plan);

}  // namespace nbhybrid
