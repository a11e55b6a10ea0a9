#pragma once
// What the kernel reads: everything that is the same for many pixels, as plain numbers and flat arrays, grouped by stage. A
// PlanView points into a Plan, which owns the arrays; on a GPU it would point into the device's memory.

#include <cstdint>
#include <memory>
#include <vector>

#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/model/detector.hpp"
#include "nbhybrid/model/experiment.hpp"
#include "nbhybrid/numerics/float_pair.hpp"
#include "nbhybrid/plan/bounds.hpp"
#include "nbhybrid/plan/incident_rays.hpp"
#include "nbhybrid/plan/orientations.hpp"
#include "nbhybrid/terms/crystal_form.hpp"
#include "nbhybrid/terms/structure_factor.hpp"

namespace nbhybrid {

// The lattice vectors of an orientation in pairs of float32.
struct PairAxes {
    numerics::PairVec3 a, b, c;
};

// Where a factor of the pixel enters.
enum class Applied {
    at_end,          // multiplies the finished sum
    to_running_sum,  // multiplies, at every step, the sum so far
    to_each_term,    // multiplies each step's own term
};

// What a factor of the pixel is found of.
enum class FactorOf {
    nothing,         // it is 1
    pixel_centre,    // and, the polarization, each source
    first_subpixel,  // of each layer, if it is the capture; of the first source that reaches the pixel, if it is the polarization
    each_subpixel,   // and, the polarization, each source
};

// A pixel by its place in the image, slow * fast_pixels + fast.
using PixelIndex = std::int64_t;
inline constexpr PixelIndex no_pixel = INT64_MAX;

struct DetectorStage {
    Vec3 fast_axis, slow_axis, normal, origin;
    Vec3 beam;  // for a curved detector
    double pixel_size, subpixel_size;
    double distance, close_distance;
    int fast_pixels, slow_pixels;
    Region region;
    const std::uint16_t* mask;  // null: none
    bool curved, point_pixel;
    // For a device, whose sines are not the library's: where the region's (sub-)pixels of a curved detector lie, by planes; see
    // kernel/curved_table.hpp. Null: it is computed where it is needed.
    const Vec3* curved_positions;
    int oversample;
    FactorOf solid_angle_of;
    Applied solid_angle;
};

struct SensorStage {
    int layers;
    double layer_thickness, attenuation;
    FactorOf capture_of;  // nothing: no thickness is modelled
    Applied capture;
};

struct BeamStage {
    const IncidentRay* sources;
    int n_sources;
    double dmin;
    double kahn_factor;
    bool is_corrected_for_polarization;
    FactorOf polarization_of;
    Applied polarization;
    bool weighted;
    // Normalising the polarization axis once more may change it. The reference does so at every use: the first use of a run takes
    // entry 0, the next the one after it, and after the last comes entry axis_cycle, which is the last itself for an axis that
    // has settled.
    const Vec3* axes;
    int n_axes, axis_cycle;
};

struct OrientationStage {
    int n_phi, n_domains;
    // The crystal after each phi step's rotation, before the domain's: in the first sweep of a run and in all later ones. They
    // differ where a phi of exactly 0 leaves the crystal as the step before left it.
    const Axes* first_sweep;
    const Axes* later_sweep;
    const Mat3* domains;  // null: none is rotated
    // The same with the domains' rotations applied (phi major, domain minor), null if that table would be large.
    const Axes* first_sweep_table;
    const Axes* later_sweep_table;
    // All orientations of a later sweep by components (a.x of all, a.y of all, ... c.z), for crystals with narrow spots; else, or
    // if that would be large, null.
    const double* components;
    // For devices where double is slow: all orientations of a later sweep. Null: there is no such table.
    const PairAxes* later_pairs;
};

struct CrystalStage : terms::CrystalForm {
    Vec3 a_star, b_star, c_star;  // of the unrotated crystal, 1/Angstrom
    terms::AmplitudeGrid amplitudes;
    bool interpolate;
    bool interpolation_resumes;  // after a step whose neighbourhood leaves the table
    bool water;                  // a step with a lattice factor of 0 then still counts
};

struct ScaleStage {
    double fluence;
    double background;          // of the water, photons/steradian
    bool background_is_scaled;  // like the steps' intensity: multiplied by the fluence again, and divided by the steps
    int steps;
};

// Where the state that the reference carries from step to step changes.
struct CarryOver {
    // The pixel in which the first sweep of the run takes place; no_pixel if that makes no difference.
    PixelIndex first_sweep = no_pixel;
    // The first pixel with a step whose neighbourhood leaves the table: from that step on nothing is interpolated.
    PixelIndex interpolation_ends = no_pixel;
    // Which entry of the polarization axes is next when each of the first pixels begins, until the last entry has been reached...
    struct AxisUse {
        PixelIndex pixel;
        int entry;
    };
    const AxisUse* axis_uses = nullptr;
    int n_axis_uses = 0;
    PixelIndex axis_settles = -1;  // the last of them
    // ...or, for an axis that never settles, when each pixel of the image begins; null otherwise.
    const std::uint16_t* axis_entries = nullptr;
};

struct PlanView {
    DetectorStage detector;
    SensorStage sensor;
    BeamStage beam;
    OrientationStage orientation;
    CrystalStage crystal;
    ScaleStage scale;
    CarryOver carry_over;
};

class Plan {
public:
    // The experiment's amplitude table, mask and domains are referred to, not copied: the experiment must outlive the plan.
    explicit Plan(const Experiment& experiment);
    // That of the other's experiment with another lattice, of which it must have as many cells and sub-pixels. What does not depend
    // on the lattice is taken over: the two share it.
    Plan(const Plan& other, const Lattice& lattice);

    const PlanView& view() const { return view_; }
    physics::CrystalShape shape() const { return shape_; }
    const Bounds& bounds() const { return bounds_; }
    // Of the reflections, for crystals whose spots have tails of a width of their own; else 0.
    double largest_amplitude() const { return largest_amplitude_; }

    // The carry-over is found by the kernel's own loop, which needs a plan to run; it then completes the plan.
    void set_first_sweep(PixelIndex pixel) { view_.carry_over.first_sweep = pixel; }
    void set_interpolation_end(PixelIndex pixel) { view_.carry_over.interpolation_ends = pixel; }
    void set_axis_uses(std::vector<CarryOver::AxisUse> uses);
    void set_axis_entries(std::vector<std::uint16_t> entries);
    bool sweeps_differ() const { return sweeps_differ_; }
    bool knows_axis_uses() const { return axis_uses_ != nullptr || axis_entries_ != nullptr; }

    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;

private:
    template <class T>
    using Shared = std::shared_ptr<const std::vector<T>>;

    void plan_detector(const Experiment& experiment);
    void plan_beam(const Experiment& experiment);
    void plan_sources(const Experiment& experiment);
    void plan_crystal(const Experiment& experiment);
    void plan_scale(const Experiment& experiment);
    // What depends on the lattice.
    void plan_lattice(const Lattice& lattice);
    void plan_orientations(const Lattice& lattice);
    void plan_components();

    const Experiment& experiment_;
    PlanView view_{};
    physics::CrystalShape shape_;
    double largest_amplitude_ = 0;
    Bounds bounds_;
    bool sweeps_differ_ = false;
    Shared<IncidentRay> sources_;
    Shared<Vec3> polarization_axes_;
    std::vector<Axes> first_sweep_, later_sweep_;
    std::vector<Axes> first_sweep_table_, later_sweep_table_;
    std::vector<double> components_;
    Shared<CarryOver::AxisUse> axis_uses_;
    Shared<std::uint16_t> axis_entries_;
};

}  // namespace nbhybrid
