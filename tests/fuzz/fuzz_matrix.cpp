// Any bytes as a text file of numbers, that is as a matrix and as columns: only nbhybrid::Error may come out.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/columns.hpp"
#include "nbhybrid/io/matrix.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nbhybrid;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        for (const double element : io::parse_matrix(text, "fuzz")) {
            if (!std::isfinite(element)) __builtin_trap();
        }
    } catch (const Error&) {
    }
    for (const io::CommentRows comments : {io::CommentRows::as_zero_rows, io::CommentRows::skipped}) {
        Warnings warnings;
        try {
            for (const io::ColumnRow& row : io::parse_columns(text, "fuzz", 5, comments, warnings)) {
                if (row.values.size() != 5) __builtin_trap();
            }
        } catch (const Error&) {
        }
    }
    return 0;
}
