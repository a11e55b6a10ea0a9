#include "nbhybrid/core/warnings.hpp"

namespace nbhybrid {

const std::vector<WarningRow>& warning_table() {
    static const std::vector<WarningRow> table = {
        {"asymmetric-unit", "the reflections of a table are those of an asymmetric unit, or of a part of the sphere"},
        {"attenuation-depth", "a sensor's thickness serves as its attenuation depth"},
        {"blank-image", "no pixel holds anything but 0, or the background"},
        {"custom-convention", "a vector option chose the custom beam-centre convention"},
        {"dump-file", "amplitudes are read from, or not kept in, a dump file"},
        {"engine-changed", "the fast engine cannot render this run"},
        {"clipped", "most pixels are beyond what the integers of a file can hold"},
        {"file-format", "an output's name looks like that of another format"},
        {"geometry", "the detector stands where no detector can"},
        {"long-run", "the run will take hours, or days"},
        {"matrix", "an orientation matrix gives a cell that no crystal has, or not the one that was given"},
        {"mosaic-domains", "spread and number of mosaic domains do not go together"},
        {"no-effect", "an option has no effect"},
        {"normal-replaced", "the detector's normal is the product of its axes"},
        {"not-finite", "pixels are not finite numbers"},
        {"option-accident", "an option also acts as another of a similar name, as in the reference"},
        {"sample-clipped", "the beam is smaller than the crystal"},
        {"seed", "a seed does not seed what its owner may think"},
        {"shared-file", "a file is written twice, or replaces an input"},
        {"source-direction", "a source lies far off the beam"},
        {"undersampled", "the spots are finer than the sub-pixels"},
        {"unit", "a value looks like one in another unit"},
        {"verify-failed", "a pixel differs from the scalar path's"},
    };
    return table;
}

}  // namespace nbhybrid
