#include <cmath>
#include <string>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/random/random_rotation.hpp"
#include "scene.hpp"

using namespace nbhybrid;

namespace {

bool near(double found, double expected, double relative) { return std::fabs(found - expected) <= relative * std::fabs(expected); }

Experiment experiment(const std::string& words) { return test::experiment_of("-cell 50 60 70 " + words); }

bool warns(const std::string& words, const std::string& part) {
    Warnings warnings;
    test::build("-cell 50 60 70 " + words, warnings);
    for (const Warning& warning : warnings.all())
        if (warning.text.find(part) != std::string::npos) return true;
    return false;
}

std::string hkl_rows(int largest) {
    std::string rows;
    for (int h = -largest; h <= largest; ++h) rows += std::to_string(h) + " 0 0 10\n";
    return rows;
}

}  // namespace

TEST("build: pixels from sizes, and sizes from pixels") {
    const Detector by_size = experiment("-detsize_f 10.04 -detsize_s 10.06 -pixel 0.1").detector;
    CHECK_EQ(by_size.fast_pixels, 100);
    CHECK_EQ(by_size.slow_pixels, 101);
    CHECK_EQ(by_size.size_fast, 10.04 / 1000);
    const Detector by_count = experiment("-detsize 3 -detpixels_x 50 -pixel 0.2").detector;
    CHECK_EQ(by_count.fast_pixels, 50);
    CHECK_EQ(by_count.slow_pixels, 15);
    CHECK(near(by_count.size_fast, 0.01, 1e-15));
    CHECK_EQ(experiment("-detpixels 0 -detsize 5").detector.fast_pixels, 50);
    CHECK_THROWS_WITH(experiment("-detsize 0.01 -pixel 1"), OptionError, "-detsize");
    CHECK_THROWS_AS(experiment("-detpixels 2000000"), SizeError);
}

TEST("build: a region is cut to the image, open where it is negative") {
    const auto is = [](const std::string& roi, int f0, int f1, int s0, int s1) {
        const Region r = experiment("-detpixels_x 50 -detpixels_y 40 -roi " + roi).detector.region;
        return r.fast_first == f0 && r.fast_last == f1 && r.slow_first == s0 && r.slow_last == s1;
    };
    CHECK(is("1 2 3 4", 1, 2, 3, 4));
    CHECK(is("-1 -1 -1 -1", 0, 49, 0, 39));
    CHECK(is("7 7 39 39", 7, 7, 39, 39));
    CHECK(is("5 50 5 4000", 5, 49, 5, 39));
    CHECK_THROWS_WITH(experiment("-detpixels 50 -roi 9 8 1 2"), OptionError, "-roi 9 8 1 2");
    CHECK_THROWS_AS(experiment("-detpixels 50 -roi 50 60 1 2"), OptionError);
}

TEST("build: fluence from the flux, where there is one") {
    CHECK(near(experiment("-detpixels 8").beam.fluence, 125932015286227086360700780544.0, 0));
    CHECK_EQ(experiment("-detpixels 8 -fluence 1e24 -exposure 7").beam.fluence, 1e24);
    CHECK(near(experiment("-detpixels 8 -flux 1e12 -exposure 2 -beamsize 0.1").beam.fluence, 2e20, 1e-14));
    CHECK(near(experiment("-detpixels 8 -fluence 1e24 -flux 1e12").beam.fluence, 1e20, 1e-14));
    CHECK_EQ(experiment("-detpixels 8 -fluence 1e24 -flux 1e12 -exposure 0").beam.fluence, 1e24);
    CHECK_THROWS_WITH(experiment("-detpixels 8 -flux 1e12 -beamsize 0"), OptionError, "-flux");
}

TEST("build: the beam clips the sample across, not along") {
    const std::string words = "-detpixels 8 -oversample 1 -samplesize 0.001 -beamsize 0.0005";
    const Vec3 cells = experiment(words).crystal.cells;
    CHECK_EQ(cells.x, 200.0);  // 1 micrometre of 50 Angstrom
    CHECK_EQ(cells.y, std::ceil(5000.0 / 60));
    CHECK_EQ(cells.z, std::ceil(5000.0 / 70));
    CHECK(warns(words, "clipped"));
    CHECK_EQ(experiment("-detpixels 8 -oversample 1 -samplesize 0.001 -beamsize -1").crystal.cells.y, std::ceil(10000.0 / 60));
}

TEST("build: what a cell leaves out is its first edge, and right angles") {
    const Lattice cube = test::experiment_of("-detpixels 8 -cell 40").crystal.lattice;
    CHECK(near(cube.volume, 64000, 1e-14));
    const Lattice box = test::experiment_of("-detpixels 8 -cell 40 50").crystal.lattice;
    CHECK(near(box.volume, 40.0 * 50 * 40, 1e-14));
    const Lattice oblique = test::experiment_of("-detpixels 8 -cell 40 50 60 90 120").crystal.lattice;
    CHECK(near(oblique.volume, 40.0 * 50 * 60 * std::sin(2 * pi / 3), 1e-14));
    CHECK_THROWS_WITH(test::experiment_of("-detpixels 8"), OptionError, "-cell or -mat");
    CHECK_THROWS_WITH(test::experiment_of("-detpixels 8 -cell 40 50 60 120 120 120"), OptionError, "-cell:");
}

TEST("build: the sensor") {
    const Sensor none = experiment("-detpixels 8 -detector_abs 300").detector.sensor;
    CHECK(none.thickness == 0.0 && none.layers == 1);
    const std::string thick = "-detpixels 8 -detector_thick 450";
    const Sensor open = experiment(thick).detector.sensor;
    CHECK(near(open.attenuation, 1 / 450e-6, 1e-14));
    CHECK_EQ(open.layers, 2);
    CHECK(warns(thick, "the attenuation depth is the thickness"));
    const Sensor full = experiment(thick + " -detector_abs 200 -detector_thicksteps 10").detector.sensor;
    CHECK(near(full.attenuation, 1 / 200e-6, 1e-14));
    CHECK_EQ(full.layers, 10);
    CHECK(near(full.layer_thickness, 50e-6, 1e-14));
}

TEST("build: sub-pixels that resolve the spots, unless fewer are asked for") {
    // 100 cells of 70 Angstrom: 3 x 700 nm / (0.1 nm x 0.1 m / 0.1 mm) = 21 sub-pixels to a spot of 100 nm.
    const std::string words = "-detpixels 8 -N 100 -distance 100 -pixel 0.1";
    CHECK_EQ(experiment(words).sampling.oversample, 21);
    CHECK_EQ(experiment(words + " -oversample 4").sampling.oversample, 4);
    // Fewer than these are enough: 11, with which a spot's brightest pixel is right to 3 per cent.
    CHECK(warns(words + " -oversample 4", "-oversample 11 is enough"));
    CHECK(warns(words + " -oversample 10", "-oversample 11 is enough"));
    CHECK(!warns(words + " -oversample 11", "-oversample"));
    CHECK(!warns(words, "-oversample"));
    CHECK(!warns(words + " -oversample 30", "-oversample"));
    CHECK_THROWS_AS(experiment(words + " -oversample 99999"), SizeError);
}

TEST("build: interpolation is a matter of the counts on the command line, and of a table") {
    const test::TemporaryFolder folder;
    test::write_bytes(folder / "a.hkl", hkl_rows(5));
    const auto interpolates = [&](const std::string& words) {
        return experiment("-detpixels 8 -oversample 1 -hkl " + (folder / "a.hkl") + " " + words).crystal.interpolate;
    };
    CHECK(interpolates(""));
    CHECK(interpolates("-N 2"));
    CHECK(!interpolates("-N 3"));
    CHECK(interpolates("-N 3 -Nb 2"));
    CHECK(interpolates("-N 3 -interpolate"));
    CHECK(!interpolates("-N 1 -nointerpolate"));
    // A size does not count.
    CHECK(interpolates("-samplesize 0.0001"));
    CHECK(!experiment("-detpixels 8 -N 1").crystal.interpolate);
    CHECK(!experiment("-detpixels 8 -N 1 -interpolate").crystal.interpolate);
}

TEST("build: amplitudes from a file, from an earlier run's dump if it is asked for, or one for all") {
    const test::TemporaryFolder folder;
    test::write_bytes(folder / "a.hkl", hkl_rows(5));
    Warnings warnings;
    const options::Built read = test::build("-cell 50 60 70 -detpixels 8 -hkl " + (folder / "a.hkl"), warnings);
    CHECK(read.table_was_read_from_text);
    CHECK_EQ(read.experiment.structure_factors->h.min, -5);
    CHECK_EQ(read.experiment.structure_factors->h.max, 5);
    const options::Built none = test::build("-cell 50 60 70 -detpixels 8", warnings);
    CHECK(!none.table_was_read_from_text);
    CHECK(!none.experiment.structure_factors->has_table());
    CHECK_EQ(none.experiment.structure_factors->default_amplitude, 100.0);
    CHECK_THROWS_WITH(experiment("-detpixels 8 -default_F 0"), OptionError, "structure factors");
    CHECK_THROWS_AS(experiment("-detpixels 8 -hkl " + (folder / "no.hkl")), InputFileError);
}

TEST("build: sources of a file, with what it leaves out") {
    const test::TemporaryFolder folder;
    test::write_bytes(folder / "s.txt", "-2 0 0\n-3 0 4 0.5 2e-10\n");
    const std::vector<Source> sources = experiment("-detpixels 8 -lambda 1.5 -sourcefile " + (folder / "s.txt")).beam.sources;
    CHECK_EQ(sources.size(), 2U);
    if (sources.size() != 2) return;
    CHECK_EQ(sources[0].position.x, -1.0);
    CHECK(near(sources[0].wavelength, 1.5e-10, 1e-15));
    CHECK_EQ(sources[0].weight, 1.0);
    CHECK(near(sources[1].position.z, 0.8, 1e-15));
    CHECK_EQ(sources[1].wavelength, 2e-10);
    test::write_bytes(folder / "s.txt", "-2 0 0\n0 0 0\n");
    CHECK_THROWS_WITH(experiment("-detpixels 8 -sourcefile " + (folder / "s.txt")), InputFileError, "line 2");
}

TEST("build: random numbers go to the misset first, then to the domains") {
    const std::string words =
        "-cell 50 60 70 -detpixels 8 -mosaic 1 -mosaic_domains 4 -mosaic_seed 5 -misset random -misset_seed 3 -misset random";
    Warnings warnings;
    options::Built built = test::build(words, warnings);
    SharedDeviates deviates;
    StreamState misset = -3, mosaic = -5;
    random_rotation(90.0F, deviates, misset);
    for (std::size_t i = 0; i < 4; ++i) {
        const Mat3 expected = random_rotation(static_cast<float>(1 / degrees_per_radian), deviates, mosaic);
        const Mat3 found = built.experiment.crystal.domains[i];
        CHECK_EQ(found.row_x.y, i == 0 ? 0.0 : expected.row_x.y);
        CHECK_EQ(found.row_z.z, i == 0 ? 1.0 : expected.row_z.z);
    }
    // And then to the noise, whose seed is the command line's.
    CHECK_EQ(built.noise_state, -1);
    StreamState noise = 1234, same = 1234;
    CHECK_EQ(built.deviates.uniform(noise), deviates.uniform(same));
}

TEST("build: scans and beams that come to nothing") {
    CHECK_THROWS_WITH(experiment("-detpixels 8 -osc 0 -phistep 0.1"), OptionError, "-osc");
    CHECK_THROWS_AS(experiment("-detpixels 8 -phisteps 2000000000 -mosaic 1 -mosaic_domains 100"), SizeError);
    CHECK_THROWS_AS(experiment("-detpixels 8 -cell 1e9 1e9 1e9 -lambda 0.1 -oversample 1"), SizeError);
    CHECK(warns("-detpixels 8 -beam_vector 1 0 0", "-beam_vector: the custom"));
    CHECK(warns("-detpixels 8 -pix0_vector 1 0 0", "-pix0_vector is recomputed"));
}
