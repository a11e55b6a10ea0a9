// The core without Python, for processors and compilers that Python is not built for:
//
//     nbhybrid_native run OPTIONS    takes the words of `nbhybrid run` and writes its files (no progress bar, no --json)
//     nbhybrid_native libm           reads rows `function argument... result` of hexadecimal numbers, prints those that the C
//                                    library computes otherwise

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/image_format.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"
#include "nbhybrid/options/parse.hpp"
#include "nbhybrid/run/simulation.hpp"

namespace {

using nbhybrid::run::Simulation;

void warn(const nbhybrid::Warnings& warnings) {
    for (const nbhybrid::Warning& warning : warnings.all())
        std::fprintf(stderr, "nbhybrid: warning: %s [%s]\n", warning.text.c_str(), warning.name.c_str());
}

void say(const nbhybrid::options::ReferenceOptions& options, const std::string& text) {
    if (!options.own.quiet) std::fputs(text.c_str(), stdout);
}

void say_counts(const Simulation& simulation, std::clock_t ticks) {
    const nbhybrid::kernel::RenderCounts& c = simulation.counts();
    std::printf("kernel: %.4f s of processor time, instructions %s, pixels %lld, scalar %lld, undecided %lld, wrong %lld\n",
                static_cast<double>(ticks) / CLOCKS_PER_SEC, nbhybrid::kernel::vector_kernel().isa,
                static_cast<long long>(c.pixels), static_cast<long long>(c.scalar), static_cast<long long>(c.undecided),
                static_cast<long long>(c.wrong));
}

int run(const std::vector<std::string>& words) {
    using namespace nbhybrid;
    Warnings parsed;
    const options::ReferenceOptions options = options::parse_options(words, parsed);
    if (!options.own.json_file.empty()) throw OptionError("--json: this program writes no record, expected `nbhybrid run`");
    for (const std::string& path : options.output.more_files)
        if (io::image_format_of(path) == nullptr)
            throw OptionError("--output " + path + ": expected `nbhybrid run` for such a format");
    warn(parsed);
    const int here = static_cast<int>(std::thread::hardware_concurrency());
    const int threads = options.own.threads > 0 ? static_cast<int>(options.own.threads) : here > 0 ? here : 1;
    const auto experiment = std::make_shared<const run::BuiltExperiment>(options, threads);
    warn(experiment->warnings);
    Simulation simulation(experiment, threads);
    say(options, simulation.description());
    const std::clock_t began = std::clock();
    simulation.render(nullptr);
    simulation.measure();
    const std::clock_t ticks = std::clock() - began;
    warn(simulation.warnings());
    if (options.output.printout && !options.own.quiet)
        for (int slow = simulation.first_row(); slow <= simulation.last_row(); ++slow)
            std::fputs(simulation.printout_text(slow).c_str(), stdout);
    std::fputs(simulation.trace_text().c_str(), stdout);
    say(options, simulation.statistics_text());
    if (!options.own.quiet) say_counts(simulation, ticks);
    const std::vector<std::string> paths = simulation.write(nullptr);
    say(options, simulation.noise_text());
    for (const std::string& path : paths) say(options, "wrote " + path + "\n");
    return 0;
}

double value_of(const std::string& name, const std::vector<double>& x) {
    if (name == "sin") return std::sin(x[0]);
    if (name == "cos") return std::cos(x[0]);
    if (name == "tan") return std::tan(x[0]);
    if (name == "exp") return std::exp(x[0]);
    if (name == "log") return std::log(x[0]);
    if (name == "atan2") return std::atan2(x[0], x[1]);
    if (name == "powf_third") return std::pow(static_cast<float>(x[0]), 1.0F / 3.0F);
    throw std::runtime_error("found the function " + name + ", expected sin, cos, tan, exp, log, atan2 or powf_third");
}

int compare_libm() {
    int rows = 0, different = 0;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream text(line);
        std::string name, number;
        text >> name;
        std::vector<double> numbers;
        while (text >> number) numbers.push_back(std::strtod(number.c_str(), nullptr));
        if (numbers.size() != (name == "atan2" ? 3U : 2U))
            throw std::runtime_error("found \"" + line + "\", expected a function, its arguments and the result");
        const double expected = numbers.back(), found = value_of(name, numbers);
        ++rows;
        if (std::memcmp(&expected, &found, sizeof found) == 0) continue;
        ++different;
        std::printf("%s: found %a\n", line.c_str(), found);
    }
    std::printf("%d rows, %d different\n", rows, different);
    return rows > 0 && different == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string command = argc > 1 ? argv[1] : "";
    try {
        if (command == "run") return run({argv + 2, argv + argc});
        if (command == "libm") return compare_libm();
        std::fprintf(stderr, "usage: nbhybrid_native run OPTIONS, or nbhybrid_native libm\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nbhybrid: error: %s\n", error.what());
    }
    return 2;
}
