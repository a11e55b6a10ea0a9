#pragma once
// The plausible range of each quantity, and the units that a value outside of it may have been meant in. The ranges are wide: a
// warning is for a slip of the pen, not for an unusual experiment.

#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid::checks {

// What a number may have been meant in.
struct Meaning {
    std::string_view unit;
    double (*in_own_unit)(double);  // the number as one in the quantity's own unit
};

struct Quantity {
    std::string_view name;
    std::string_view option;   // that gives it
    std::string_view keyword;  // of an SMV header that gives it; empty: none
    std::string_view unit;     // of the option
    double low, high;          // in this unit, both plausible
    std::vector<Meaning> meanings;
};

extern const Quantity wavelength, photon_energy, pixel_size, distance, close_distance, cell_edge, cell_angle, polarization,
    sensor_thickness, attenuation_depth;

// All of them.
const std::vector<const Quantity*>& quantities();

// The end of a message: "; 12.4 looks like keV", or nothing.
std::string likely_meaning(const Quantity& quantity, double value);

bool is_plausible(const Quantity& quantity, double value);

// One line about a value that is not plausible. `header` is the file whose header may have given it; empty: none.
std::string complaint(const Quantity& quantity, double value, const std::string& header);

}  // namespace nbhybrid::checks
