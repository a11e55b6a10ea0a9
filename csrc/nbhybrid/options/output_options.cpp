#include <algorithm>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/io/input_file.hpp"
#include "nbhybrid/options/rows.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

void write_pgm(Options& o, const Words&, Warnings&) { o.output.write_pgm = true; }
void write_noise(Options& o, const Words&, Warnings&) { o.output.write_noise = true; }

void set_printout_pixel(Options& o, const Words& w, Warnings&) {
    o.output.printout = true;
    o.output.printout_fast = w.integer(0);
    o.output.printout_slow = w.integer(1);
}

void read_and_ignore(Options&, const Words& w, Warnings& warnings) {
    warnings.add("no-effect", w.option() + " has no effect on the images, here as in the reference");
}

// Where the reference reads a file, so that a misspelt name is an error in both.
void look_and_ignore(Options& o, const Words& w, Warnings& warnings) {
    io::check_readable(w.path());
    read_and_ignore(o, w, warnings);
}

void set_trace_level(Options& o, const Words& w, Warnings&) {
    if (w.text() != "summary" && w.text() != "steps") w.refuse(0, "summary or steps");
    o.own.trace_steps = w.text() == "steps";
}

void set_engine(Options& o, const Words& w, Warnings&) {
    if (w.text() != "exact" && w.text() != "fast") w.refuse(0, "exact or fast");
    o.own.engine = w.text() == "fast" ? Engine::fast : Engine::exact;
}

void set_device(Options& o, const Words& w, Warnings&) {
    const std::string& device = w.text();
    const bool has_number = device.rfind("cuda:", 0) == 0 && device.size() > 5 && device.size() < 9 &&
                            device.find_first_not_of("0123456789", 5) == std::string::npos;
    if (device != "cpu" && device != "cuda" && !has_number) w.refuse(0, "cpu, cuda or cuda:N");
    o.own.device = device;
}

void set_semantics(Options& o, const Words& w, Warnings&) {
    try {
        o.own.semantics = Semantics::parse(w.text());
    } catch (const ModelError& error) {
        throw OptionError(w.option() + ": " + error.what());
    }
}

std::vector<std::string> warning_names() {
    std::vector<std::string> names;
    for (const WarningRow& row : warning_table()) names.emplace_back(row.name);
    for (const DefectRow& row : defect_table()) names.emplace_back(row.id);
    return names;
}

void set_ignored_warnings(Options& o, const Words& w, Warnings&) {
    const std::vector<std::string> names = warning_names();
    const std::string expected = "names of warnings, as they stand in brackets behind them, separated by commas";
    std::string_view rest = w.text();
    if (rest.empty()) w.refuse(0, expected);
    while (!rest.empty()) {
        const std::string_view item = rest.substr(0, rest.find(','));
        const std::size_t first = std::min(item.find_first_not_of(' '), item.size());
        const std::string_view name = item.substr(first, item.find_last_not_of(' ') + 1 - first);
        if (std::find(names.begin(), names.end(), name) == names.end()) w.refuse(0, expected + did_you_mean(name, names));
        o.own.ignored_warnings.emplace_back(name);
        rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    }
}

void add_output(Options& o, const Words& w, Warnings&) { o.output.more_files.push_back(w.path()); }

void add_trace_pixel(Options& o, const Words& w, Warnings&) {
    o.own.trace_pixels.push_back({w.integer_in(not_negative, 0), w.integer_in(not_negative, 1)});
}

}  // namespace

OptionTopic output_options() {
    return {"noise and output",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/output.def"
            }};
}

OptionTopic own_options() {
    return {"tracing and running",
            {
#define ROW(...) __VA_ARGS__,
#include "nbhybrid/options/table/own.def"
            }};
}

}  // namespace nbhybrid::options
