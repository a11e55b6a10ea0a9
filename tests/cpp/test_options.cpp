#include <set>
#include <sstream>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/options/option_table.hpp"
#include "options.hpp"

using namespace nbhybrid;
using namespace nbhybrid::options;

namespace {

std::size_t warnings_of(const std::string& line) {
    Warnings warnings;
    parse_options(test::split_words(line), warnings);
    return warnings.all().size();
}

}  // namespace

TEST("options: no two rows share a name") {
    std::set<std::string> names;
    for (const OptionTopic& topic : option_table())
        for (const OptionRow& row : topic.rows)
            for (const std::string& name : test::split_words(std::string(row.names))) CHECK(names.insert(name).second);
    CHECK(names.size() > 120);
}

TEST("options: every name finds its own row") {
    for (const OptionTopic& topic : option_table())
        for (const OptionRow& row : topic.rows)
            for (std::string name : test::split_words(std::string(row.names))) {
                if (name.back() == '*') name.pop_back();
                CHECK(find_option(name) == &row);
            }
    CHECK(find_option("-mosaicity") == find_option("-mosaic"));
    CHECK(find_option("-wavelength") == find_option("-lambda"));
    CHECK(find_option("-lambdas") == nullptr);
    CHECK(find_option("lambda") == nullptr);
}

TEST("options: names that a word may stand for") {
    const auto similar = [](const char* word) {
        std::string text;
        for (const std::string& name : similar_names(word, option_names())) text += (text.empty() ? "" : " ") + name;
        return text;
    };
    CHECK_EQ(similar("-lamda"), "-lambda");
    CHECK_EQ(similar("-defualt_F"), "-default_F");
    CHECK_EQ(similar("--treads"), "--threads");
    CHECK_EQ(similar("-threads"), "--threads");
    CHECK_EQ(similar("-phi_steps"), "-phisteps");
    CHECK_EQ(similar("-hdiv"), "-hdivrange -hdivstep -hdivsteps");
    CHECK_EQ(similar("-adcoffset"), "-adc");
    CHECK_EQ(similar("-dumpfile"), "-dump");
    CHECK_EQ(similar("-tophat"), "-tophat_spots");
    CHECK_EQ(similar("-oversamp"), "-oversample");
    CHECK_EQ(similar("-F_default"), "-default_F");
    CHECK_EQ(similar("-domains"), "-mosaic_domains");
    CHECK_EQ(similar("-xtal_a"), "-xtal_x -xtal_y -xtal_z");
    for (const char* word : {"-MW", "-coherent", "-det", "-x", "-", "", "-nothing_of_the_kind"}) CHECK_EQ(similar(word), "");
}

TEST("options: the last of repeated ones wins, and order matters for the pivot") {
    CHECK_EQ(parse("-lambda 2 -energy 12398.42 -lambda 3").beam.wavelength, 3 / 1.0e10);
    CHECK(parse("-close_distance 5 -distance 7").detector.placement.pivot == Pivot::beam);
    CHECK(parse("-distance 7 -close_distance 5").detector.placement.pivot == Pivot::sample);
    CHECK(parse("-twotheta 3 -pivot beam").detector.placement.pivot == Pivot::beam);
    CHECK(parse("-xds -beam_vector 1 0 0").detector.placement.convention == Convention::custom);
    CHECK(parse("-beam_vector 1 0 0 -xds").detector.placement.convention == Convention::xds);
    CHECK(!parse("-polar 0.5 -nopolar").beam.polarization);
    CHECK(parse("-nopolar -polar 0.5").beam.polarization);
    CHECK(!parse("-pgmscale 2 -nopgm").output.write_pgm);
    CHECK(parse("-nonoise -noisefile n").output.write_noise);
}

TEST("options: a cell in parts") {
    const auto cell = *parse("-cell 10 20 30 80 90 100 -cell 11 21").crystal.cell;
    CHECK_EQ(cell[0], 11.0);
    CHECK_EQ(cell[1], 21.0);
    CHECK_EQ(cell[2], 30.0);
    CHECK_EQ(cell[5], 100 / degrees_per_radian);
    CHECK_EQ((*parse("-cell 10 -N 3").crystal.cell)[1], 0.0);
    CHECK_THROWS_WITH(parse("-cell 10 0"), OptionError, "-cell: value 2");
    CHECK_THROWS_WITH(parse("-cell"), OptionError, "-cell: found the end of the command line");
}

TEST("options: numbers are read strictly") {
    CHECK_EQ(parse("-N 12.0").crystal.cells.x, 12.0);
    CHECK_EQ(parse("-N 12.5 -Nb 7 --semantics corrected").crystal.cells.x, 12.5);
    CHECK_EQ(parse("-Nc 1.25e1 -N 5 -Nc 1.25e1 --semantics corrected@0.1").crystal.cells.z, 12.5);
    CHECK_THROWS_WITH(parse("-N 12.5 --semantics reference,spot-scale"), OptionError, "expected an integer");
    CHECK_THROWS_WITH(parse("-N 3e9 --semantics corrected"), OptionError, "expected a number from -2.14748e+09");
    CHECK_THROWS_WITH(parse("-N 12.5 -phisteps 1.5 --semantics corrected"), OptionError, "-phisteps");
    CHECK_EQ(parse("-phi -1e-2").scan.phi, -0.01 / degrees_per_radian);
    CHECK_THROWS_WITH(parse("-N 12.5"), OptionError, "-N: found \"12.5\", expected an integer");
    CHECK_THROWS_WITH(parse("-N 1e3"), OptionError, "expected an integer");
    CHECK_THROWS_WITH(parse("-N 99999999999"), OptionError, "-2147483647");
    CHECK_THROWS_WITH(parse("-lambda 1,5"), OptionError, "expected a number");
    CHECK_THROWS_WITH(parse("-lambda inf"), OptionError, "expected a finite number");
    CHECK_THROWS_WITH(parse("-lambda 0"), OptionError, "above zero");
    CHECK_THROWS_WITH(parse("-lambda -nopgm"), OptionError, "-lambda: found the option \"-nopgm\", expected A");
    CHECK_THROWS_WITH(parse("-roi 1 2 3"), OptionError, "-roi");
    CHECK_THROWS_WITH(parse("-pivot edge"), OptionError, "sample or beam");
    CHECK_THROWS_WITH(parse("stray"), OptionError, "\"stray\"");
}

TEST("options: the reference's two accidents") {
    const ReferenceOptions axis = parse("-twotheta_axis 5 1 0");
    CHECK_EQ(axis.detector.placement.twotheta, 5 / degrees_per_radian);
    CHECK(axis.detector.placement.pivot == Pivot::sample);
    CHECK_EQ(warnings_of("-twotheta_axis 5 1 0"), 1U);

    const ReferenceOptions seed = parse("-misset_seed 4 -phi 3 -osc 1");
    CHECK_EQ(*seed.seeds.misset, -4);
    CHECK(seed.crystal.misset == Misset::angles);
    CHECK_EQ(seed.crystal.misset_angles.x, 4 / degrees_per_radian);
    CHECK_EQ(seed.crystal.misset_angles.y, 0.0);
    CHECK_EQ(seed.crystal.misset_angles.z, 3 / degrees_per_radian);
    CHECK(parse("-misset_seed 4 -nopgm").crystal.misset == Misset::none);
    CHECK(parse("-misset_seed 4 -phi 3 -misset random").crystal.misset == Misset::random);
}

TEST("options: a curved detector wants a word after it") {
    CHECK(parse("-curved_det 1").detector.curved);
    CHECK(parse("-curved_det -nopgm").detector.curved);
    CHECK(!parse("-curved_det").detector.curved);
    CHECK_EQ(warnings_of("-curved_det"), 1U);
}

TEST("options: the sensor, in order") {
    CHECK_EQ(parse("-detector_thick 100 -detector_abs inf").detector.sensor_thickness, 0.0);
    CHECK_EQ(parse("-detector_abs inf -detector_thick 100").detector.attenuation, 0.0);
    CHECK_EQ(parse("-detector_abs 200").detector.attenuation, 1.0 / (200 * 1e-6));
}

TEST("options: tracing") {
    const OwnOptions own = parse("-trace_pixel 3 4 --trace-pixel 5 6 --trace-level steps --trace-file x").own;
    CHECK_EQ(own.trace_pixels.size(), 2U);
    CHECK_EQ(own.trace_pixels[1].slow, 5);
    CHECK_EQ(own.trace_pixels[1].fast, 6);
    CHECK(own.trace_steps);
    CHECK_EQ(own.trace_file, "x");
    CHECK_THROWS_WITH(parse("--trace-level all"), OptionError, "summary or steps");
    CHECK_THROWS_AS(parse("--trace-pixel -1 4"), OptionError);
}
