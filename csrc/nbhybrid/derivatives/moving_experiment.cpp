#include "nbhybrid/derivatives/moving_experiment.hpp"

#include <algorithm>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/beam.hpp"
#include "nbhybrid/model/sensor.hpp"
#include "nbhybrid/options/placement.hpp"
#include "nbhybrid/physics/photon_count.hpp"
#include "nbhybrid/physics/pixel_position.hpp"
#include "nbhybrid/plan/incident_rays.hpp"
#include "nbhybrid/plan/orientations.hpp"

namespace nbhybrid::derivatives {

using options::ReferenceOptions;

namespace {

LatticeRecipeT<Dual> at_rest(const LatticeRecipe& recipe) {
    LatticeRecipeT<Dual> r;
    if (recipe.cell) {
        const UnitCell& c = *recipe.cell;
        r.cell = UnitCellT<Dual>{c.a, c.b, c.c, c.alpha, c.beta, c.gamma};
    }
    const Orientation& o = recipe.orientation;
    if (o.matrix) {
        r.orientation.matrix.emplace();
        std::copy(o.matrix->begin(), o.matrix->end(), r.orientation.matrix->begin());
    }
    r.orientation.wavelength = o.wavelength;
    if (o.misset) r.orientation.misset = as<Dual>(*o.misset);
    if (o.rotation) r.orientation.rotation = as<Dual>(*o.rotation);
    r.oblique = recipe.oblique;
    return r;
}

LaboratoryFrameT<Dual> at_rest(const LaboratoryFrame& f) {
    return {as<Dual>(f.beam),          as<Dual>(f.fast),         as<Dual>(f.slow),   as<Dual>(f.normal),
            as<Dual>(f.twotheta_axis), as<Dual>(f.polarization), as<Dual>(f.spindle)};
}

PlacementRequestT<Dual> at_rest(const PlacementRequest& p) {
    PlacementRequestT<Dual> r;
    r.convention = p.convention;
    r.pivot = p.pivot;
    r.pivot_asked = p.pivot_asked;
    r.custom_frame = at_rest(p.custom_frame);
    r.pixel_size = p.pixel_size;
    r.size_fast = p.size_fast, r.size_slow = p.size_slow;
    r.distance = p.distance, r.close_distance = p.close_distance;
    r.x_beam = p.x_beam, r.y_beam = p.y_beam;
    r.x_close = p.x_close, r.y_close = p.y_close;
    r.org_x = p.org_x, r.org_y = p.org_y;
    r.rotation = as<Dual>(p.rotation);
    if (p.origin) r.origin = as<Dual>(*p.origin);
    r.twotheta = p.twotheta;
    return r;
}

bool moves(const Vec3T<Dual>& v) { return numerics::moves(v.x) || numerics::moves(v.y) || numerics::moves(v.z); }
bool moves(const AxesT<Dual>& axes) { return moves(axes.a) || moves(axes.b) || moves(axes.c); }

}  // namespace

const std::vector<Source>& given_sources(const Subject& subject) {
    return subject.built.source_rows.empty() ? subject.options.beam.sources : subject.built.source_rows;
}

MovingExperiment::MovingExperiment(const Subject& subject) : subject_(subject) {
    const ReferenceOptions& o = subject.options;
    const Experiment& e = subject.experiment();
    lattice = at_rest(subject.built.lattice_recipe);
    if (subject.rotation) rotation = as<Dual>(*subject.rotation);
    mosaic_spread = e.crystal.mosaic_spread;
    cells = as<Dual>(o.crystal.cells);
    fudge = e.crystal.fudge;
    default_amplitude = e.structure_factors->default_amplitude;
    placement = at_rest(options::complete_placement(o, o.own.semantics));
    sensor_thickness = o.detector.sensor_thickness;
    attenuation = o.detector.attenuation;
    wavelength = e.beam.wavelength;
    fluence = e.beam.fluence;
    flux = o.beam.flux;
    kahn_factor = e.beam.kahn_factor;
    phi = e.scan.phi_start;
    scan = {o.scan.rotation.count, o.scan.rotation.range, o.scan.rotation.step};
    for (const Mat3& domain : e.crystal.domains) domains_.push_back(as<Dual>(domain));
    for (const Source& row : given_sources(subject)) {
        const Vec3 position = options::is_along_beam(row) ? -source_distance * e.beam.direction : row.position;
        sources_.push_back({as<Dual>(position), row.wavelength, row.weight});
    }
}

Mat3T<Dual>& MovingExperiment::moving_domain(std::size_t domain) {
    moving_domains_.insert(domain);
    return domains_[domain];
}

SourceT<Dual>& MovingExperiment::moving_source(std::size_t source) {
    moving_sources_.insert(source);
    return sources_[source];
}

Dual& MovingExperiment::moving_weight(std::size_t source) {
    all_sources_move_ = true;
    return sources_[source].weight;
}

void MovingExperiment::rest() {
    moving_domains_.clear();
    moving_sources_.clear();
    all_sources_move_ = false;
}

void MovingExperiment::run(Receiver& receiver) const {
    const LatticeT<Dual> oriented = rotation ? rotated_lattice(lattice, *rotation) : lattice_of(lattice);
    receiver.stages(stages_of(oriented));
    run_orientations(oriented, receiver);
    if (sources_.empty()) run_grid(receiver);
    else run_sources(receiver);
}

StageNumbersT<Dual> MovingExperiment::stages_of(const LatticeT<Dual>& oriented) const {
    const ReferenceOptions& o = subject_.options;
    const Experiment& e = subject_.experiment();
    StageNumbersT<Dual> n;

    PlacementRequestT<Dual> request = placement;
    options::set_sizes(o.detector, request);
    Warnings said_before;
    const LaboratoryFrameT<Dual> frame = resolve_frame(request, said_before);
    const PlacementT<Dual> placed = placement_of(request, frame, e.detector.curved, e.semantics);
    n.origin = placed.origin;
    n.fast_axis = placed.fast_axis;
    n.slow_axis = placed.slow_axis;
    n.normal = placed.normal;
    n.beam = frame.beam;
    n.distance = placed.distance;
    n.close_distance = placed.close_distance;
    n.pixel_size = request.pixel_size;
    n.subpixel_size = physics::subpixel_size(request.pixel_size, e.sampling.oversample);

    const SensorT<Dual> sensor = make_sensor(sensor_thickness, attenuation, static_cast<double>(o.detector.layers));
    n.layer_thickness = sensor.layer_thickness;
    n.attenuation = sensor.attenuation;

    n.kahn_factor = kahn_factor;
    n.polarization_axis = normalized(frame.polarization);

    n.cells = resolve_cells(cells, subject_.built.crystal_size, e.crystal.lattice);
    n.a_star = oriented.a_star;
    n.b_star = oriented.b_star;
    n.c_star = oriented.c_star;
    n.fudge = fudge;
    n.default_amplitude = default_amplitude;

    n.fluence = o.beam.has_flux() ? fluence_of_flux(flux, o.beam.exposure, o.beam.size) : fluence;
    n.background = physics::water_background(n.fluence, Dual(e.sampling.water_thickness));
    return n;
}

std::vector<Mat3T<Dual>> MovingExperiment::domains() const {
    if (!numerics::moves(mosaic_spread)) return domains_;
    SharedDeviates deviates = subject_.built.deviates_before_domains;
    return make_domains(MosaicityT<Dual>{mosaic_spread, static_cast<std::int64_t>(domains_.size())}, deviates,
                        subject_.options.seeds.mosaic);
}

void MovingExperiment::run_orientations(const LatticeT<Dual>& oriented, Receiver& receiver) const {
    const AxesT<Dual> unrotated{oriented.a, oriented.b, oriented.c};
    const ScanT<Dual> moving_scan{phi, resolve_rotation(scan), subject_.experiment().scan.spindle};
    const bool all_move =
        moves(unrotated) || numerics::moves(phi) || numerics::moves(moving_scan.rotation.step) || numerics::moves(mosaic_spread);
    if (!all_move && moving_domains_.empty()) return;
    AxesT<Dual> current = unrotated;
    const std::vector<AxesT<Dual>> steps = sweep(moving_scan, unrotated, false, current);
    const std::vector<Mat3T<Dual>> redrawn = all_move ? domains() : std::vector<Mat3T<Dual>>{};
    for (std::size_t i = 0; i < steps.size() && receiver.wants_more(); ++i) {
        const std::size_t first = i * domains_.size();
        for (std::size_t d = 0; d < redrawn.size(); ++d) receiver.orientation(first + d, in_domain(redrawn[d], steps[i]));
        if (all_move) continue;
        for (const std::size_t d : moving_domains_) receiver.orientation(first + d, in_domain(domains_[d], steps[i]));
    }
}

void MovingExperiment::run_sources(Receiver& receiver) const {
    if (!all_sources_move_ && moving_sources_.empty()) return;
    const SourceWeights<Dual> weights(sources_);
    const auto tell = [&](std::size_t i) {
        const SourceT<Dual>& row = sources_[i];
        const IncidentRayT<Dual> ray = ray_from(make_source(row.position, row.wavelength, row.weight), weights);
        receiver.ray(i, {ray.direction, ray.wavelength, ray.weight});
    };
    if (!all_sources_move_) {
        for (const std::size_t i : moving_sources_) tell(i);
        return;
    }
    for (std::size_t i = 0; i < sources_.size() && receiver.wants_more(); ++i) tell(i);
}

void MovingExperiment::run_grid(Receiver& receiver) const {
    if (!numerics::moves(wavelength)) return;
    const Beam& beam = subject_.experiment().beam;
    const SourceGridT<Dual> grid{beam.direction,
                                 beam.polarization_axis,
                                 wavelength,
                                 beam.horizontal,
                                 beam.vertical,
                                 beam.dispersion,
                                 subject_.options.beam.round_divergence};
    const std::vector<SourceT<Dual>> sources = make_source_grid(grid);
    const SourceWeights<Dual> weights(sources);
    for (std::size_t i = 0; i < sources.size() && receiver.wants_more(); ++i) {
        const IncidentRayT<Dual> ray = ray_from(sources[i], weights);
        receiver.ray(i, {ray.direction, ray.wavelength, ray.weight});
    }
}

}  // namespace nbhybrid::derivatives
