// Runs all tests, or those whose name contains the first argument and not the second.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.hpp"

namespace nbhybrid::test {

namespace {

struct Test {
    const char* name;
    Body body;
};

std::vector<Test>& all_tests() {
    static std::vector<Test> tests;
    return tests;
}

const char* current_test = "";
int failures_of_current_test = 0;

}  // namespace

Registration::Registration(const char* name, Body body) { all_tests().push_back({name, body}); }

void report_failure(const char* file, int line, const std::string& what) {
    ++failures_of_current_test;
    std::printf("%s:%d: %s: %s\n", file, line, current_test, what.c_str());
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nbhybrid-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot create " + pattern);
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::size_t TemporaryFolder::count() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
}

void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path);
}

std::string read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

static bool passes(const Test& test) {
    current_test = test.name;
    failures_of_current_test = 0;
    try {
        test.body();
    } catch (const std::exception& error) {
        report_failure("(test body)", 0, std::string("threw: ") + error.what());
    } catch (...) {
        report_failure("(test body)", 0, "threw something that is no exception");
    }
    return failures_of_current_test == 0;
}

static int run(const std::string& wanted, const std::string& unwanted) {
    int passed = 0;
    int failed = 0;
    for (const Test& test : all_tests()) {
        const std::string name = test.name;
        if (name.find(wanted) == std::string::npos) continue;
        if (!unwanted.empty() && name.find(unwanted) != std::string::npos) continue;
        ++(passes(test) ? passed : failed);
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    if (passed + failed == 0) std::printf("no test has a name that contains \"%s\"\n", wanted.c_str());
    return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace nbhybrid::test

int main(int argc, char** argv) { return nbhybrid::test::run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : ""); }
