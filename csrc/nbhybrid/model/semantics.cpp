#include "nbhybrid/model/semantics.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/names.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid {

namespace {

constexpr std::string_view corrected = "corrected";

// Whether version `a`, such as 0.10, is not later than `b`.
bool is_up_to(std::string_view a, std::string_view b) {
    const auto parts = [](std::string_view version) {
        std::vector<int> numbers;
        for (std::size_t begin = 0; begin <= version.size();) {
            const std::size_t end = std::min(version.find('.', begin), version.size());
            int number = 0;
            std::from_chars(version.data() + begin, version.data() + end, number);
            numbers.push_back(number);
            begin = end + 1;
        }
        return numbers;
    };
    return parts(a) <= parts(b);
}

bool is_known_version(std::string_view version) {
    const std::vector<DefectRow>& table = defect_table();
    return std::any_of(table.begin(), table.end(), [&](const DefectRow& row) { return row.since == version; });
}

std::string known_ids() {
    std::string ids;
    for (const DefectRow& row : defect_table()) ids += (ids.empty() ? "" : ", ") + std::string(row.id);
    return ids;
}

}  // namespace

const std::vector<DefectRow>& defect_table() {
    static const std::vector<DefectRow> table = {
        {Defect::phi_carryover, "phi-carryover", "0.1", "a rotation of exactly 0 leaves the crystal as the step before left it",
         "it is the unrotated crystal"},
        {Defect::oversample_product, "oversample-product", "0.1", "with -oversample_*, every step multiplies the sum so far",
         "each step's own term is multiplied once"},
        {Defect::layer_capture, "layer-capture", "0.1", "the sum over all layers is multiplied by the last layer's capture",
         "each layer's terms are multiplied by its own"},
        {Defect::polar_first_source, "polar-first-source", "0.1", "the first source's polarization factor serves all sources",
         "each source has its own, at the pixel's centre"},
        {Defect::omega_corner, "omega-corner", "0.1", "the first sub-pixel's solid angle serves the pixel",
         "that of the pixel's centre does"},
        {Defect::water_twice, "water-twice", "0.1", "water is scaled to photons twice and divided by the steps",
         "once, and not divided"},
        {Defect::source_weights, "source-weights", "0.1", "the sources' weights are read and ignored",
         "the mean over sources is weighted"},
        {Defect::interpolation_sticky, "interpolation-sticky", "0.1", "interpolation ends for good at the first miss",
         "each step decides"},
        {Defect::random_misset, "random-misset", "0.1", "-misset random draws from a cap of 90 radians",
         "uniform over all rotations"},
        {Defect::pix0_overwritten, "pix0-overwritten", "0.1",
         "-pix0_vector is recomputed from the beam centre, and _mm read as metres",
         "it is the first pixel, and _mm means millimetres"},
        {Defect::header_twotheta, "header-twotheta", "0.1", "TWOTHETA of a header is read and ignored", "it is applied"},
        {Defect::comment_lines, "comment-lines", "0.1", "a line that begins with # is a source of zeros, or ends the HKL file",
         "it is skipped"},
        {Defect::silent_fdump, "silent-fdump", "0.1", "Fdump.bin in the working folder is read unasked",
         "only where -dump names it"},
        {Defect::beam_center, "beam-center", "0.2",
         "options of the beam centre that a convention does not look at are ignored: -Xbeam with -xds, -ORGX with -mosflm, ...",
         "each of them is honoured, and two that contradict each other are an error"},
        {Defect::spot_scale, "spot-scale", "0.2",
         "the spots of gauss and tophat crystals have no scale: they shrink with N^3 cells",
         "with N cells along each axis, as those of the other shapes"},
        {Defect::oblique_cell, "oblique-cell", "0.2", "a -cell with two or three oblique angles gets other angles",
         "it is the cell that was asked for"},
        {Defect::mask_header, "mask-header", "0.2", "BEAM_CENTER_Y of a -mask header counts from the far edge",
         "it means the same as in an -img header"},
        {Defect::last_word, "last-word", "0.2", "-curved_det as the last word is not seen", "it counts wherever it stands"},
        {Defect::distance, "distance", "0.2", "-distance and -close_distance of a swung detector are those before the swing",
         "they are those of the detector where it stands"},
        {Defect::header_keys, "header-keys", "0.2", "a header's keys are found inside others: DISTANCE in CLOSE_DISTANCE",
         "whole keys only"},
        {Defect::header_center, "header-center", "0.2",
         "other programs find another beam centre in the header than the one simulated",
         "the header holds what dxtbx turns into the true one, where there is such"},
    };
    return table;
}

std::string_view id_of(Defect defect) { return defect_table()[static_cast<std::size_t>(defect)].id; }

std::string how_to_correct(Defect defect) {
    return ", as in the reference: --semantics reference," + std::string(id_of(defect)) + " corrects it";
}

void Semantics::correct_all(std::string_view version) {
    for (const DefectRow& row : defect_table())
        if (version.empty() || is_up_to(row.since, version)) corrected_.set(static_cast<std::size_t>(row.defect));
}

Semantics Semantics::parse(std::string_view text) {
    Semantics semantics;
    bool first = true;
    while (!text.empty() || first) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view word = text.substr(0, end);
        const std::string_view version =
            word.substr(0, corrected.size() + 1) == "corrected@" ? word.substr(corrected.size() + 1) : "";
        const std::vector<DefectRow>& table = defect_table();
        const auto row = std::find_if(table.begin(), table.end(), [&](const DefectRow& r) { return r.id == word; });
        if (first && (word == corrected || is_known_version(version))) {
            semantics.correct_all(version);
            semantics.base_ = std::string(word);
        } else if (row != table.end()) {
            semantics.corrected_.set(static_cast<std::size_t>(row->defect));
        } else if (!first || word != "reference") {
            std::vector<std::string> names{"reference", "corrected", "corrected@0.1"};
            for (const DefectRow& known : table) names.emplace_back(known.id);
            throw ModelError("found " + quoted(word) +
                             ", expected reference, corrected or corrected@0.1, then defects to correct: " + known_ids() +
                             did_you_mean(word, names));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
        first = false;
    }
    return semantics;
}

Semantics Semantics::with(Defect defect) const {
    Semantics more = *this;
    more.corrected_.set(static_cast<std::size_t>(defect));
    return more;
}

std::string Semantics::text() const {
    const Semantics base = parse(base_);
    std::string list = base_;
    for (const DefectRow& row : defect_table())
        if (corrects(row.defect) && !base.corrects(row.defect)) list += "," + std::string(row.id);
    return list;
}

std::vector<std::string> Semantics::corrected_ids() const {
    std::vector<std::string> ids;
    for (const DefectRow& row : defect_table())
        if (corrects(row.defect)) ids.emplace_back(row.id);
    return ids;
}

}  // namespace nbhybrid
