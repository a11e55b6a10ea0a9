// Any bytes as a dump of amplitudes: only nbhybrid::Error may come out.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/fdump.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nbhybrid;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Warnings warnings;
    try {
        const StructureFactors table =
            io::parse_fdump(bytes, "fuzz", 1.0, {std::size_t{1} << 20U, io::CommentLines::end_of_file}, warnings);
        for (const double value : table.values) {
            if (!std::isfinite(value)) __builtin_trap();
        }
    } catch (const Error&) {
    }
    return 0;
}
