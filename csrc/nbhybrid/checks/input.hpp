#pragma once
// Warns about a valid experiment that its author can hardly have meant: values in another unit, sources that do not shine on the
// sample, matrices of another kind. The command line, the Python objects and the specs of series all use these checks.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::checks {

// A source as it was given, before it got a length of 1.
struct SourceRow {
    Vec3 position;          // m
    double wavelength = 0;  // m
    double weight = 0;
    std::size_t line = 0;     // of a file
    int columns = 0;          // that it has there
    bool is_comment = false;  // a comment that the reference reads as numbers: it has a warning of its own
};

struct MatrixGiven {
    std::string file;                            // empty: none
    std::optional<std::array<double, 6>> cell;   // that the file says its matrix is of; Angstrom and degrees
    std::optional<std::array<double, 3>> edges;  // of a cell given beside it, Angstrom
    std::array<double, 9> elements{};            // row by row
};

// A part of the beam centre, as it was given.
struct Centre {
    std::string option;
    double value = 0;  // m
};

// What the checks need to know of the input and the experiment itself no longer tells.
struct Given {
    bool wavelength_is_from_energy = false;
    std::string header;           // the file whose header was taken; empty: none
    double distance = 0;          // m
    double close_distance = 0;    // m; 0: not given
    bool distances_count = true;  // they place the detector
    std::vector<Centre> centres;
    std::optional<Vec3> cell_angles;  // radians
    double sensor_thickness = 0;      // m; 0: not given
    std::string source_file;          // empty: the sources come from objects
    std::vector<SourceRow> sources;
    std::optional<MatrixGiven> matrix;
};

// Throws ModelError, or InputFileError where a file is to blame, for what can only be a mistake.
void check_input(const Experiment& experiment, const Given& given, Warnings& warnings);

}  // namespace nbhybrid::checks
