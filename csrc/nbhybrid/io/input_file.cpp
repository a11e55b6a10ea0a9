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

constexpr std::size_t chunk_bytes = std::size_t{1} << 20U;
constexpr std::size_t longest_line = std::size_t{1} << 30U;

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

int open_for_reading(const std::string& path) {
    if (path.empty()) throw InputFileError("cannot read a file without a name");
    if (path.find('\0') != std::string::npos) throw InputFileError(quoted(path), "a file name cannot hold a zero byte");
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail(path, errno);
    return descriptor;
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
    const Descriptor file(open_for_reading(path));
    const std::size_t expected = expected_bytes(path, file.get());
    try {
        if (expected > max_bytes) fail_length(path, max_bytes);
        return read_to_end(path, file.get(), expected, max_bytes);
    } catch (const std::bad_alloc&) {
        throw SizeError(path + ": is longer than the memory there is");
    }
}

void check_readable(const std::string& path) {
    const Descriptor file(open_for_reading(path));
    expected_bytes(path, file.get());
}

LineChunks::LineChunks(const std::string& path) : path_(path), descriptor_(open_for_reading(path)), buffer_(chunk_bytes) {
    try {
        expected_bytes(path, descriptor_);
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

LineChunks::~LineChunks() { ::close(descriptor_); }

// Fills the buffer behind the first `length` bytes and returns how many there are then.
std::size_t LineChunks::read_on(std::size_t length) {
    while (!at_end_ && length < buffer_.size()) {
        const ssize_t got = ::read(descriptor_, buffer_.data() + length, buffer_.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(path_, errno);
        at_end_ = got == 0;
        length += static_cast<std::size_t>(got);
    }
    return length;
}

bool LineChunks::next(std::string_view& lines) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    for (;;) {
        end_ = read_on(end_);
        const std::string_view held(buffer_.data(), end_);
        const std::size_t newline = at_end_ ? end_ - 1 : held.rfind('\n');
        if (end_ == 0) return false;
        if (newline != std::string_view::npos) {
            begin_ = newline + 1;
            lines = held.substr(0, begin_);
            return true;
        }
        if (buffer_.size() >= longest_line) throw SizeError(path_ + ": has a line of more than a gigabyte");
        buffer_.resize(2 * buffer_.size());
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
