#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/options/option_table.hpp"
#include "options.hpp"

using namespace nbhybrid;
using namespace nbhybrid::options;

namespace {

using Number = std::function<double(const ReferenceOptions&)>;

struct Meaning {
    const char* words;
    double expected;
    Number found;
};

constexpr double in_radians = 1 / degrees_per_radian;

void check_all(const std::vector<Meaning>& meanings) {
    for (const Meaning& m : meanings) {
        const double found = m.found(parse(m.words));
        // A unit may cost a last bit.
        if (std::fabs(found - m.expected) > 4e-16 * std::fabs(m.expected))
            test::report_failure(__FILE__, __LINE__, std::string(m.words) + ": found " + test::printed(found));
    }
}

// How many values a name takes at least, as words that any option understands.
std::string with_values(const std::string& name, const OptionRow& row) {
    std::string line = name;
    for (int i = 0; i < row.min_values; ++i) line += " 1";
    return line;
}

template <class Visit>
void for_each_name(Visit visit) {
    for (const OptionTopic& topic : option_table())
        for (const OptionRow& row : topic.rows)
            for (const std::string& name : test::split_words(std::string(row.names))) visit(row, name);
}

}  // namespace

TEST("option meanings: crystal") {
    using O = const ReferenceOptions&;
    check_all({
        {"-cell 10 20 30 80 90 100", 20, [](O o) { return (*o.crystal.cell)[1]; }},
        {"-cell 10 20 30 80 90 100", 80 * in_radians, [](O o) { return (*o.crystal.cell)[3]; }},
        {"-misset 1 2 3", 3 * in_radians, [](O o) { return o.crystal.misset_angles.z; }},
        {"-N 7", 7, [](O o) { return o.crystal.cells.y; }},
        {"-N 7 -Na 3", 3, [](O o) { return o.crystal.cells.x; }},
        {"-N 7 -Nb 4", 4, [](O o) { return o.crystal.cells.y; }},
        {"-N 7 -Nc 5", 5, [](O o) { return o.crystal.cells.z; }},
        {"-Nc 5 -N 7", 7, [](O o) { return o.crystal.cells.z; }},
        {"-samplesize 0.02", 2e-5, [](O o) { return o.crystal.size.z; }},
        {"-sample_thick 0.03", 3e-5, [](O o) { return o.crystal.size.x; }},
        {"-width 0.04", 4e-5, [](O o) { return o.crystal.size.y; }},
        {"-height 0.05", 5e-5, [](O o) { return o.crystal.size.z; }},
        {"-fudge 1.5", 1.5, [](O o) { return o.crystal.fudge; }},
        {"-mosaic 0.5", 0.5 * in_radians, [](O o) { return o.crystal.mosaic_spread; }},
        {"-mosaic_domains 12", 12, [](O o) { return static_cast<double>(o.crystal.mosaic_domains); }},
        {"-default_F 33", 33, [](O o) { return o.crystal.default_amplitude; }},
        {"-mosaic_seed 5", -5, [](O o) { return static_cast<double>(o.seeds.mosaic); }},
        {"-nopgm", -12345678, [](O o) { return static_cast<double>(o.seeds.mosaic); }},
    });
    CHECK(parse("-round_xtal").crystal.shape == CrystalShape::round);
    CHECK(parse("-gauss_xtal").crystal.shape == CrystalShape::gauss);
    CHECK(parse("-binary_spots").crystal.shape == CrystalShape::tophat);
    CHECK(parse("-tophat_spots -square_xtal").crystal.shape == CrystalShape::square);
    CHECK(parse("-interpolate -nointerpolate").crystal.interpolation == Interpolation::off);
}

TEST("option meanings: beam and scan") {
    using O = const ReferenceOptions&;
    check_all({
        {"-lambda 1.5", 1.5e-10, [](O o) { return o.beam.wavelength; }},
        {"-energy 12398.42", 1e-10, [](O o) { return o.beam.wavelength; }},
        {"-fluence 1e24", 1e24, [](O o) { return o.beam.fluence; }},
        {"-flux 1e12", 1e12, [](O o) { return o.beam.flux; }},
        {"-beamsize 0.2", 2e-4, [](O o) { return o.beam.size; }},
        {"-dispersion 3", 0.03, [](O o) { return o.beam.dispersion.range; }},
        {"-dispsteps 4", 4, [](O o) { return o.beam.dispersion.count; }},
        {"-divergence 2", 2e-3, [](O o) { return o.beam.vertical.range; }},
        {"-hdivrange 3", 3e-3, [](O o) { return o.beam.horizontal.range; }},
        {"-vdivrange 3", -1, [](O o) { return o.beam.horizontal.range; }},
        {"-hdivstep 0.1", 1e-4, [](O o) { return o.beam.horizontal.step; }},
        {"-vdivstep 0.2", 2e-4, [](O o) { return o.beam.vertical.step; }},
        {"-hdivsteps 6", 6, [](O o) { return o.beam.horizontal.count; }},
        {"-vdivsteps 7", 7, [](O o) { return o.beam.vertical.count; }},
        {"-divsteps 8", 8, [](O o) { return o.beam.horizontal.count; }},
        {"-polar 0.99", 0.99, [](O o) { return o.beam.kahn_factor; }},
        {"-phi 30", 30 * in_radians, [](O o) { return o.scan.phi; }},
        {"-osc 2", 2 * in_radians, [](O o) { return o.scan.rotation.range; }},
        {"-phistep 0.1", 0.1 * in_radians, [](O o) { return o.scan.rotation.step; }},
        {"-phisteps 20", 20, [](O o) { return o.scan.rotation.count; }},
        {"-dmin 2.5", 2.5e-10, [](O o) { return o.sampling.dmin; }},
        {"-water 10", 1e-5, [](O o) { return o.sampling.water; }},
        {"-oversample 3", 3, [](O o) { return static_cast<double>(o.sampling.oversample); }},
    });
    CHECK(parse("-square_div -round_div").beam.round_divergence);
    CHECK(!parse("-square_div").beam.round_divergence);
    const SamplingOptions s = parse("-oversample_polar").sampling;
    CHECK(s.polarization && !s.thickness && !s.solid_angle);
}

TEST("option meanings: detector") {
    using O = const ReferenceOptions&;
    check_all({
        {"-distance 250", 0.25, [](O o) { return o.detector.placement.distance; }},
        {"-close_distance 250", 0.25, [](O o) { return o.detector.placement.close_distance; }},
        {"-Xbeam 3", 3e-3, [](O o) { return o.detector.placement.x_beam; }},
        {"-Ybeam 4", 4e-3, [](O o) { return o.detector.placement.y_beam; }},
        {"-Xclose 5", 5e-3, [](O o) { return o.detector.placement.x_close; }},
        {"-Yclose 6", 6e-3, [](O o) { return o.detector.placement.y_close; }},
        {"-ORGX 700", 700, [](O o) { return o.detector.placement.org_x; }},
        {"-ORGY 800", 800, [](O o) { return o.detector.placement.org_y; }},
        {"-pixel 0.2", 2e-4, [](O o) { return o.detector.placement.pixel_size; }},
        {"-detsize 50", 0.05, [](O o) { return o.detector.placement.size_slow; }},
        {"-detsize_f 60", 0.06, [](O o) { return o.detector.placement.size_fast; }},
        {"-detsize_s 70", 0.07, [](O o) { return o.detector.placement.size_slow; }},
        {"-detpixels 9 -detpixels_x 8", 8, [](O o) { return static_cast<double>(o.detector.fast_pixels); }},
        {"-detpixels 9 -detpixels_y 7", 7, [](O o) { return static_cast<double>(o.detector.slow_pixels); }},
        {"-detector_rotx 1", in_radians, [](O o) { return o.detector.placement.rotation.x; }},
        {"-detector_roty 2", 2 * in_radians, [](O o) { return o.detector.placement.rotation.y; }},
        {"-detector_rotz 3", 3 * in_radians, [](O o) { return o.detector.placement.rotation.z; }},
        {"-twotheta 4", 4 * in_radians, [](O o) { return o.detector.placement.twotheta; }},
        {"-detector_thick 450", 450e-6, [](O o) { return o.detector.sensor_thickness; }},
        {"-thicksteps 5", 5, [](O o) { return static_cast<double>(o.detector.layers); }},
        {"-roi 1 2 3 4", 3, [](O o) { return static_cast<double>(o.detector.region[2]); }},
    });
    CHECK(parse("-point_pixel").detector.point_pixel);
}

TEST("option meanings: pivots, in the order of the command line") {
    const auto pivot = [](const std::string& words) { return parse(words).detector.placement.pivot; };
    for (const char* words :
         {"-close_distance 1", "-Xclose 1", "-Yclose 1", "-ORGX 1", "-ORGY 1", "-twotheta 1", "-xds", "-pivot sample"}) {
        CHECK(pivot(words) == Pivot::sample);
        CHECK(pivot(std::string(words) + " -distance 1") == Pivot::beam);
        CHECK(pivot("-Xbeam 1 " + std::string(words)) == Pivot::sample);
        CHECK(pivot(std::string(words) + " -Ybeam 1") == Pivot::beam);
    }
}

TEST("option meanings: vectors choose the custom convention, whatever they are, and a convention takes it back") {
    const auto convention = [](const std::string& words) { return parse(words).detector.placement.convention; };
    CHECK(convention("") == Convention::mosflm);
    for (const char* name : {"-fdet_vector", "-sdet_vector", "-odet_vector", "-beam_vector", "-polar_vector", "-spindle_axis",
                             "-pix0_vector", "-twotheta_axis"}) {
        const std::string words = std::string(name) + " 0 0 1";
        CHECK(convention(words) == Convention::custom);
        CHECK(convention("-adxv " + words) == Convention::custom);
        CHECK(convention(words + " -denzo") == Convention::denzo);
        CHECK(parse(words + " -dials").detector.vector_options.empty());
        CHECK_EQ(parse(words + " " + words).detector.vector_options.size(), 1U);
    }
}

TEST("option meanings: the two accidents do not happen with corrected semantics, wherever that stands") {
    for (const char* words : {"--semantics corrected -twotheta_axis 5 1 0", "-twotheta_axis 5 1 0 --semantics corrected"}) {
        const PlacementRequest p = parse(words).detector.placement;
        CHECK_EQ(p.twotheta, 0.0);
        CHECK(p.pivot == Pivot::beam);
    }
    CHECK(parse("-misset_seed 4 -phi 3 -osc 1 --semantics corrected").crystal.misset == Misset::none);
    // With single defects corrected they do.
    CHECK(parse("-misset_seed 4 -phi 3 -osc 1 --semantics reference,phi-carryover").crystal.misset == Misset::angles);
    CHECK_THROWS_WITH(parse("--semantics reference,phi"), OptionError, "\"phi\"");
    CHECK_THROWS_WITH(parse("--semantics"), OptionError, "expected LIST");
}

TEST("option meanings: spellings that CLI users know") {
    const char* const same[][2] = {
        {"-mat", "-matrix"},
        {"-xtalsize", "-sample_size"},
        {"-sample_x", "-xtal_thickness"},
        {"-sample_y", "-xtal_width"},
        {"-sample_z", "-height"},
        {"-tophat_spots", "-binary_spots"},
        {"-mosaic", "-mosaic_spread"},
        {"-mosaic", "-mosaicity"},
        {"-mosaic_domains", "-mosaic_dom"},
        {"-lambda", "-wavelength"},
        {"-lambda", "-wave"},
        {"-detector_abs", "-detector_absorb"},
        {"-detector_thicksteps", "-thicksteps"},
        {"-detpixels_f", "-detpixels_x"},
        {"-detpixels_s", "-detpixels_y"},
        {"-floatfile", "-floatimage"},
        {"-intfile", "-intimage"},
        {"-pgmfile", "-pgmimage"},
        {"-noisefile", "-noiseimage"},
        {"--trace-pixel", "-trace_pixel"},
    };
    for (const auto& pair : same) {
        CHECK(find_option(pair[0]) != nullptr);
        CHECK(find_option(pair[0]) == find_option(pair[1]));
    }
    // Names that begin alike are different options.
    const char* const different[][2] = {{"-mosaic", "-mosaic_domains"},
                                        {"-mosaic", "-mosaic_seed"},
                                        {"-phi", "-phistep"},
                                        {"-phistep", "-phisteps"},
                                        {"-detector_thick", "-detector_thicksteps"},
                                        {"-N", "-Na"},
                                        {"-misset", "-misset_seed"},
                                        {"-twotheta", "-twotheta_axis"},
                                        {"-polar", "-polar_vector"},
                                        {"-oversample", "-oversample_polar"},
                                        {"-detsize", "-detsize_f"},
                                        {"-distance", "-close_distance"}};
    for (const auto& pair : different) CHECK(find_option(pair[0]) != find_option(pair[1]));
    for (const char* word : {"-lambd", "-Lambda", "-phi1", "-n", "-", "", "--", "-mosaic_", "-detector", "12"})
        CHECK(find_option(word) == nullptr);
}

TEST("option meanings: an option whose values are missing is refused by its name") {
    for_each_name([](const OptionRow& row, std::string name) {
        if (row.min_values == 0) return;
        if (name.back() == '*') name.pop_back();
        CHECK_THROWS_WITH(parse(name), OptionError, name + ": found the end of the command line");
        std::string line = with_values(name, row);
        line.resize(line.size() - 2);
        CHECK_THROWS_WITH(parse(line + " -nopgm"), OptionError, name + ": found the option \"-nopgm\"");
    });
}

TEST("option meanings: a mistyped letter leads back to the name") {
    // Short names have too many neighbours.
    int looked = 0;
    for_each_name([&](const OptionRow& row, std::string name) {
        if (name.back() == '*') name.pop_back();
        if (name.size() < 10) return;
        std::string typo = name;
        std::swap(typo[4], typo[5]);
        if (typo == name || find_option(typo) != nullptr) return;
        const std::vector<std::string> names = similar_names(typo, option_names());
        CHECK(!names.empty() && find_option(names.front()) == &row);
        ++looked;
    });
    CHECK(looked > 40);
    CHECK_THROWS_WITH(parse("-detpixles 5"), OptionError, "did you mean -detpixels?");
}

TEST("option meanings: the help names every option") {
    const std::string help = options_help();
    for_each_name([&](const OptionRow&, const std::string& name) { CHECK(help.find(name) != std::string::npos); });
}

TEST("option meanings: seeds are negated, numbers that are not integers refused") {
    const SeedOptions seeds = parse("-seed 3 -misset_seed -4 -mosaic_seed 0").seeds;
    CHECK_EQ(*seeds.noise, -3);
    CHECK_EQ(*seeds.misset, 4);
    CHECK_EQ(seeds.mosaic, 0);
    CHECK(!parse("").seeds.noise.has_value());
    for (const char* words : {"-seed 1.5", "-seed 0x10", "-seed 1e2", "-seed +-3", "-N -", "-roi 1 2 3 4.5", "-phisteps nan"})
        CHECK_THROWS_AS(parse(words), OptionError);
    for (const char* words : {"-phi 0x10", "-phi 1d2", "-phi 1..2", "-phi nan", "-phi 1e999", "-cell 1 2 3 -nan", "-misset 1 2"})
        CHECK_THROWS_AS(parse(words), OptionError);
}

TEST("option meanings: a random misset and its words") {
    CHECK(parse("-misset random").crystal.misset == Misset::random);
    CHECK(parse("-misset rand").crystal.misset == Misset::random);
    CHECK(parse("-misset random -misset 1 2 3").crystal.misset == Misset::angles);
    CHECK_THROWS_WITH(parse("-misset random 1 2"), OptionError, "takes no further values");
    CHECK_THROWS_WITH(parse("-misset 1 2"), OptionError, "three angles");
}
