#include "nbhybrid/io/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::io {

namespace {

class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }

private:
    int value_;
};

[[noreturn]] void fail(const std::string& path, int error) {
    throw InputFileError(path, std::string("cannot be read: ") + std::strerror(error));
}

// The length of a regular file, else (pipes and the like) a first guess.
std::size_t expected_bytes(const std::string& path, int descriptor) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) fail(path, errno);
    if (S_ISDIR(status.st_mode)) throw InputFileError(path, "cannot be read: it is a folder");
    constexpr std::size_t guess = std::size_t{1} << 16U;
    return S_ISREG(status.st_mode) && status.st_size > 0 ? static_cast<std::size_t>(status.st_size) : guess;
}

[[noreturn]] void fail_length(const std::string& path, std::size_t max_bytes) {
    throw SizeError(path + ": is longer than the " + std::to_string(max_bytes) + " bytes that a file of this kind may have");
}

std::string read_to_end(const std::string& path, int descriptor, std::size_t expected, std::size_t max_bytes) {
    std::string text;
    // One byte more than expected, so that the end of the file is seen without growing.
    text.resize(expected + 1);
    std::size_t length = 0;
    while (true) {
        constexpr std::size_t most_at_once = std::size_t{1} << 30U;
        if (length == text.size()) text.resize(2 * text.size());
        const ssize_t got = ::read(descriptor, text.data() + length, std::min(text.size() - length, most_at_once));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(path, errno);
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
        if (length > max_bytes) fail_length(path, max_bytes);
    }
    text.resize(length);
    return text;
}

}  // namespace

std::string read_whole_file(const std::string& path, std::size_t max_bytes) {
    if (path.empty()) throw InputFileError("cannot read a file without a name");
    if (path.find('\0') != std::string::npos) throw InputFileError(quoted(path), "a file name cannot hold a zero byte");
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, errno);
    const std::size_t expected = expected_bytes(path, file.get());
    try {
        if (expected > max_bytes) fail_length(path, max_bytes);
        return read_to_end(path, file.get(), expected, max_bytes);
    } catch (const std::bad_alloc&) {
        throw SizeError(path + ": is longer than the memory there is");
    }
}

bool LineReader::next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    terminated_ = end != std::string_view::npos;
    line = rest_.substr(0, end);
    rest_.remove_prefix(terminated_ ? end + 1 : rest_.size());
    ++number_;
    return true;
}

}  // namespace nbhybrid::io
