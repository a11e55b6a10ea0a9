#include <algorithm>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/input_file.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

constexpr std::int64_t most_threads = 4096;

void set_pgm_file(Options& o, const Words& w, Warnings&) {
    o.output.pgm_file = w.path();
    o.output.write_pgm = true;
}

void set_pgm_scale(Options& o, const Words& w, Warnings&) {
    o.output.pgm_scale = w.number();
    o.output.write_pgm = true;
}

void set_noise_file(Options& o, const Words& w, Warnings&) {
    o.output.noise_file = w.path();
    o.output.write_noise = true;
}

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
    const std::string device = w.text();
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
    std::string_view rest = w.text();
    while (!rest.empty()) {
        const std::string_view name = rest.substr(0, rest.find(','));
        if (std::find(names.begin(), names.end(), name) == names.end())
            w.refuse(0,
                     "names of warnings, as they stand in brackets behind them, separated by commas" + did_you_mean(name, names));
        o.own.ignored_warnings.emplace_back(name);
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    }
}

void set_threads(Options& o, const Words& w, Warnings&) {
    const std::int64_t threads = w.integer();
    if (threads < 1 || threads > most_threads) w.refuse(0, "an integer from 1 to " + std::to_string(most_threads));
    o.own.threads = static_cast<int>(threads);
}

}  // namespace

OptionTopic output_options() {
    return {
        "noise and output",
        {
            {"-floatfile -floatimage", 1, 1, "FILE", "photons as raw float32 (floatimage.bin)",
             [](Options& o, const Words& w, Warnings&) { o.output.float_file = w.path(); }},
            {"-intfile -intimage", 1, 1, "FILE", "scaled integers, SMV (intimage.img)",
             [](Options& o, const Words& w, Warnings&) { o.output.integer_file = w.path(); }},
            {"-pgmfile -pgmimage", 1, 1, "FILE", "8-bit picture (image.pgm)", set_pgm_file},
            {"-noisefile -noiseimage", 1, 1, "FILE", "photon counts with noise, SMV (noiseimage.img)", set_noise_file},
            {"-scale", 1, 1, "factor", "of the integer image (automatic)",
             [](Options& o, const Words& w, Warnings&) { o.output.integer_scale = w.number(); }},
            {"-adc", 1, 1, "counts", "added to the integer and the noise image (40)",
             [](Options& o, const Words& w, Warnings&) { o.output.adc_offset = w.number(); }},
            {"-pgmscale", 1, 1, "factor", "of the PGM picture (automatic)", set_pgm_scale},
            {"-nopgm", 0, 0, "", "no PGM picture", [](Options& o, const Words&, Warnings&) { o.output.write_pgm = false; }},
            {"-nonoise", 0, 0, "", "no noise image", [](Options& o, const Words&, Warnings&) { o.output.write_noise = false; }},
            {"-seed", 1, 1, "n", "seed of the noise (the time)",
             [](Options& o, const Words& w, Warnings&) { o.seeds.noise = -w.integer(); }},
            {"-stol -4stol -Q", 1, 1, "FILE", "read by the reference, but not used", look_and_ignore},
            {"-stolout", 1, 1, "FILE", "read by the reference, but not used", read_and_ignore},
            {"-printout", 0, 0, "", "print the pixels", [](Options& o, const Words&, Warnings&) { o.output.printout = true; }},
            {"-printout_pixel", 2, 2, "fast slow", "print this pixel", set_printout_pixel},
            {"-progress", 0, 0, "", "progress bar (the default on a terminal)",
             [](Options& o, const Words&, Warnings&) { o.output.progress = true; }},
            {"-noprogress", 0, 0, "", "none", [](Options& o, const Words&, Warnings&) { o.output.progress = false; }},
        },
    };
}

OptionTopic own_options() {
    return {
        "tracing and running",
        {
            {"--trace-pixel -trace_pixel", 2, 2, "slow fast", "trace this pixel; may be repeated",
             [](Options& o, const Words& w, Warnings&) {
                 o.own.trace_pixels.push_back({w.non_negative_integer(0), w.non_negative_integer(1)});
             }},
            {"--trace-level -trace_level", 1, 1, "summary|steps", "steps: also write the table of steps", set_trace_level},
            {"--trace-file -trace_file", 1, 1, "FILE", "where to (trace_steps.txt)",
             [](Options& o, const Words& w, Warnings&) { o.own.trace_file = w.path(); }},
            {"--semantics", 1, 1, "LIST",
             "reference (the default), corrected, corrected@0.1, or reference,ID,... to correct these defects", set_semantics},
            {"--output", 1, 1, "FILE", "also write the image to this file, in the format of its name's end; may be repeated",
             [](Options& o, const Words& w, Warnings&) { o.output.more_files.push_back(w.path()); }},
            {"--threads", 1, 1, "n", "threads (the cores this process may use; at most OMP_NUM_THREADS)", set_threads},
            {"--json", 1, 1, "FILE", "write a record of the run",
             [](Options& o, const Words& w, Warnings&) { o.own.json_file = w.path(); }},
            {"--strict", 0, 0, "", "a warning is an error: nothing is written",
             [](Options& o, const Words&, Warnings&) { o.own.strict = true; }},
            {"--ignore-warnings", 1, 1, "LIST", "leave out warnings of these names, which stand behind them: NAME,...",
             set_ignored_warnings},
            {"--quiet", 0, 0, "", "nothing on stdout but traces", [](Options& o, const Words&, Warnings&) { o.own.quiet = true; }},
            {"--engine", 1, 1, "exact|fast", "exact: the reference's bits; fast: to a few parts in a million", set_engine},
            {"--device", 1, 1, "cpu|cuda|cuda:N", "where pixels are computed (cpu); the bits are the same", set_device},
            {"--verify", 0, 0, "", "compute every pixel by the scalar path too, and say if one differs",
             [](Options& o, const Words&, Warnings&) { o.own.verify = true; }},
            {"--max-table-gib", 1, 1, "GiB", "refuse larger amplitude tables (8)",
             [](Options& o, const Words& w, Warnings&) { o.own.max_table_gib = w.positive(); }},
        },
    };
}

}  // namespace nbhybrid::options
