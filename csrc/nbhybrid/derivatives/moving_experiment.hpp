#pragma once
// An experiment whose parameters move: its continuous numbers as duals, and the model and the plan run with them a second time. No
// formula stands here; what is automatic (sub-pixels, domains, steps, layers) stays as it is.

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/crystal.hpp"
#include "nbhybrid/model/detector_placement.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/model/lattice.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/options/build.hpp"
#include "nbhybrid/plan/plan_numbers.hpp"

namespace nbhybrid::derivatives {

using numerics::Dual;

// An experiment with what it was made of, or an image of a batch of it.
struct Subject {
    const options::ReferenceOptions& options;
    const options::Built& built;
    std::optional<Mat3> rotation = std::nullopt;  // of the image, on top of the crystal's own

    const Experiment& experiment() const { return built.experiment; }
};

// Takes the numbers of a plan that may move.
class Receiver {
public:
    virtual void stages(const StageNumbersT<Dual>& numbers) = 0;
    virtual void orientation(std::size_t place, const AxesT<Dual>& axes) = 0;
    virtual void ray(std::size_t source, const RayNumbersT<Dual>& ray) = 0;
    // Whether it has not heard enough.
    virtual bool wants_more() const { return true; }

protected:
    ~Receiver() = default;
};

// Units as inside: metres, radians, Angstrom for the edges of a cell. Whoever gives one of the numbers a slope makes it move.
class MovingExperiment {
public:
    // At rest. The subject must outlive it.
    explicit MovingExperiment(const Subject& subject);

    LatticeRecipeT<Dual> lattice;
    std::optional<Mat3T<Dual>> rotation;  // of an image of a batch
    Dual mosaic_spread;
    Vec3T<Dual> cells;
    Dual fudge, default_amplitude;
    PlacementRequestT<Dual> placement;
    Dual sensor_thickness, attenuation;
    Dual wavelength, fluence, flux, kahn_factor;
    Dual phi;
    SamplingRequestT<Dual> scan;

    // Elements of lists; others of the list stay at rest.
    Mat3T<Dual>& moving_domain(std::size_t domain);
    SourceT<Dual>& moving_source(std::size_t source);
    // A weight moves those of all others, which are relative to their mean.
    Dual& moving_weight(std::size_t source);
    // After the slopes have been taken back: no element of a list moves any more.
    void rest();

    // Tells the receiver of the plan's numbers, those of lists only where they may move.
    void run(Receiver& receiver) const;

private:
    void run_orientations(const LatticeT<Dual>& lattice, Receiver& receiver) const;
    void run_sources(Receiver& receiver) const;
    void run_grid(Receiver& receiver) const;
    StageNumbersT<Dual> stages_of(const LatticeT<Dual>& lattice) const;
    std::vector<Mat3T<Dual>> domains() const;

    const Subject& subject_;
    std::vector<Mat3T<Dual>> domains_;
    std::vector<SourceT<Dual>> sources_;  // as given; none: a grid
    std::set<std::size_t> moving_domains_, moving_sources_;
    bool all_sources_move_ = false;
};

// The sources that were given one by one, as they were given.
const std::vector<Source>& given_sources(const Subject& subject);

}  // namespace nbhybrid::derivatives
