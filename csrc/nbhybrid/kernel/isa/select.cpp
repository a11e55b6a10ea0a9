#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/slopes/slope_kernel.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::kernel {

namespace baseline {
extern const VectorKernel this_vector_kernel;
extern const SlopeKernel this_slope_kernel;
}  // namespace baseline
#ifdef NBHYBRID_X86_LEVELS
namespace v2 {
extern const VectorKernel this_vector_kernel;
extern const SlopeKernel this_slope_kernel;
}  // namespace v2
namespace v3 {
extern const VectorKernel this_vector_kernel;
extern const SlopeKernel this_slope_kernel;
}  // namespace v3
namespace v4 {
extern const VectorKernel this_vector_kernel;
extern const SlopeKernel this_slope_kernel;
}  // namespace v4
#endif
namespace device {
extern const VectorKernel this_vector_kernel, split_vector_kernel, float_vector_kernel;
}

namespace {

struct Level {
    const VectorKernel* kernel;
    const SlopeKernel* slopes;
    bool runs_here;
};

// From the best to the one that every processor has; and those that do what a GPU does, for tests.
std::vector<Level> levels() {
    std::vector<Level> all;
#ifdef NBHYBRID_X86_LEVELS
    __builtin_cpu_init();
    const bool has_v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool has_v3 = has_v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool has_v4 = has_v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
    all.push_back({&v4::this_vector_kernel, &v4::this_slope_kernel, has_v4});
    all.push_back({&v3::this_vector_kernel, &v3::this_slope_kernel, has_v3});
    all.push_back({&v2::this_vector_kernel, &v2::this_slope_kernel, has_v2});
#endif
    all.push_back({&baseline::this_vector_kernel, &baseline::this_slope_kernel, true});
    all.push_back({&device::this_vector_kernel, &baseline::this_slope_kernel, true});
    all.push_back({&device::split_vector_kernel, &baseline::this_slope_kernel, true});
    all.push_back({&device::float_vector_kernel, &baseline::this_slope_kernel, true});
    return all;
}

Level chosen_level(const char* wanted) {
    std::string known;
    for (const Level& level : levels()) {
        known += std::string(known.empty() ? "" : ", ") + level.kernel->isa;
        if (wanted == nullptr || *wanted == 0) {
            if (level.runs_here) return level;
        } else if (std::strcmp(wanted, level.kernel->isa) == 0) {
            if (level.runs_here) return level;
            throw ModelError(std::string("NBHYBRID_ISA: this processor cannot run ") + wanted);
        }
    }
    throw ModelError(std::string("NBHYBRID_ISA: found ") + wanted + ", expected one of " + known);
}

const Level& level_of_this_process() {
    static const Level level = chosen_level(std::getenv("NBHYBRID_ISA"));
    return level;
}

}  // namespace

const VectorKernel& vector_kernel() { return *level_of_this_process().kernel; }

const VectorKernel& vector_kernel(const char* isa) { return *chosen_level(isa).kernel; }

const SlopeKernel& slope_kernel() { return *level_of_this_process().slopes; }

}  // namespace nbhybrid::kernel
