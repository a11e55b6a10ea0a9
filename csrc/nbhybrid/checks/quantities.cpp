#include "nbhybrid/checks/quantities.hpp"

#include <cstdint>

#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::checks {

namespace {

// Crystallography has been done with gamma rays and with soft X-rays. An energy is judged by its wavelength.
constexpr double shortest_wavelength = 0.1, longest_wavelength = 50;  // Angstrom
// Detectors: from X-ray microscopes to image plates read in coarse steps; from a microfocus camera to small angles.
constexpr double smallest_pixel = 1e-3, largest_pixel = 5;         // mm
constexpr double shortest_distance = 1, longest_distance = 100e3;  // mm
// Edges of cells: from the length of a bond to more than the largest cells of viruses.
constexpr double shortest_edge = 2, longest_edge = 5000;  // Angstrom

// Angles of cells, degrees: no structure is known with sharper or blunter ones.
constexpr double smallest_angle = 20, largest_angle = 160;
// Sensors: from a membrane to a centimetre of silicon. Depths: from soft X-rays in cadmium telluride to gamma rays in silicon.
constexpr double thinnest_sensor = 1, thickest_sensor = 1e5;    // micrometres
constexpr double shallowest_depth = 0.1, greatest_depth = 1e7;  // micrometres

constexpr double electron_volt = 1.602176634e-19;  // J

template <std::int64_t factor>
double times(double value) {
    return value * static_cast<double>(factor);
}
double from_micrometres(double value) { return value / 1000; }

}  // namespace

const Quantity wavelength{"wavelength",
                          "-lambda",
                          "WAVELENGTH",
                          "A",
                          shortest_wavelength,
                          longest_wavelength,
                          {{"metres", times<10000000000>}, {"eV", [](double ev) { return ev_angstrom / ev; }}, {"nm", times<10>}}};
const Quantity photon_energy{
    "photon energy",
    "-energy",
    "",
    "eV",
    ev_angstrom / longest_wavelength,
    ev_angstrom / shortest_wavelength,
    {{"keV", times<1000>}, {"MeV", times<1000000>}, {"joules", [](double joules) { return joules / electron_volt; }}}};
const Quantity pixel_size{"pixel size",
                          "-pixel",
                          "PIXEL_SIZE",
                          "mm",
                          smallest_pixel,
                          largest_pixel,
                          {{"micrometres", from_micrometres}, {"metres", times<1000>}}};
const Quantity distance{"distance",
                        "-distance",
                        "DISTANCE",
                        "mm",
                        shortest_distance,
                        longest_distance,
                        {{"metres", times<1000>}, {"micrometres", from_micrometres}}};
const Quantity close_distance{"distance along the detector's normal",
                              "-close_distance",
                              "CLOSE_DISTANCE",
                              "mm",
                              shortest_distance,
                              longest_distance,
                              {{"metres", times<1000>}, {"micrometres", from_micrometres}}};
const Quantity cell_edge{"edge of the unit cell",
                         "-cell",
                         "",
                         "A",
                         shortest_edge,
                         longest_edge,
                         {{"nm", times<10>}, {"metres", times<10000000000>}, {"pm", [](double pm) { return pm / 100; }}}};
const Quantity cell_angle{
    "angle of the unit cell", "-cell", "", "degrees", smallest_angle, largest_angle, {{"radians", [](double radians) {
                                                                                           return radians * degrees_per_radian;
                                                                                       }}}};
const Quantity polarization{
    "Kahn polarization factor", "-polar", "", "", -1, 1, {{"per cent", [](double percent) { return percent / 100; }}}};
const Quantity sensor_thickness{"thickness of the sensor",
                                "-detector_thick",
                                "",
                                "um",
                                thinnest_sensor,
                                thickest_sensor,
                                {{"millimetres", times<1000>}, {"metres", times<1000000>}}};
const Quantity attenuation_depth{"attenuation depth of the sensor",
                                 "-detector_abs",
                                 "",
                                 "um",
                                 shallowest_depth,
                                 greatest_depth,
                                 {{"millimetres", times<1000>}, {"metres", times<1000000>}}};

const std::vector<const Quantity*>& quantities() {
    static const std::vector<const Quantity*> all = {&wavelength,       &photon_energy,    &pixel_size, &distance,
                                                     &close_distance,   &cell_edge,        &cell_angle, &polarization,
                                                     &sensor_thickness, &attenuation_depth};
    return all;
}

bool is_plausible(const Quantity& quantity, double value) { return value >= quantity.low && value <= quantity.high; }

std::string likely_meaning(const Quantity& quantity, double value) {
    for (const Meaning& meaning : quantity.meanings)
        if (is_plausible(quantity, meaning.in_own_unit(value)))
            return format("; %.9g looks like ", value) + std::string(meaning.unit);
    return "";
}

std::string complaint(const Quantity& q, double value, const std::string& header) {
    const std::string unit = q.unit.empty() ? "" : " " + std::string(q.unit);
    const bool may_be_of_header = !header.empty() && !q.keyword.empty();
    return std::string(q.option) + format(" %.9g", value) +
           (may_be_of_header ? " (or " + std::string(q.keyword) + " of " + header + ")" : "") +
           format(": the %s is %.9g%s, outside of %g to %g%s", std::string(q.name).c_str(), value, unit.c_str(), q.low, q.high,
                  unit.c_str()) +
           likely_meaning(q, value);
}

}  // namespace nbhybrid::checks
