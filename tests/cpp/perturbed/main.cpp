// Prints the trace of a pixel with an error planted in one factor, for the tests of the comparison of traces:
//
//     nbhybrid_perturbed NAME FACTOR SLOW FAST options...
//
// NAME is a quantity of the trace; every time the kernel computes it, it is multiplied by FACTOR ("none" plants nothing).

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "nbhybrid/core/perturb.hpp"
#include "nbhybrid/kernel/carry_over.hpp"
#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/plan/plan.hpp"
#include "nbhybrid/trace/text.hpp"

namespace {

std::string planted_name;
double planted_factor = 1;
bool planted = false;

std::string trace(int slow, int fast, const std::vector<std::string>& words) {
    using namespace nbhybrid;
    Warnings warnings;
    const options::Built built = options::build_experiment(options::parse_options(words, warnings), warnings);
    Plan plan(built.experiment);
    kernel::StopSign stop;
    kernel::resolve_carry_over(plan, 1, stop, nullptr);
    kernel::PixelRecord record;
    record.slow = slow;
    record.fast = fast;
    if (kernel::is_rendered(plan.view(), slow, fast)) kernel::trace_pixel(plan, record, false);
    return trace::summary_text(plan, {record});
}

}  // namespace

double nbhybrid::perturbed(const char* name, double value) {
    if (planted_name != name) return value;
    planted = true;
    return value * planted_factor;
}

int main(int argc, char** argv) {
    if (argc < 6) {
        std::fprintf(stderr, "usage: nbhybrid_perturbed NAME FACTOR SLOW FAST options...\n");
        return 2;
    }
    try {
        planted_name = argv[1];
        planted_factor = std::strtod(argv[2], nullptr);
        std::fputs(trace(std::atoi(argv[3]), std::atoi(argv[4]), {argv + 5, argv + argc}).c_str(), stdout);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
    if (planted || planted_name == "none") return 0;
    std::fprintf(stderr, "the kernel computes nothing of the name %s\n", planted_name.c_str());
    return 2;
}
