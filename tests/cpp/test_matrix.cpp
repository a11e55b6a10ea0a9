#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/matrix.hpp"

using namespace nbhybrid;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

std::array<double, 9> parse(const std::string& text) { return io::parse_matrix(text, "A.mat"); }

const std::array<double, 9> one_to_nine{1, 2, 3, 4, 5, 6, 7, 8, 9};

}  // namespace

TEST("matrix: nine numbers row by row, in any spacing") {
    CHECK(parse("1 2 3\n4 5 6\n7 8 9\n") == one_to_nine);
    CHECK(parse("1 2 3\r\n4 5 6\r\n7 8 9") == one_to_nine);
    CHECK(parse("\n\n 1\t2 3 4 5 6 7 8 +9e0") == one_to_nine);
    CHECK(parse("-0.02837711 -0.00305386 0.02535816 0 0 1e-3 0 0 .5")[0] == -0.02837711);
}

TEST("matrix: what follows is ignored") {
    CHECK(parse("1 2 3\n4 5 6\n7 8 9\n 0.0 0.0 0.0\n cell and more nan\n") == one_to_nine);
    CHECK(parse("1 2 3\n4 5 6\n7 8 9 # comment") == one_to_nine);
}

TEST("matrix: too few numbers") {
    CHECK_THROWS_WITH(parse("1 2 3\n4 5\n"), InputFileError,
                      "A.mat: line 3: the file ends after 5 numbers, expected 9: the matrix row by row");
    CHECK_THROWS_WITH(parse("1"), InputFileError, "line 1: the file ends after 1 number, expected 9");
    CHECK_THROWS_WITH(parse(""), InputFileError, "the file ends after 0 numbers");
    CHECK_THROWS_AS(parse(" \n"), InputFileError);
}

TEST("matrix: words that are no finite numbers") {
    CHECK_THROWS_WITH(parse("1 2 3\n4 five 6\n7 8 9"), InputFileError,
                      "A.mat: line 2: number 5 of the matrix is \"five\", expected a finite number");
    for (const char* word : {"nan", "inf", "-1e999", "1,", "#", "0x1", "1.0-2.0"}) {
        CHECK_THROWS_WITH(parse(std::string("1 2 3\n4 5 6\n7 8 ") + word), InputFileError, "line 3: number 9 of the matrix");
    }
}

TEST("matrix: files") {
    const TemporaryFolder folder;
    write_bytes(folder / "A.mat", "1 2 3\n4 5 6\n7 8 9\n");
    CHECK(io::read_matrix_file(folder / "A.mat").matrix == one_to_nine);
    CHECK_THROWS_WITH(io::read_matrix_file(folder / "B.mat"), InputFileError, "B.mat: cannot be read: No such file or directory");
    CHECK_THROWS_WITH(io::read_matrix_file(folder.path()), InputFileError, "it is a folder");
    CHECK_THROWS_WITH(io::read_matrix_file("/dev/zero"), SizeError, "is longer than");
}
