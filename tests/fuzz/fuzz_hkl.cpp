// Any bytes as an HKL file: only nbhybrid::Error may come out.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/hkl.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nbhybrid;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const io::CommentLines comments : {io::CommentLines::end_of_file, io::CommentLines::skipped}) {
        Warnings warnings;
        try {
            const StructureFactors table = io::parse_hkl(text, "fuzz", 1.0, {std::size_t{1} << 20U, comments}, warnings);
            if (table.values.size() != table.stride_h() * static_cast<std::size_t>(table.h.count() + 1)) __builtin_trap();
        } catch (const Error&) {
        }
    }
    return 0;
}
