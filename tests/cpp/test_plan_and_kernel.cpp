#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/physics/miller_index.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/physics/rotation.hpp"
#include "nbhybrid/physics/scattering_vector.hpp"
#include "nbhybrid/terms/polarization.hpp"
#include "nbhybrid/terms/sensor_capture.hpp"
#include "nbhybrid/terms/solid_angle.hpp"
#include "scene.hpp"

using namespace nbhybrid;
using test::complete;
using test::give_table;
using test::small_experiment;

namespace {

constexpr float untouched = -7.0F;

terms::AmplitudeGrid grid_of(const StructureFactors& f) {
    terms::AmplitudeGrid grid;
    grid.default_amplitude = f.default_amplitude;
    if (!f.has_table()) return grid;
    grid.values = f.values.data();
    grid.stride_h = f.stride_h(), grid.stride_k = f.stride_k();
    grid.h_min = f.h.min, grid.h_max = f.h.max;
    grid.k_min = f.k.min, grid.k_max = f.k.max;
    grid.l_min = f.l.min, grid.l_max = f.l.max;
    return grid;
}

double shape_factor(const Crystal& c, const Semantics& semantics, const Vec3& hkl, int h, int k, int l) {
    const Vec3 offset{hkl.x - h, hkl.y - k, hkl.z - l};
    const Lattice& lattice = c.lattice;
    const double r2 = terms::offset_squared(
        offset, semantics.corrects(Defect::spot_scale)
                    ? terms::metric_in_cells(c.cells)
                    : terms::metric_in_reciprocal_space(lattice.a_star, lattice.b_star, lattice.c_star, c.cells));
    switch (c.shape) {
        case CrystalShape::round: return terms::round_factor(terms::offset_in_cells_squared(offset, c.cells), c.cells, c.fudge);
        case CrystalShape::gauss: return terms::gauss_factor(r2, c.cells, c.fudge);
        case CrystalShape::tophat: return terms::tophat_factor(r2, c.cells, c.fudge);
        case CrystalShape::square: break;
    }
    return terms::square_axis_factor(hkl.x, c.cells.x) * terms::square_axis_factor(hkl.y, c.cells.y) *
           terms::square_axis_factor(hkl.z, c.cells.z);
}

// The reference's loops without a plan: one pixel after the other, nothing computed ahead, nothing left out, and the state that
// is carried from step to step kept in variables that live as long as the run.
class SerialRun {
public:
    explicit SerialRun(const Experiment& e)
        : e_(e),
          grid_(grid_of(*e.structure_factors)),
          a_(e.crystal.lattice.a),
          b_(e.crystal.lattice.b),
          c_(e.crystal.lattice.c),
          axis_(e.beam.polarization_axis),
          interpolates_(e.crystal.interpolate) {}

    std::vector<float> image() {
        std::vector<float> pixels(test::pixel_count(e_), untouched);
        const Detector& d = e_.detector;
        for (int slow = d.region.slow_first; slow <= d.region.slow_last; ++slow) {
            for (int fast = d.region.fast_first; fast <= d.region.fast_last; ++fast) {
                const auto i =
                    static_cast<std::size_t>(slow) * static_cast<std::size_t>(d.fast_pixels) + static_cast<std::size_t>(fast);
                if (d.mask.data() == nullptr || d.mask.data()[i] != 0) pixels[i] = pixel(slow, fast);
            }
        }
        return pixels;
    }

    double solid_angles() const { return solid_angles_; }
    bool interpolates() const { return interpolates_; }

private:
    float pixel(int slow, int fast) {
        const double fluence = e_.beam.fluence;
        intensity_ = physics::water_background(fluence, e_.sampling.water_thickness);
        polarization_ = e_.beam.polarization ? 0.0 : 1.0;
        solid_angle_ = 0;
        const int over = e_.sampling.oversample;
        for (int layer = 0; layer < e_.detector.sensor.layers; ++layer) {
            capture_ = e_.detector.sensor.thickness == 0.0 ? 1.0 : 0.0;
            for (int i = 0; i < over; ++i)
                for (int j = 0; j < over; ++j) subpixel(layer, slow * over + i, fast * over + j);
        }
        double photons = physics::photons_per_steradian(intensity_, fluence, static_cast<double>(steps_per_pixel(e_)));
        if (!e_.sampling.thickness) photons *= capture_;
        if (!e_.sampling.polarization) photons *= polarization_;
        if (!e_.sampling.solid_angle) photons *= solid_angle_;
        // A pixel of 0 is added to, which leaves no negative zeros.
        return static_cast<float>(0.0 + photons);
    }

    void subpixel(int layer, int slow, int fast) {
        const Detector& d = e_.detector;
        const double size = d.pixel_size / e_.sampling.oversample;
        Vec3 position = physics::flat_position(physics::subpixel_centre(size, fast) * d.fast_axis,
                                               physics::subpixel_centre(size, slow) * d.slow_axis,
                                               (layer * d.sensor.layer_thickness) * d.normal, d.origin);
        if (d.curved) position = physics::curved_position(position, d.distance, e_.beam.direction, d.fast_axis, d.slow_axis);
        const double path = norm(position);
        Vec3 diffracted = normalized(position);
        if (solid_angle_ == 0.0 || e_.sampling.solid_angle)
            solid_angle_ =
                d.point_pixel ? terms::point_solid_angle(path) : terms::solid_angle(d.pixel_size, path, d.close_distance);
        solid_angles_ += solid_angle_;
        if (capture_ == 0.0 || e_.sampling.thickness)
            capture_ = terms::layer_capture(layer, d.sensor.layer_thickness, d.sensor.attenuation, dot(diffracted, d.normal));
        for (const Source& s : e_.beam.sources) source(s, diffracted);
    }

    // Leaves the direction renormalised for the next source.
    void source(const Source& s, Vec3& diffracted) {
        Vec3 incident = -s.position;
        const Vec3 scattering = physics::scattering_vector(diffracted, incident, s.wavelength);
        if (physics::finer_than(e_.sampling.dmin, scattering)) return;
        if (polarization_ == 0.0 || e_.sampling.polarization) {
            incident = normalized(incident);
            diffracted = normalized(diffracted);
            if (e_.beam.kahn_factor != 0.0) axis_ = normalized(axis_);
            polarization_ = terms::polarization_factor(e_.beam.kahn_factor, incident, diffracted, axis_);
        }
        const Lattice& lattice = e_.crystal.lattice;
        for (int i = 0; i < static_cast<int>(e_.scan.rotation.count); ++i) {
            const double phi = e_.scan.phi_start + e_.scan.rotation.step * i;
            if (phi != 0.0) {
                a_ = physics::rotate_about(lattice.a, e_.scan.spindle, phi);
                b_ = physics::rotate_about(lattice.b, e_.scan.spindle, phi);
                c_ = physics::rotate_about(lattice.c, e_.scan.spindle, phi);
            }
            for (const Mat3& m : e_.crystal.domains) {
                if (e_.crystal.mosaic_spread > 0.0) step(physics::miller_index(m * a_, m * b_, m * c_, scattering));
                else step(physics::miller_index(a_, b_, c_, scattering));
            }
        }
    }

    void step(const Vec3& hkl) {
        const int h = physics::nearest_index(hkl.x), k = physics::nearest_index(hkl.y), l = physics::nearest_index(hkl.z);
        const double lattice = shape_factor(e_.crystal, e_.semantics, hkl, h, k, l);
        if (lattice == 0.0 && e_.sampling.water_thickness == 0.0) return;
        if (interpolates_ && terms::leaves_table(grid_, hkl)) interpolates_ = false;
        const double cell = interpolates_ ? terms::tricubic_amplitude(grid_, hkl) : terms::nearest_amplitude(grid_, h, k, l);
        intensity_ += cell * cell * lattice * lattice;
        if (e_.sampling.thickness) intensity_ *= capture_;
        if (e_.sampling.polarization) intensity_ *= polarization_;
        if (e_.sampling.solid_angle) intensity_ *= solid_angle_;
    }

    const Experiment& e_;
    terms::AmplitudeGrid grid_;
    Vec3 a_, b_, c_, axis_;
    bool interpolates_;
    double intensity_ = 0, polarization_ = 0, solid_angle_ = 0, capture_ = 0;
    double solid_angles_ = 0;
};

struct Rendered {
    std::vector<float> image;
    double solid_angles = 0;
};

Rendered render(const Experiment& e, int threads, std::vector<kernel::PixelRecord> traced = {}) {
    Plan plan(e);
    complete(plan, threads);
    Rendered r;
    r.image.assign(test::pixel_count(e), untouched);
    kernel::StopSign stop;
    r.solid_angles = kernel::render_region(plan, r.image.data(), traced, false, threads, stop, nullptr, {}).solid_angles;
    return r;
}

// The number of pixels whose bits differ.
std::size_t differing(const std::vector<float>& u, const std::vector<float>& v) {
    std::size_t count = u.size() == v.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(u.size(), v.size()); ++i)
        if (std::memcmp(&u[i], &v[i], sizeof(float)) != 0) ++count;
    return count;
}

using Random = std::mt19937;

bool one_in(Random& random, unsigned n) { return random() % n == 0; }

template <std::size_t count>
std::string one_of(Random& random, const char* const (&choices)[count]) {
    return std::string(choices[random() % count]) + " ";
}

std::string random_words(Random& random) {
    static const char* const shapes[] = {"-square_xtal",
                                         "-round_xtal -fudge 1.3",
                                         "-gauss_xtal -fudge 0.01",
                                         "-tophat_spots -fudge 0.001",
                                         "-gauss_xtal -fudge 0.3 --semantics reference,spot-scale",
                                         "-tophat_spots -fudge 0.05 --semantics reference,spot-scale"};
    static const char* const scans[] = {"",
                                        "-phi 0 -osc 2 -phisteps 3",
                                        "-phi 1 -osc 2 -phisteps 2",
                                        "-phi -1 -osc 2 -phisteps 2",
                                        "-phi 3 -osc 0 -phisteps 2",
                                        "-phi -2 -osc 2 -phisteps 2"};
    static const char* const mosaics[] = {"", "-mosaic 1 -mosaic_domains 3", "-mosaic_domains 2"};
    static const char* const beams[] = {"", "-hdivrange 9 -hdivsteps 3 -vdivrange 5 -vdivsteps 2", "-dispersion 3 -dispsteps 2"};
    static const char* const polars[] = {"",
                                         "-polar 0.8",
                                         "-nopolar",
                                         "-polar 0.7 -polar_vector 0.123 0.456 0.789",
                                         "-polar 1 -polar_vector 0.3 -0.2 0.777",
                                         "-polar 1e15 -polar_vector 0.885 -0.666 0.21",
                                         "-polar -0.4"};
    static const char* const sensors[] = {"", "-detector_abs 300 -detector_thick 450 -detector_thicksteps 3",
                                          "-detector_thick 200 -detector_thicksteps 2 -oversample_thick", "-oversample_thick"};
    static const char* const resolutions[] = {"", "", "-dmin 12", "-dmin 15", "-dmin 25"};
    static const char* const pixels[] = {
        "", "-oversample 2", "-oversample 2 -oversample_omega", "-oversample_polar", "-point_pixel", "-curved_det 1"};
    static const char* const places[] = {
        "", "-twotheta 20", "-xds -ORGX 3 -ORGY 4", "-adxv -Xbeam 2", "-detector_roty 9", "-roi 3 17 5 14"};
    return one_of(random, shapes) + one_of(random, scans) + one_of(random, mosaics) + one_of(random, beams) +
           one_of(random, polars) + one_of(random, sensors) + one_of(random, resolutions) + one_of(random, pixels) +
           one_of(random, places) + (one_in(random, 5) ? "-water 30" : "");
}

Mask random_mask(Random& random, std::size_t pixels) {
    std::vector<std::uint16_t> values(pixels, 1);
    for (std::uint16_t& value : values)
        if (one_in(random, 3)) value = 0;
    // The first pixels often decide what is carried on.
    for (std::size_t i = 0; i < 30; ++i) values[i] = 0;
    return Mask(std::move(values));
}

Experiment random_experiment(Random& random, std::string& words) {
    words = random_words(random);
    Experiment e = small_experiment(words);
    if (one_in(random, 3)) e.detector.mask = random_mask(random, test::pixel_count(e));
    if (one_in(random, 3)) return e;
    const int largest = static_cast<int>(3 + random() % 9);
    give_table(e, largest, one_in(random, 2) ? 3 : 0);
    e.crystal.interpolate = one_in(random, 2);
    words += "with indices up to " + std::to_string(largest);
    return e;
}

}  // namespace

TEST("kernel: images equal a serial run that keeps all state in variables") {
    Random random(20);
    int lit = 0, ended = 0, swept = 0;
    for (int run = 0; run < 200; ++run) {
        std::string words;
        const Experiment e = random_experiment(random, words);
        SerialRun serial(e);
        const std::vector<float> expected = serial.image();
        const Rendered found = render(e, 1 + run % 7);
        const std::size_t wrong = differing(found.image, expected);
        if (wrong != 0) test::report_failure(__FILE__, __LINE__, words + ": " + std::to_string(wrong) + " pixels differ");
        CHECK(std::fabs(found.solid_angles - serial.solid_angles()) <= 1e-12 * std::fabs(serial.solid_angles()));
        for (const float pixel : expected) lit += pixel > 0.0F ? 1 : 0;
        ended += e.crystal.interpolate && !serial.interpolates() ? 1 : 0;
        swept += Plan(e).sweeps_differ() ? 1 : 0;
    }
    // The scenes do what they are there for.
    CHECK(lit > 10000);
    CHECK(ended > 10);
    CHECK(swept > 10);
}

TEST("kernel: one to seven threads give the same bits and the same solid angle") {
    for (const char* words : {"-phi 0 -osc 2 -phisteps 3 -mosaic 1 -mosaic_domains 4 -oversample 2", "-roi 5 9 2 3 -polar 0.5",
                              "-hdivrange 9 -hdivsteps 3 -dmin 15 -phi 0 -osc 1 -phisteps 2"}) {
        Experiment e = small_experiment(words);
        give_table(e, 7, 0);
        e.crystal.interpolate = true;
        const Rendered one = render(e, 1);
        for (int threads = 2; threads <= 7; ++threads) {
            const Rendered more = render(e, threads);
            CHECK_EQ(differing(more.image, one.image), 0U);
            CHECK_EQ(more.solid_angles, one.solid_angles);
        }
    }
}

TEST("kernel: what lies outside the region or is masked keeps its value") {
    Experiment e = small_experiment("-roi 3 17 5 14");
    std::vector<std::uint16_t> mask(test::pixel_count(e), 1);
    const std::size_t columns = 24, masked = 6 * columns + 9;
    mask[masked] = 0;
    e.detector.mask = Mask(mask);
    const std::vector<float> image = render(e, 3).image;
    for (std::size_t slow = 0; slow < 20; ++slow)
        for (std::size_t fast = 0; fast < columns; ++fast) {
            const bool inside = fast >= 3 && fast <= 17 && slow >= 5 && slow <= 14 && slow * columns + fast != masked;
            CHECK_EQ(image[slow * columns + fast] == untouched, !inside);
        }
}

TEST("kernel: a smaller region changes no pixel, as long as no state is carried") {
    const std::vector<float> whole = render(small_experiment("-polar 0.5 -mosaic 1 -mosaic_domains 3"), 2).image;
    const std::vector<float> part = render(small_experiment("-polar 0.5 -mosaic 1 -mosaic_domains 3 -roi 7 20 4 11"), 2).image;
    std::size_t same = 0;
    for (std::size_t i = 0; i < whole.size(); ++i)
        if (part[i] != untouched) {
            CHECK_EQ(part[i], whole[i]);
            ++same;
        }
    CHECK_EQ(same, 14U * 8U);
}

TEST("kernel: a plan without a pixel to render") {
    Experiment e = small_experiment("-phi 0 -osc 2 -phisteps 2 -polar 0.7 -polar_vector 0.123 0.456 0.789");
    e.detector.mask = Mask(std::vector<std::uint16_t>(test::pixel_count(e), 0));
    give_table(e, 5, 0);
    e.crystal.interpolate = true;
    const Rendered r = render(e, 3);
    CHECK_EQ(r.solid_angles, 0.0);
    for (const float pixel : r.image) CHECK_EQ(pixel, untouched);
}

TEST("kernel: a pixel that is traced twice, one that is masked and one outside the region") {
    Experiment e = small_experiment("-roi 3 17 5 14");
    std::vector<std::uint16_t> mask(test::pixel_count(e), 1);
    mask[6 * 24 + 9] = 0;
    e.detector.mask = Mask(mask);
    Plan plan(e);
    complete(plan, 1);
    std::vector<kernel::PixelRecord> traced = test::records_of({{8, 8}, {6, 9}, {0, 0}, {8, 8}});
    std::vector<float> image(test::pixel_count(e), untouched);
    kernel::StopSign stop;
    kernel::render_region(plan, image.data(), traced, false, 2, stop, nullptr, {});
    CHECK(traced[0].rendered && traced[3].rendered);
    CHECK(!traced[1].rendered && !traced[2].rendered);
    CHECK_EQ(traced[0].final_values.pixel, image[8 * 24 + 8]);
    CHECK_EQ(traced[0].events.size(), traced[3].events.size());
    CHECK_EQ(differing(image, render(e, 1).image), 0U);
}

TEST("kernel: a sign that is up, and a watch that throws") {
    Experiment e = small_experiment("-phi 0 -osc 2 -phisteps 2");
    give_table(e, 20, 0);
    e.crystal.interpolate = true;
    Plan plan(e);
    kernel::StopSign stop;
    stop.raise();
    CHECK_THROWS_AS(kernel::resolve_carry_over(plan, 2, stop, nullptr), Interrupted);
    complete(plan, 2);
    std::vector<float> image(test::pixel_count(e), untouched);
    std::vector<kernel::PixelRecord> none;
    CHECK_THROWS_AS(kernel::render_region(plan, image.data(), none, false, 2, stop, nullptr, {}), Interrupted);
    for (const float pixel : image) CHECK_EQ(pixel, untouched);

    const Experiment slow = small_experiment("-mosaic 1 -mosaic_domains 3000 -phi 1 -osc 1 -phisteps 400");
    Plan long_plan(slow);
    complete(long_plan, 2);
    kernel::StopSign fresh;
    const kernel::Watch watch = [](double) -> bool { throw ModelError("enough"); };
    CHECK_THROWS_WITH(kernel::render_region(long_plan, image.data(), none, false, 2, fresh, watch, {}), ModelError, "enough");
}

TEST("kernel: a table of orientations and domains, or none where it would be large, give the same bits") {
    // 200 x 200 orientations are more than the table holds; the same domains in a smaller scan are not.
    const std::string domains = "-mosaic 1 -mosaic_domains 200 -roi 11 12 9 9 -phi 1 ";
    const Experiment large = small_experiment(domains + "-osc 2 -phisteps 200");
    const Experiment small = small_experiment(domains + "-osc 0.01 -phisteps 1");
    CHECK(Plan(large).view().orientation.later_sweep_table == nullptr);
    CHECK(Plan(small).view().orientation.later_sweep_table != nullptr);
    for (const Experiment* e : {&large, &small}) CHECK_EQ(differing(render(*e, 2).image, SerialRun(*e).image()), 0U);
}

TEST("plan: what it holds is what the experiment says") {
    const Experiment e =
        small_experiment("-oversample 3 -mosaic 1 -mosaic_domains 4 -phi 2 -osc 1 -phisteps 2 -hdivrange 9 -hdivsteps 3");
    const Plan plan(e);
    const PlanView& v = plan.view();
    CHECK_EQ(v.scale.steps, 9 * 4 * 2 * 3);
    CHECK_EQ(v.orientation.n_phi, 2);
    CHECK_EQ(v.orientation.n_domains, 4);
    CHECK_EQ(v.beam.n_sources, 3);
    CHECK_EQ(v.detector.subpixel_size, e.detector.pixel_size / 3);
    CHECK_EQ(v.scale.background, 0.0);
    CHECK(v.crystal.amplitudes.values == nullptr);
    CHECK(v.sensor.capture_of == FactorOf::nothing);
    CHECK_EQ(v.carry_over.first_sweep, no_pixel);
    for (int i = 0; i < 3; ++i) {
        const IncidentRay& ray = v.beam.sources[i];
        CHECK_EQ(ray.direction.x, -e.beam.sources[static_cast<std::size_t>(i)].position.x);
        CHECK_EQ(ray.weight, 1.0);
    }
}
