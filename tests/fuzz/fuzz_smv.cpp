// Any bytes as an SMV image: only nbhybrid::Error may come out.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/smv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nbhybrid;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    try {
        const io::SmvImage image = io::parse_smv(bytes, "fuzz");
        const std::size_t pixels = static_cast<std::size_t>(image.fast_pixels) * static_cast<std::size_t>(image.slow_pixels);
        if (image.pixels.size() != pixels || 2 * pixels > size) __builtin_trap();
        for (const char* keyword : {"PIXEL_SIZE", "DISTANCE", "BEAM_CENTER_X", "ORGX", "PHI", ""}) {
            (void)image.header_value(keyword);
        }
    } catch (const Error&) {
    }
    return 0;
}
