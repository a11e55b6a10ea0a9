#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/input_file.hpp"

using namespace nbhybrid;
using nbhybrid::io::LineChunks;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

TEST("line chunks: whole lines, whatever their lengths") {
    const TemporaryFolder folder;
    // Lines longer and shorter than a chunk, and a last one without an end.
    std::string text;
    for (std::size_t i = 0; text.size() < (std::size_t{5} << 20U); ++i) {
        text.append(i % 7 == 3 ? (std::size_t{1} << 18U) * (i % 5) : i % 50, static_cast<char>('a' + i % 26));
        text += '\n';
    }
    text += "the end";
    write_bytes(folder / "a", text);
    LineChunks chunks(folder / "a");
    std::string found;
    std::string_view lines;
    while (chunks.next(lines)) {
        CHECK(!lines.empty());
        found += lines;
        CHECK(lines.back() == '\n' || found.size() == text.size());
    }
    CHECK(found == text);
    CHECK(!chunks.next(lines));
    write_bytes(folder / "b", "");
    CHECK(!LineChunks(folder / "b").next(lines));
    CHECK_THROWS_WITH(LineChunks(folder / "absent"), InputFileError, "absent");
    CHECK_THROWS_WITH(LineChunks(folder.path()), InputFileError, "folder");
}
