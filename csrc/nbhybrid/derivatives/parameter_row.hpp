#pragma once
// The table of parameters: a row a path.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nbhybrid/derivatives/moving_experiment.hpp"

namespace nbhybrid::derivatives {

using Shape = std::vector<std::int64_t>;

struct ParameterRow {
    std::string_view path;  // of a detector: what follows "detector." or "detector.panels[...]."
    std::string_view unit;
    Shape (*shape)(const Subject&);
    // Why the experiment does not have it; empty if it does.
    std::string (*refusal)(const Subject&);
    // Adds a step in this component, in the parameter's unit, to the slopes of what it moves. Null: amplitudes of the grid.
    void (*move)(MovingExperiment&, std::size_t component, double step);
};

const std::vector<ParameterRow>& crystal_rows();
const std::vector<ParameterRow>& beam_rows();
const std::vector<ParameterRow>& detector_rows();
const std::vector<ParameterRow>& scan_rows();

// Fields of the objects that are no parameters of any experiment, and why.
struct OtherField {
    std::string_view path, reason;
};
const std::vector<OtherField>& other_fields();
const std::vector<OtherField>& other_detector_fields();

// Of the rotation of an image of a batch.
const ParameterRow& rotation_row();

// Why nothing of the experiment can be differentiated; empty if something can.
std::string refusal_of_all(const Subject& subject);

// Shapes.
inline Shape one_number(const Subject&) { return {}; }
template <int count>
Shape several_numbers(const Subject&) {
    return {count};
}

inline std::string never(const Subject&) { return ""; }

inline Dual& component_of(Vec3T<Dual>& v, std::size_t i) { return i == 0 ? v.x : i == 1 ? v.y : v.z; }
inline const double& component_of(const Vec3& v, std::size_t i) { return i == 0 ? v.x : i == 1 ? v.y : v.z; }

// A step about an axis of the laboratory, in degrees, of what is turned by this rotation: exp([w]x) R at w = 0.
void turn(Mat3T<Dual>& rotation, std::size_t axis, double step);

}  // namespace nbhybrid::derivatives
