#pragma once
// Which of the reference's defects are reproduced and which are corrected.

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid {

enum class Defect {
    phi_carryover,
    oversample_product,
    layer_capture,
    polar_first_source,
    omega_corner,
    water_twice,
    source_weights,
    interpolation_sticky,
    random_misset,
    pix0_overwritten,
    header_twotheta,
    comment_lines,
    silent_fdump,
    beam_center,
    spot_scale,
    oblique_cell,
    mask_header,
    last_word,
    distance,
    header_keys,
    header_center,
};
inline constexpr std::size_t n_defects = static_cast<std::size_t>(Defect::header_center) + 1;

struct DefectRow {
    Defect defect;
    std::string_view id;
    std::string_view since;      // the version that corrects it first
    std::string_view reference;  // what the reference does
    std::string_view corrected;  // and what is done instead
};

// All of them, in the order of the enumeration.
const std::vector<DefectRow>& defect_table();

std::string_view id_of(Defect defect);

// The end of a warning about a defect that is reproduced.
std::string how_to_correct(Defect defect);

class Semantics {
public:
    // The reference's: nothing is corrected.
    Semantics() = default;
    // "reference", "corrected" or "corrected@VERSION", which corrects what that version did, then ids of further defects to
    // correct, separated by commas. Throws ModelError.
    static Semantics parse(std::string_view text);

    bool corrects(Defect defect) const { return corrected_[static_cast<std::size_t>(defect)]; }
    // These, and one more defect corrected.
    Semantics with(Defect defect) const;
    // Whether two options also act as others of a similar name, as the reference's matching by parts of names has it.
    bool confuses_options() const { return base_ == "reference"; }
    // Whether a crystal may have a number of cells that is not whole.
    bool allows_fractions_of_cells() const { return base_ != "reference"; }
    // As parse() reads it.
    std::string text() const;
    // What is corrected, in the order of the table.
    std::vector<std::string> corrected_ids() const;

private:
    void correct_all(std::string_view version);

    std::bitset<n_defects> corrected_;
    std::string base_ = "reference";  // the first word
};

}  // namespace nbhybrid
