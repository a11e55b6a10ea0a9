#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "nbhybrid/trace/text.hpp"
#include "scene.hpp"

using namespace nbhybrid;
using test::small_experiment;

namespace {

constexpr int traced_slow = 11, traced_fast = 13;

// A line of the summary: its name and the words after it.
struct Line {
    std::string name;
    std::vector<std::string> values;
};

// Those after the heading.
std::vector<Line> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    std::vector<Line> lines;
    while (std::getline(in, line)) {
        std::vector<std::string> words = test::split_words(line);
        CHECK(words.size() >= 3 && words[0] == "TRACE_CPP:");
        if (words.size() < 3) continue;
        lines.push_back({words[1], {words.begin() + 2, words.end()}});
    }
    return lines;
}

struct Traced {
    std::string text;
    std::vector<Line> lines;
    kernel::PixelRecord record;
    std::vector<float> image;
};

Traced trace_at(const Experiment& e, const std::vector<kernel::PixelAddress>& pixels) {
    Plan plan(e);
    test::complete(plan, 1);
    std::vector<kernel::PixelRecord> traced = test::records_of(pixels);
    Traced t;
    t.image.assign(test::pixel_count(e), 0.0F);
    kernel::StopSign stop;
    kernel::render_region(plan, t.image.data(), traced, true, 1, stop, nullptr, {});
    t.text = trace::summary_text(plan, traced);
    t.record = traced[0];
    return t;
}

Traced trace_one(const Experiment& e) {
    Traced t = trace_at(e, {{traced_slow, traced_fast}});
    t.lines = lines_of(t.text);
    return t;
}

double number(const Traced& t, const std::string& name, std::size_t i = 0) {
    for (const Line& line : t.lines)
        if (line.name == name && i < line.values.size()) return std::strtod(line.values[i].c_str(), nullptr);
    test::report_failure(__FILE__, __LINE__, "no line " + name);
    return 0;
}

Vec3 vector(const Traced& t, const std::string& name) { return {number(t, name, 0), number(t, name, 1), number(t, name, 2)}; }

std::size_t count(const Traced& t, const std::string& name) {
    std::size_t found = 0;
    for (const Line& line : t.lines) found += line.name == name ? 1 : 0;
    return found;
}

// Fifteen digits.
bool close(double found, double expected) { return std::fabs(found - expected) <= 1e-14 * std::fabs(expected); }

struct Expected {
    const char* name;
    std::size_t values;
};

constexpr Expected summary[] = {
    {"pix0_vector_meters", 3},
    {"fdet_vec", 3},
    {"sdet_vec", 3},
    {"pixel_pos_meters", 3},
    {"R_distance_meters", 1},
    {"omega_pixel_sr", 1},
    {"close_distance_meters", 1},
    {"obliquity_factor", 1},
    {"diffracted_vec", 3},
    {"incident_vec", 3},
    {"lambda_meters", 1},
    {"lambda_angstroms", 1},
    {"scattering_vec_A_inv", 3},
    {"rot_a_angstroms", 3},
    {"rot_b_angstroms", 3},
    {"rot_c_angstroms", 3},
    {"rot_a_star_A_inv", 3},
    {"rot_b_star_A_inv", 3},
    {"rot_c_star_A_inv", 3},
    {"hkl_frac", 3},
    {"hkl_rounded", 3},
    {"F_latt_a", 1},
    {"F_latt_b", 1},
    {"F_latt_c", 1},
    {"F_latt", 1},
    {"F_cell", 1},
    {"I_before_scaling", 1},
    {"r_e_meters", 1},
    {"r_e_sqr", 1},
    {"fluence_photons_per_m2", 1},
    {"steps", 1},
    {"oversample_thick", 1},
    {"oversample_polar", 1},
    {"oversample_omega", 1},
    {"capture_fraction", 1},
    {"polar", 1},
    {"omega_pixel", 1},
    {"cos_2theta", 1},
    {"I_pixel_final", 1},
    {"floatimage_accumulated", 1},
};

constexpr std::size_t of_source = 13, of_first_step = 13, of_end = 14;

}  // namespace

TEST("trace text: forty lines for one layer, sub-pixel and source") {
    const Traced t = trace_one(small_experiment("-polar 0.7"));
    CHECK_EQ(t.text.substr(0, t.text.find('\n')), "# pixel 11 13");
    CHECK_EQ(t.lines.size(), 40U);
    for (std::size_t i = 0; i < std::min<std::size_t>(t.lines.size(), 40); ++i) {
        CHECK_EQ(t.lines[i].name, summary[i].name);
        CHECK_EQ(t.lines[i].values.size(), summary[i].values);
    }
}

TEST("trace text: the numbers belong together") {
    // Where the cell has one oblique angle at most, the reciprocal vectors are exactly those of the cell.
    const Traced t = trace_one(small_experiment("-cell 70 80 90 90 100 90 -polar 0.7"));
    const double path = number(t, "R_distance_meters");
    CHECK(close(norm(vector(t, "pixel_pos_meters")), path));
    CHECK(close(number(t, "obliquity_factor"), number(t, "close_distance_meters") / path));
    CHECK(close(number(t, "lambda_angstroms"), 1e10 * number(t, "lambda_meters")));
    CHECK_EQ(number(t, "lambda_meters"), 1e-10);
    const Vec3 difference = vector(t, "diffracted_vec") - vector(t, "incident_vec");
    CHECK(norm(1e-10 * vector(t, "scattering_vec_A_inv") - difference) < 1e-13);
    // a . s in spite of the names' units: Angstrom and 1/m.
    const Vec3 hkl = vector(t, "hkl_frac"), s = 1e-10 * vector(t, "scattering_vec_A_inv");
    CHECK(std::fabs(dot(vector(t, "rot_a_angstroms"), s) - hkl.x) < 1e-11);
    CHECK(std::fabs(dot(vector(t, "rot_b_angstroms"), s) - hkl.y) < 1e-11);
    CHECK(std::fabs(dot(vector(t, "rot_c_angstroms"), s) - hkl.z) < 1e-11);
    CHECK(std::fabs(dot(vector(t, "rot_a_angstroms"), vector(t, "rot_a_star_A_inv")) - 1) < 1e-12);
    CHECK_EQ(number(t, "hkl_rounded", 1), std::ceil(hkl.y - 0.5));
    const double lattice = number(t, "F_latt");
    CHECK(close(number(t, "F_latt_a") * number(t, "F_latt_b") * number(t, "F_latt_c"), lattice));
    CHECK_EQ(number(t, "F_cell"), 100.0);
    CHECK(close(number(t, "I_before_scaling"), 1e4 * lattice * lattice));
    CHECK(close(number(t, "r_e_meters") * number(t, "r_e_meters"), number(t, "r_e_sqr")));
    const double photons = number(t, "r_e_sqr") * number(t, "fluence_photons_per_m2") * number(t, "I_before_scaling") *
                           number(t, "capture_fraction") * number(t, "polar") * number(t, "omega_pixel") / number(t, "steps");
    CHECK(std::fabs(number(t, "I_pixel_final") / photons - 1) < 1e-13);
    CHECK(close(number(t, "cos_2theta"), dot(vector(t, "incident_vec"), vector(t, "diffracted_vec"))));
    CHECK_EQ(static_cast<float>(number(t, "floatimage_accumulated")), t.image[traced_slow * 24 + traced_fast]);
}

TEST("trace text: numbers have fifteen digits, counts none after the point") {
    const Traced t = trace_one(small_experiment("-phi 1 -osc 1 -phisteps 3 -oversample_omega"));
    CHECK(t.text.find("TRACE_CPP: steps 3\n") != std::string::npos);
    CHECK(t.text.find("TRACE_CPP: oversample_thick 0\n") != std::string::npos);
    CHECK(t.text.find("TRACE_CPP: oversample_omega 1\n") != std::string::npos);
    CHECK(t.text.find("TRACE_CPP: r_e_sqr 7.94079248018965e-30\n") != std::string::npos);
    CHECK(t.text.find("TRACE_CPP: lambda_meters 1e-10\n") != std::string::npos);
}

TEST("trace text: a crystal with an axis of one cell, and shapes without axes") {
    const Traced thin = trace_one(small_experiment("-Nb 1"));
    CHECK_EQ(number(thin, "F_latt_b"), 1.0);
    CHECK_EQ(thin.lines.size(), 40U);
    const Traced round = trace_one(small_experiment("-round_xtal"));
    CHECK_EQ(round.lines.size(), 37U);
    CHECK_EQ(count(round, "F_latt_a") + count(round, "F_latt_b") + count(round, "F_latt_c"), 0U);
}

TEST("trace text: a block for each sub-pixel and layer, but not for further sources and steps") {
    const std::size_t block = of_source + of_first_step;
    CHECK_EQ(trace_one(small_experiment("-oversample 2")).lines.size(), 4 * block + of_end);
    const std::string layers = "-detector_abs 300 -detector_thick 450 -detector_thicksteps 3 ";
    CHECK_EQ(trace_one(small_experiment(layers)).lines.size(), 3 * block + of_end);
    CHECK_EQ(trace_one(small_experiment(layers + "-oversample 2")).lines.size(), 12 * block + of_end);
    const char* many = "-hdivrange 9 -hdivsteps 3 -phi 1 -osc 1 -phisteps 4 -mosaic 1 -mosaic_domains 5";
    CHECK_EQ(trace_one(small_experiment(many)).lines.size(), block + of_end);
}

TEST("trace text: steps of factor 0, and sources out of support") {
    // A flat spot so small that it misses the pixel: the step is looked at and not summed.
    const Traced missed = trace_one(small_experiment("-tophat_spots -fudge 1e6"));
    CHECK_EQ(number(missed, "F_latt"), 0.0);
    CHECK_EQ(count(missed, "F_cell"), 0U);
    CHECK_EQ(number(missed, "I_before_scaling"), 0.0);
    CHECK(missed.record.steps.empty());
    // With water it counts.
    CHECK_EQ(count(trace_one(small_experiment("-tophat_spots -fudge 1e6 -water 5")), "F_cell"), 1U);
    // Nothing is as coarse as 1000 Angstrom here.
    const Traced far = trace_one(small_experiment("-dmin 1000"));
    CHECK_EQ(far.lines.size(), of_end);
    CHECK_EQ(number(far, "polar"), 0.0);
    CHECK_EQ(number(far, "floatimage_accumulated"), 0.0);
}

TEST("trace text: the line that the end of interpolation swallows") {
    Experiment e = small_experiment("");
    test::give_table(e, 40, 0);
    e.crystal.interpolate = true;
    const std::string announcement = "nbhybrid: from here on";
    CHECK(trace_one(e).text.find(announcement) == std::string::npos);

    // No pixel of this detector fits into so small a table: it ends in the first pixel.
    test::give_table(e, 1, 0);
    const Traced at_end = trace_at(e, {{0, 0}});
    const std::size_t found = at_end.text.find(announcement);
    CHECK(found != std::string::npos);
    const std::string line = at_end.text.substr(found, at_end.text.find('\n', found) - found);
    CHECK(line.find("TRACE_CPP: F_cell ") != std::string::npos);

    // Elsewhere, the first traced pixel after it in loop order says so, before its first line and once.
    const std::string text = trace_at(e, {{9, 9}, {5, 5}, {7, 7}}).text;
    const std::size_t first = text.find(announcement);
    CHECK(first > text.find("# pixel 5 5\n") && first < text.find("# pixel 7 7\n"));
    CHECK(text.compare(first - 12, 12, "# pixel 5 5\n") == 0);
    CHECK(text.find(announcement, first + 1) == std::string::npos);
}

TEST("trace text: pixels that were not rendered say so") {
    const Experiment e = small_experiment("-roi 3 17 5 14");
    const std::string text = trace_at(e, {{0, 0}, {8, 9}}).text;
    CHECK(text.rfind("# pixel 0 0\n# not rendered", 0) == 0);
    CHECK(text.find("\n# pixel 8 9\nTRACE_CPP: pix0_vector_meters ") != std::string::npos);
}

TEST("trace text: the line of a step gives back its bits") {
    const Traced t = trace_one(
        small_experiment("-hdivrange 9 -hdivsteps 3 -phi 1 -osc 1 -phisteps 2 -mosaic 1 -mosaic_domains 2 -oversample 2"));
    CHECK_EQ(t.record.steps.size(), 4U * 3 * 2 * 2);
    for (const kernel::StepRecord& s : t.record.steps) {
        const std::string line = trace::step_line(s);
        CHECK_EQ(line.back(), '\n');
        const std::vector<std::string> words = test::split_words(line);
        CHECK_EQ(words.size(), 18U);
        const double expected[] = {static_cast<double>(s.layer),
                                   static_cast<double>(s.sub_slow),
                                   static_cast<double>(s.sub_fast),
                                   static_cast<double>(s.source),
                                   static_cast<double>(s.phi),
                                   static_cast<double>(s.domain),
                                   s.index.x,
                                   s.index.y,
                                   s.index.z,
                                   static_cast<double>(s.nearest.h),
                                   static_cast<double>(s.nearest.k),
                                   static_cast<double>(s.nearest.l),
                                   s.lattice_factor,
                                   s.amplitude,
                                   s.polarization,
                                   s.solid_angle,
                                   s.capture,
                                   s.intensity};
        for (std::size_t i = 0; i < 18 && i < words.size(); ++i) CHECK_EQ(std::strtod(words[i].c_str(), nullptr), expected[i]);
    }
    const kernel::StepRecord& last = t.record.steps.back();
    CHECK(last.sub_slow == 1 && last.sub_fast == 1 && last.source == 2 && last.phi == 1 && last.domain == 1);
}
