#pragma once
// Which of the reference's defects are reproduced and which are mended.

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
};

struct DefectRow {
    Defect defect;
    std::string_view id;
    std::string_view reference;  // what the reference does
    std::string_view mended;     // and what is done instead
};

// All of them, in the order of the enumeration.
const std::vector<DefectRow>& defect_table();

// The end of a warning about a defect that is reproduced.
std::string how_to_mend(Defect defect);

class Semantics {
public:
    // The reference's: nothing is mended.
    Semantics() = default;
    // "reference" or "corrected", and ids of defects to mend, separated by commas. Throws ModelError.
    static Semantics parse(std::string_view text);

    bool mends(Defect defect) const { return mended_[static_cast<std::size_t>(defect)]; }
    // Whether two options also act as others of a similar name, as the reference's matching by parts of names has it.
    bool confuses_options() const { return !corrected_; }
    // As parse() reads it.
    std::string text() const;

private:
    std::bitset<13> mended_;
    bool corrected_ = false;
};

}  // namespace nbhybrid
