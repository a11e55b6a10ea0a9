#include "nbhybrid/model/semantics.hpp"

#include <algorithm>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid {

namespace {

std::string known_ids() {
    std::string ids;
    for (const DefectRow& row : defect_table()) ids += (ids.empty() ? "" : ", ") + std::string(row.id);
    return ids;
}

}  // namespace

const std::vector<DefectRow>& defect_table() {
    static const std::vector<DefectRow> table = {
        {Defect::phi_carryover, "phi-carryover", "a rotation of exactly 0 leaves the crystal as the step before left it",
         "it is the unrotated crystal"},
        {Defect::oversample_product, "oversample-product", "with -oversample_*, every step multiplies the sum so far",
         "each step's own term is multiplied once"},
        {Defect::layer_capture, "layer-capture", "the sum over all layers is multiplied by the last layer's capture",
         "each layer's terms are multiplied by its own"},
        {Defect::polar_first_source, "polar-first-source", "the first source's polarization factor serves all sources",
         "each source has its own, at the pixel's centre"},
        {Defect::omega_corner, "omega-corner", "the first sub-pixel's solid angle serves the pixel",
         "that of the pixel's centre does"},
        {Defect::water_twice, "water-twice", "water is scaled to photons twice and divided by the steps", "once, and not divided"},
        {Defect::source_weights, "source-weights", "the sources' weights are read and ignored",
         "the mean over sources is weighted"},
        {Defect::interpolation_sticky, "interpolation-sticky", "interpolation ends for good at the first miss",
         "each step decides"},
        {Defect::random_misset, "random-misset", "-misset random draws from a cap of 90 radians", "uniform over all rotations"},
        {Defect::pix0_overwritten, "pix0-overwritten", "-pix0_vector is recomputed from the beam centre, and _mm read as metres",
         "it is the first pixel, and _mm means millimetres"},
        {Defect::header_twotheta, "header-twotheta", "TWOTHETA of a header is read and ignored", "it is applied"},
        {Defect::comment_lines, "comment-lines", "a line that begins with # is a source of zeros, or ends the HKL file",
         "it is skipped"},
        {Defect::silent_fdump, "silent-fdump", "Fdump.bin in the working folder is read unasked", "only where -dump names it"},
    };
    return table;
}

std::string how_to_mend(Defect defect) {
    const std::string_view id = defect_table()[static_cast<std::size_t>(defect)].id;
    return ", as in the reference: --semantics reference," + std::string(id) + " mends it";
}

Semantics Semantics::parse(std::string_view text) {
    Semantics semantics;
    bool first = true;
    while (!text.empty() || first) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view word = text.substr(0, end);
        const std::vector<DefectRow>& table = defect_table();
        const auto row = std::find_if(table.begin(), table.end(), [&](const DefectRow& r) { return r.id == word; });
        if (first && word == "corrected") {
            semantics.mended_.set();
            semantics.corrected_ = true;
        } else if (row != table.end()) {
            semantics.mended_.set(static_cast<std::size_t>(row->defect));
        } else if (!first || word != "reference") {
            throw ModelError("found " + quoted(word) + ", expected reference or corrected, then defects to mend: " + known_ids());
        }
        text.remove_prefix(std::min(end + 1, text.size()));
        first = false;
    }
    return semantics;
}

std::string Semantics::text() const {
    if (corrected_) return "corrected";
    std::string list = "reference";
    for (const DefectRow& row : defect_table())
        if (mends(row.defect)) list += "," + std::string(row.id);
    return list;
}

}  // namespace nbhybrid
