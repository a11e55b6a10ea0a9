// Runs a fuzz target once over each of the files and folders named on the command line, for builds without libFuzzer.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

static bool replay(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return false;
    }
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

int main(int argc, char** argv) {
    int files = 0;
    int unreadable = 0;
    for (int i = 1; i < argc; ++i) {
        std::vector<std::filesystem::path> paths{argv[i]};
        if (std::filesystem::is_directory(argv[i])) {
            paths.assign(std::filesystem::directory_iterator(argv[i]), std::filesystem::directory_iterator());
        }
        for (const auto& path : paths) ++(replay(path) ? files : unreadable);
    }
    std::printf("%d files replayed, %d unreadable\n", files, unreadable);
    return files > 0 && unreadable == 0 ? 0 : 1;
}
