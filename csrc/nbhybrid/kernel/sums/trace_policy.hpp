#pragma once
// What a traced pixel says, noted by the scalar path at the statement that uses the value. kernel/device_trace.hpp
// is for devices.

#include <cstddef>
#include <vector>

#include "nbhybrid/core/isa.hpp"
#include "nbhybrid/core/trace_hooks.hpp"
#include "nbhybrid/core/vec3.hpp"
#include "nbhybrid/kernel/trace_records.hpp"
#include "nbhybrid/kernel/walk/pixel_block.hpp"

namespace nbhybrid::kernel {
inline namespace NBHYBRID_ISA {

// What a pixel says before its end, in order.
struct TraceEvent {
    enum class Kind { source, first_step, first_amplitude, interpolation_ends };
    Kind kind = Kind::source;
    std::size_t record = 0;  // index into the records of its kind
};

struct PixelRecord {
    int slow = 0, fast = 0;
    bool rendered = false;
    std::vector<TraceEvent> events;
    std::vector<SourceRecord> sources;
    std::vector<FirstStepRecord> first_steps;
    std::vector<Vec3> out_of_table;  // index of the step that ended the interpolation
    std::vector<StepRecord> steps;   // only if they were asked for
    StepRecord last_step;            // the last one summed
    Axes last_axes;                  // of the last one tried
    Vec3 last_position, last_scattering;
    FinalRecord final_values;
    TracedBy by = TracedBy::scalar_path;
    RoundingTest rounding = RoundingTest::none;
    double error_bound = 0;  // of the photons, if there was a test
};

class RecordTrace {
public:
    static constexpr bool enabled = true;

    RecordTrace(PixelRecord& record, bool with_steps) : record_(record), with_steps_(with_steps) {}

    // A traced block holds one pixel.
    template <class Block>
    void source(const Block& block) {
        note(TraceEvent::Kind::source, record_.sources.size());
        record_.sources.push_back({block.position[0], block.diffracted[0], block.incident, block.scattering[0], block.path[0],
                                   block.solid_angle[0], block.wavelength});
    }
    void first_step(const Axes& axes, const Vec3& index, const Indices& nearest, const Vec3& axis_factors, double lattice_factor) {
        note(TraceEvent::Kind::first_step, record_.first_steps.size());
        record_.first_steps.push_back({axes, index, nearest, axis_factors, lattice_factor, 0.0});
    }
    void first_step_amplitude(double amplitude) {
        note(TraceEvent::Kind::first_amplitude, record_.first_steps.size() - 1);
        record_.first_steps.back().amplitude = amplitude;
    }
    void interpolation_ends(const Vec3& index) {
        note(TraceEvent::Kind::interpolation_ends, record_.out_of_table.size());
        record_.out_of_table.push_back(index);
    }
    void axes(const Axes& axes) { record_.last_axes = axes; }
    void step(const StepRecord& step) {
        record_.last_step = step;
        if (with_steps_) record_.steps.push_back(step);
    }
    template <class Block>
    void end(const Block& block, double intensity, double photons, float pixel) {
        record_.rendered = true;
        record_.last_position = block.position[0];
        record_.last_scattering = block.scattering[0];
        record_.final_values = {intensity,
                                block.capture[0],
                                block.polarization[0],
                                block.solid_angle[0],
                                dot(block.incident, block.diffracted[0]),
                                photons,
                                pixel};
    }

private:
    void note(TraceEvent::Kind kind, std::size_t index) { record_.events.push_back({kind, index}); }

    PixelRecord& record_;
    bool with_steps_;
};

}  // namespace NBHYBRID_ISA
}  // namespace nbhybrid::kernel
