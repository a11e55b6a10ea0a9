#pragma once
// The reference's binary cache of the amplitude table: a line of six limits, a form feed, then the padded table as doubles in
// the byte order of the machine.

#include <string>
#include <string_view>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/io/hkl.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/model/structure_factors.hpp"

namespace nbhybrid::io {

// The table must not be empty.
void write_fdump(OutputFile& file, const StructureFactors& table);
void write_fdump(const std::string& path, const StructureFactors& table);

// Of the limits only max_table_bytes matters. Throws InputFileError and SizeError.
//
// The reference takes white space after the form feed for more of its header. Where the first bytes of the table happen to be
// white space (one double in forty begins so; 0 does not), it therefore reads a table shifted by these bytes, with zeros at its
// end. So do we, with a warning.
StructureFactors read_fdump(const std::string& path, double default_amplitude, const HklLimits& limits, Warnings& warnings);
StructureFactors parse_fdump(std::string_view bytes, const std::string& name, double default_amplitude, const HklLimits& limits,
                             Warnings& warnings);

}  // namespace nbhybrid::io
