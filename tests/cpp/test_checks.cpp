#include <cmath>

#include "check.hpp"
#include "nbhybrid/checks/input.hpp"
#include "nbhybrid/checks/quantities.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/file_kind.hpp"
#include "nbhybrid/io/matrix.hpp"

using namespace nbhybrid;
using namespace nbhybrid::checks;
using io::FileKind;

TEST("checks: every quantity has a range with plausible ends, and meanings that lead into it") {
    CHECK(quantities().size() > 5);
    for (const Quantity* q : quantities()) {
        CHECK(q->low < q->high);
        CHECK(is_plausible(*q, q->low) && is_plausible(*q, q->high));
        CHECK(!is_plausible(*q, std::nextafter(q->low, -1e300)) && !is_plausible(*q, std::nextafter(q->high, 1e300)));
        CHECK(!is_plausible(*q, std::nan("")));
        CHECK_EQ(q->option.front(), '-');
        CHECK(!q->meanings.empty());
    }
}

TEST("checks: what a number looks like") {
    CHECK_EQ(likely_meaning(photon_energy, 12.4), "; 12.4 looks like keV");
    CHECK_EQ(likely_meaning(wavelength, 1e-10), "; 1e-10 looks like metres");
    CHECK_EQ(likely_meaning(wavelength, 12398.42), "; 12398.42 looks like eV");
    CHECK_EQ(likely_meaning(cell_edge, 0.79), "; 0.79 looks like nm");
    CHECK_EQ(likely_meaning(distance, 1e30), "");
    CHECK_EQ(complaint(pixel_size, 100, ""),
             "-pixel 100: the pixel size is 100 mm, outside of 0.001 to 5 mm; 100 looks like micrometres");
    CHECK_EQ(complaint(pixel_size, 100, "h.img").substr(0, 38), "-pixel 100 (or PIXEL_SIZE of h.img): t");
    CHECK_EQ(complaint(photon_energy, 1, "h.img").substr(0, 13), "-energy 1: th");
}

TEST("checks: files by what they hold") {
    using namespace std::string_literals;
    CHECK(io::kind_of("MTZ \1\2\3\4"s) == FileKind::mtz);
    CHECK(io::kind_of("\x1f\x8b\x08"s) == FileKind::gzip);
    CHECK(io::kind_of("\x89HDF\r\n\x1a\n") == FileKind::hdf5);
    CHECK(io::kind_of("{\nHEADER_BYTES=512;\n") == FileKind::smv);
    CHECK(io::kind_of("0 1 0 1 0 1\n\f\0\0"s) == FileKind::dump);
    CHECK(io::kind_of("\n# comment\ndata_x\n") == FileKind::cif);
    CHECK(io::kind_of("CRYST1   79.000") == FileKind::pdb);
    CHECK(io::kind_of("{\n  \"__id__\": \"ExperimentList\"") == FileKind::dials_json);
    CHECK(io::kind_of("0 0 1 10\n0 0 2 20.5 1\n0 -1 3 30\n") == FileKind::reflections);
    CHECK(io::kind_of("-10 0 0 1 1e-10\n-10 0.1 0 1 1e-10\n-10 0 0 1 1e-10") == FileKind::sources);
    CHECK(io::kind_of("0.1 0 0\n0 0.1 0\n0 0 0.1\n0 0 0\n") == FileKind::matrix);
    // Not enough to be sure.
    for (const char* text :
         {"", "1 2 3 4", "0 0 1 10\n0 0 2 20\n", "1 0 0\n0 1 0\n0 0 1\n", "0 0 1 10\n0 0 2 20\n0 0 x 30\n", "words"})
        CHECK(io::kind_of(text) == FileKind::unknown);
    CHECK(io::kind_of_file("/nowhere/at/all") == FileKind::unknown);
    for (int kind = 1; kind <= static_cast<int>(FileKind::matrix); ++kind)
        CHECK(!io::described(static_cast<FileKind>(kind)).empty());
}

TEST("checks: the names of formats") {
    CHECK_EQ(io::format_named_by("a/b.CBF"), "CBF");
    CHECK_EQ(io::format_named_by("x.img"), "SMV");
    for (const char* name : {"x", "x.bin", "a.cbf/x", ".", "", "x.", "/dev/stdout"}) CHECK_EQ(io::format_named_by(name), "");
}

TEST("checks: the cell in a file of MOSFLM") {
    const std::string beginning = "0.1 0 0\n0 0.1 0\n0 0 0.1\n0 0 0\n";
    const auto cell = io::parse_cell(beginning + "0 1 0\n-1 0 0\n0 0 1\n79 78 38 90 91 90\n0 0 0\n");
    CHECK(cell.has_value());
    CHECK_EQ((*cell)[1], 78.0);
    CHECK_EQ((*cell)[4], 91.0);
    CHECK(!io::parse_cell(beginning).has_value());
    CHECK(!io::parse_cell(beginning + "0 1 0\n-1 0.1 0\n0 0 1\n79 78 38 90 91 90\n").has_value());
    CHECK(!io::parse_cell(beginning + "0.1 0.2 0.3\n 78.0 78.0 37.0 90 90 90\n").has_value());
}

TEST("checks: a source may lie anywhere on the beam's side") {
    Experiment e;
    e.beam.direction = {0, 0, 1};
    e.beam.wavelength = 1e-10;
    e.detector.pixel_size = 1e-4;
    e.detector.fast_axis = {1, 0, 0};
    e.detector.slow_axis = {0, 1, 0};
    e.crystal.lattice.edges = {1e-8, 1e-8, 1e-8};
    Given given;
    given.distance = 0.1;
    const auto names = [&](const Vec3& position) {
        given.sources = {{position, 1e-10}};
        Warnings warnings;
        check_input(e, given, warnings);
        return warnings.all().size();
    };
    CHECK_EQ(names({0, 0, -1}), 0U);
    CHECK_EQ(names({0.17, 0, -1}), 0U);
    CHECK_EQ(names({0.18, 0, -1}), 1U);
    CHECK_EQ(names({1, 0, -0.001}), 1U);
    CHECK_THROWS_AS(names({1, 0, 0.001}), ModelError);
    given.source_file = "s.txt";
    CHECK_THROWS_AS(names({1, 0, 0.001}), InputFileError);
}
