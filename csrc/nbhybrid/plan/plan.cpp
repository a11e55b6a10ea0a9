#include "nbhybrid/plan/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/terms/shapes.hpp"

namespace nbhybrid {

namespace {

// Entries of the (phi, domain) table: 2.25 MiB. Beyond it the domain's rotation is applied at every step, which costs about a
// tenth of the step.
constexpr std::size_t largest_orientation_table = std::size_t{1} << 15U;

// Nearly all axes settle after a few normalisations; of the others nearly all end in a cycle of two. The bound is for none known.
constexpr std::size_t most_polarization_axes = 4096;

bool same_bits(const Axes& u, const Axes& v) { return std::memcmp(&u, &v, sizeof(Axes)) == 0; }
bool same_bits(const Vec3& u, const Vec3& v) { return std::memcmp(&u, &v, sizeof(Vec3)) == 0; }

// All different results of normalising the axis again and again, and the entry that follows the last.
std::pair<std::vector<Vec3>, int> polarization_axes(const Vec3& first) {
    std::vector<Vec3> axes;
    for (Vec3 axis = normalized(first);; axis = normalized(axis)) {
        for (std::size_t i = axes.size(); i-- > 0;)
            if (same_bits(axes[i], axis)) return {std::move(axes), static_cast<int>(i)};
        if (axes.size() == most_polarization_axes) return {std::move(axes), static_cast<int>(most_polarization_axes) - 1};
        axes.push_back(axis);
    }
}

// How a factor enters that is, or is not, recomputed at every sub-pixel.
Applied applied(bool recomputed, const Semantics& semantics) {
    if (!recomputed) return Applied::at_end;
    return semantics.corrects(Defect::oversample_product) ? Applied::to_each_term : Applied::to_running_sum;
}

std::vector<Axes> with_domains(const std::vector<Axes>& steps, const std::vector<Mat3>& domains) {
    std::vector<Axes> table;
    table.reserve(steps.size() * domains.size());
    for (const Axes& axes : steps)
        for (const Mat3& domain : domains) table.push_back(in_domain(domain, axes));
    return table;
}

// Of the square of a parallelepiped's lattice factor, over offsets from reflections that fill a cell evenly. With few steps any of
// them may be most of an image, and 0 calls all of them bright.
constexpr int samples_of_squares = 4096;

double bright_square(const Vec3& cells) {
    constexpr int samples = samples_of_squares, brighter = 4;
    // Multiples of these, modulo 1, fill a cube evenly: powers of the root of x^4 = x + 1, turned over.
    constexpr double step_h = 0.8191725133961645, step_k = 0.6710436067037893, step_l = 0.5497004779019703;
    const auto offset = [](double x) { return x - std::floor(x) - 0.5; };
    std::vector<double> squares(samples);
    for (int i = 0; i < samples; ++i) {
        const double factor = terms::square_axis_factor(offset(i * step_h), cells.x) *
                              terms::square_axis_factor(offset(i * step_k), cells.y) *
                              terms::square_axis_factor(offset(i * step_l), cells.z);
        squares[static_cast<std::size_t>(i)] = factor * factor;
    }
    std::nth_element(squares.begin(), squares.begin() + brighter, squares.end(), std::greater<>());
    return squares[brighter];
}

// The experiments of a series have one crystal: its answer is kept for the next.
double bright_square(const Vec3& cells, double all_steps) {
    if (all_steps < samples_of_squares) return 0;
    thread_local Vec3 last_cells{};
    thread_local double last = 0;
    if (!same_bits(cells, last_cells)) {
        last = bright_square(cells);
        last_cells = cells;
    }
    return last;
}

}  // namespace

Plan::Plan(const Experiment& experiment) : experiment_(experiment), shape_(experiment.crystal.shape) {
    plan_detector(experiment);
    plan_beam(experiment);
    plan_crystal(experiment);
    plan_scale(experiment);
    plan_lattice(experiment.crystal.lattice);
}

Plan::Plan(const Plan& other, const Lattice& lattice)
    : experiment_(other.experiment_),
      view_(other.view_),
      shape_(other.shape_),
      largest_amplitude_(other.largest_amplitude_),
      sources_(other.sources_),
      polarization_axes_(other.polarization_axes_),
      axis_uses_(other.axis_uses_),
      axis_entries_(other.axis_entries_) {
    plan_lattice(lattice);
    // The first step of a run is in the same pixel, whatever the lattice.
    if (!sweeps_differ_) view_.carry_over.first_sweep = no_pixel;
    view_.carry_over.interpolation_ends = no_pixel;
}

void Plan::plan_detector(const Experiment& experiment) {
    const Detector& d = experiment.detector;
    const PixelSampling& s = experiment.sampling;
    const Semantics& semantics = experiment.semantics;
    DetectorStage& stage = view_.detector;
    stage.fast_axis = d.fast_axis;
    stage.slow_axis = d.slow_axis;
    stage.normal = d.normal;
    stage.origin = d.origin;
    stage.beam = experiment.beam.direction;
    stage.pixel_size = d.pixel_size;
    stage.subpixel_size = physics::subpixel_size(d.pixel_size, s.oversample);
    stage.distance = d.distance;
    stage.close_distance = d.close_distance;
    stage.fast_pixels = d.fast_pixels;
    stage.slow_pixels = d.slow_pixels;
    stage.region = d.region;
    stage.mask = d.mask.data();
    stage.curved = d.curved;
    stage.point_pixel = d.point_pixel;
    stage.oversample = s.oversample;
    stage.solid_angle_of = s.solid_angle                              ? FactorOf::each_subpixel
                           : semantics.corrects(Defect::omega_corner) ? FactorOf::pixel_centre
                                                                      : FactorOf::first_subpixel;
    stage.solid_angle = applied(s.solid_angle, semantics);

    SensorStage& sensor = view_.sensor;
    sensor.layers = d.sensor.layers;
    sensor.layer_thickness = d.sensor.layer_thickness;
    sensor.attenuation = d.sensor.attenuation;
    sensor.capture_of = s.thickness                 ? FactorOf::each_subpixel
                        : d.sensor.thickness == 0.0 ? FactorOf::nothing
                                                    : FactorOf::first_subpixel;
    sensor.capture = applied(s.thickness, semantics);
    if (sensor.capture == Applied::at_end && semantics.corrects(Defect::layer_capture) && sensor.layers > 1)
        sensor.capture = Applied::to_each_term;
}

void Plan::plan_sources(const Experiment& experiment) {
    const std::vector<Source>& sources = experiment.beam.sources;
    const SourceWeights<double> weights(sources);
    view_.beam.weighted = experiment.semantics.corrects(Defect::source_weights) && !weights.are_equal;
    std::vector<IncidentRay> rays;
    rays.reserve(sources.size());
    for (const Source& source : sources) rays.push_back(ray_from(source, weights));
    sources_ = std::make_shared<const std::vector<IncidentRay>>(std::move(rays));
    view_.beam.sources = sources_->data();
    view_.beam.n_sources = static_cast<int>(sources_->size());
}

void Plan::plan_beam(const Experiment& experiment) {
    const Beam& beam = experiment.beam;
    const Semantics& semantics = experiment.semantics;
    plan_sources(experiment);
    auto [axes, axis_cycle] = polarization_axes(beam.polarization_axis);
    polarization_axes_ = std::make_shared<const std::vector<Vec3>>(std::move(axes));
    BeamStage& stage = view_.beam;
    stage.dmin = experiment.sampling.dmin;
    stage.kahn_factor = beam.kahn_factor;
    stage.is_corrected_for_polarization = beam.polarization;
    const bool recomputed = experiment.sampling.polarization;
    stage.polarization_of = recomputed                                       ? FactorOf::each_subpixel
                            : !beam.polarization                             ? FactorOf::nothing
                            : semantics.corrects(Defect::polar_first_source) ? FactorOf::pixel_centre
                                                                             : FactorOf::first_subpixel;
    stage.polarization = applied(recomputed, semantics);
    if (stage.polarization_of == FactorOf::pixel_centre) stage.polarization = Applied::to_each_term;
    stage.axes = polarization_axes_->data();
    stage.n_axes = static_cast<int>(polarization_axes_->size());
    stage.axis_cycle = axis_cycle;
}

void Plan::plan_lattice(const Lattice& lattice) {
    plan_orientations(lattice);
    CrystalStage& stage = view_.crystal;
    stage.a_star = lattice.a_star;
    stage.b_star = lattice.b_star;
    stage.c_star = lattice.c_star;
    stage.spots = experiment_.semantics.corrects(Defect::spot_scale)
                      ? terms::metric_in_cells(stage.cells)
                      : terms::metric_in_reciprocal_space(stage.a_star, stage.b_star, stage.c_star, stage.cells);
    stage.largest_index = largest_index_of(*this);
    bounds_ = bounds_of(*this);
}

void Plan::plan_orientations(const Lattice& lattice) {
    const Crystal& crystal = experiment_.crystal;
    const Axes unrotated{lattice.a, lattice.b, lattice.c};
    const bool carries_over = !experiment_.semantics.corrects(Defect::phi_carryover);
    Axes current = unrotated;
    first_sweep_ = sweep(experiment_.scan, unrotated, carries_over, current);
    later_sweep_ = sweep(experiment_.scan, unrotated, carries_over, current);
    for (std::size_t i = 0; i < first_sweep_.size(); ++i)
        sweeps_differ_ = sweeps_differ_ || !same_bits(first_sweep_[i], later_sweep_[i]);
    if (!sweeps_differ_) first_sweep_.clear();

    OrientationStage& stage = view_.orientation;
    stage = {};
    const bool rotates = crystal.has_rotated_domains;
    stage.n_phi = static_cast<int>(later_sweep_.size());
    stage.n_domains = static_cast<int>(crystal.domains.size());
    stage.domains = rotates ? crystal.domains.data() : nullptr;
    stage.later_sweep = later_sweep_.data();
    stage.first_sweep = sweeps_differ_ ? first_sweep_.data() : stage.later_sweep;
    const bool small = later_sweep_.size() * crystal.domains.size() <= largest_orientation_table;
    if (rotates && small) {
        later_sweep_table_ = with_domains(later_sweep_, crystal.domains);
        if (sweeps_differ_) first_sweep_table_ = with_domains(first_sweep_, crystal.domains);
    }
    stage.later_sweep_table = later_sweep_table_.empty() ? nullptr : later_sweep_table_.data();
    stage.first_sweep_table = first_sweep_table_.empty() ? stage.later_sweep_table : first_sweep_table_.data();
    if (physics::has_spots(shape_)) plan_components();
}

void Plan::plan_components() {
    const std::vector<Axes>& all = view_.orientation.domains == nullptr ? later_sweep_ : later_sweep_table_;
    // Domains that do not rotate are many of one orientation.
    if (all.empty() || all.size() > largest_orientation_table ||
        all.size() != static_cast<std::size_t>(view_.orientation.n_phi) * static_cast<std::size_t>(view_.orientation.n_domains))
        return;
    constexpr std::size_t components = 9;
    static_assert(sizeof(Axes) == components * sizeof(double));
    components_.resize(components * all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Axes& axes = all[i];
        const double values[] = {axes.a.x, axes.a.y, axes.a.z, axes.b.x, axes.b.y, axes.b.z, axes.c.x, axes.c.y, axes.c.z};
        for (std::size_t c = 0; c < components; ++c) components_[c * all.size() + i] = values[c];
    }
    view_.orientation.components = components_.data();
}

void Plan::plan_crystal(const Experiment& experiment) {
    const Crystal& c = experiment.crystal;
    const StructureFactors& f = *experiment.structure_factors;
    terms::AmplitudeGrid grid;
    grid.default_amplitude = f.default_amplitude;
    if (f.has_table()) {
        grid.values = f.values.data();
        grid.stride_h = f.stride_h();
        grid.stride_k = f.stride_k();
        grid.h_min = f.h.min, grid.h_max = f.h.max;
        grid.k_min = f.k.min, grid.k_max = f.k.max;
        grid.l_min = f.l.min, grid.l_max = f.l.max;
    }
    const bool has_tails = terms::with_shape(shape_, [](auto shape) {
        constexpr physics::CrystalShape its_shape = decltype(shape)::value;
        return physics::has_spots(its_shape) && terms::Shape<its_shape>::has_tails;
    });
    if (has_tails) {
        largest_amplitude_ = std::fabs(f.default_amplitude);
        for (const double amplitude : f.values) largest_amplitude_ = std::max(largest_amplitude_, std::fabs(amplitude));
    }
    CrystalStage& stage = view_.crystal;
    stage.cells = c.cells;
    const auto is_whole = [](double n) { return n == std::floor(n); };
    stage.has_fractions = !(is_whole(c.cells.x) && is_whole(c.cells.y) && is_whole(c.cells.z));
    stage.fudge = c.fudge;
    stage.amplitudes = grid;
    stage.interpolate = c.interpolate;
    stage.interpolation_resumes = experiment.semantics.corrects(Defect::interpolation_sticky);
    stage.water = experiment.sampling.water_thickness != 0.0;
}

void Plan::plan_scale(const Experiment& experiment) {
    ScaleStage& scale = view_.scale;
    scale.fluence = experiment.beam.fluence;
    scale.background = physics::water_background(experiment.beam.fluence, experiment.sampling.water_thickness);
    scale.background_is_scaled = !experiment.semantics.corrects(Defect::water_twice);
    scale.steps = steps_per_pixel(experiment);
    const Region& r = view_.detector.region;
    const double pixels = (1.0 + r.fast_last - r.fast_first) * (1.0 + r.slow_last - r.slow_first);
    if (shape_ == physics::CrystalShape::square)
        view_.crystal.bright_square = bright_square(experiment.crystal.cells, pixels * scale.steps * view_.sensor.layers);
}

void Plan::set_axis_entries(std::vector<std::uint16_t> entries) {
    axis_entries_ = std::make_shared<const std::vector<std::uint16_t>>(std::move(entries));
    view_.carry_over.axis_entries = axis_entries_->data();
}

void Plan::set_axis_uses(std::vector<CarryOver::AxisUse> uses) {
    axis_uses_ = std::make_shared<const std::vector<CarryOver::AxisUse>>(std::move(uses));
    view_.carry_over.axis_uses = axis_uses_->data();
    view_.carry_over.n_axis_uses = static_cast<int>(axis_uses_->size());
    view_.carry_over.axis_settles = axis_uses_->empty() ? -1 : axis_uses_->back().pixel;
}

}  // namespace nbhybrid
