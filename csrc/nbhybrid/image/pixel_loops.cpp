#include "nbhybrid/image/pixel_loops.hpp"

namespace nbhybrid::image {

namespace baseline {
extern const PixelLoops these_pixel_loops;
}
#ifdef NBHYBRID_X86_LEVELS
namespace v2 {
extern const PixelLoops these_pixel_loops;
}
namespace v3 {
extern const PixelLoops these_pixel_loops;
}
namespace v4 {
extern const PixelLoops these_pixel_loops;
}
#endif

const PixelLoops& pixel_loops([[maybe_unused]] const std::string& isa) {
#ifdef NBHYBRID_X86_LEVELS
    for (const PixelLoops* loops : {&v2::these_pixel_loops, &v3::these_pixel_loops, &v4::these_pixel_loops})
        if (isa == loops->isa) return *loops;
#endif
    return baseline::these_pixel_loops;
}

}  // namespace nbhybrid::image
