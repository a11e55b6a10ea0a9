#include "nbhybrid/io/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"

namespace nbhybrid::io {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{256} << 10U;

[[noreturn]] void fail(const std::string& path, const std::string& what, int error) {
    throw OutputFileError(path, what + ": " + std::strerror(error));
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The open descriptor that /dev/stdout and its like lead to, -1 for any other path. Such a path must not be opened anew or
// renamed over even if a regular file is behind it: it is one stream with what the program prints.
int inherited_descriptor(const std::string& path) {
    for (const std::string folder : {"/dev/fd/", "/proc/self/fd/"}) {
        long long number = 0;
        if (path.compare(0, folder.size(), folder) == 0 && parse_int(path.substr(folder.size()), number) && number >= 0 &&
            number <= INT_MAX) {
            return static_cast<int>(number);
        }
    }
    return -1;
}

// The path that the symbolic link in the last place leads to; it need not exist.
std::string follow_links(const std::string& path) {
    constexpr int most_links = 40;
    std::string target = path;
    for (int i = 0; i < most_links; ++i) {
        if (inherited_descriptor(target) >= 0) return target;
        std::array<char, PATH_MAX> link{};
        const ssize_t length = ::readlink(target.c_str(), link.data(), link.size());
        // Not a link, missing, or not accessible: opening it will tell.
        if (length <= 0) return target;
        const std::string next(link.data(), static_cast<std::size_t>(length));
        target = next.front() == '/' ? next : (folder_of(target) += '/') += next;
    }
    fail(path, "cannot be written", ELOOP);
}

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

enum class TargetKind { absent, regular, special, inherited };

struct Target {
    std::string path;
    TargetKind kind = TargetKind::absent;
    mode_t mode = 0;
};

// Throws if the path names a folder, or a file that may not be written.
Target examine_target(const std::string& path) {
    if (path.empty()) throw OutputFileError("cannot write a file without a name");
    if (path.find('\0') != std::string::npos) throw OutputFileError(nbhybrid::quoted(path), "a file name cannot hold a zero byte");
    Target target;
    target.path = follow_links(path);
    if (inherited_descriptor(target.path) >= 0) {
        target.kind = TargetKind::inherited;
        if (::fcntl(inherited_descriptor(target.path), F_GETFL) < 0) fail(path, "cannot be written", errno);
        return target;
    }
    struct stat status{};
    if (::stat(target.path.c_str(), &status) != 0) {
        if (errno != ENOENT) fail(path, "cannot be written", errno);
        if (name_of(target.path).empty()) throw OutputFileError(path, "cannot be written: there is no such folder");
        return target;
    }
    if (S_ISDIR(status.st_mode)) throw OutputFileError(path, "cannot be written: it is a folder");
    if (::faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) != 0) fail(path, "cannot be written", errno);
    target.kind = S_ISREG(status.st_mode) ? TargetKind::regular : TargetKind::special;
    target.mode = status.st_mode & 0777U;
    return target;
}

std::string temporary_path(const std::string& target) {
    static std::atomic<unsigned> counter{0};
    // Leaves room for the rest within the 255 bytes of a file name.
    constexpr std::size_t longest_name = 200;
    return folder_of(target) + "/." + name_of(target).substr(0, longest_name) +
           format(".nbhybrid-%ld-%u.tmp", static_cast<long>(::getpid()), counter++);
}

}  // namespace

OutputFile::OutputFile(const std::string& path, Staging staging) : path_(path) {
    const Target target = examine_target(path);
    target_ = target.path;
    buffer_.reserve(buffer_bytes);
    if (target.kind == TargetKind::inherited) {
        descriptor_ = ::fcntl(inherited_descriptor(target.path), F_DUPFD_CLOEXEC, 0);
    } else if (target.kind == TargetKind::special) {
        descriptor_ = ::open(target.path.c_str(), O_WRONLY | O_CLOEXEC);
    } else if (staging == Staging::none) {
        descriptor_ = ::open(target.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    } else {
        open_temporary();
        if (target.kind == TargetKind::regular && ::fchmod(descriptor_, target.mode) != 0) {
            const int error = errno;
            discard();
            fail(path_, "cannot keep the permissions of the file it replaces", error);
        }
    }
    if (descriptor_ < 0) fail(path_, "cannot be opened for writing", errno);
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::open_temporary() {
    do {
        temporary_ = temporary_path(target_);
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ >= 0) return;
    const int error = errno;
    temporary_.clear();
    fail(path_, "cannot create a file in the folder " + folder_of(target_), error);
}

void OutputFile::write(const void* data, std::size_t bytes) {
    if (descriptor_ < 0) throw OutputFileError(path_, "cannot be written: it has been closed");
    const char* const begin = static_cast<const char*>(data);
    if (bytes > buffer_bytes - buffer_.size()) flush();
    if (bytes >= buffer_bytes) {
        write_through(begin, bytes);
    } else {
        buffer_.insert(buffer_.end(), begin, begin + bytes);
    }
}

void OutputFile::flush() {
    write_through(buffer_.data(), buffer_.size());
    buffer_.clear();
}

void OutputFile::write_through(const char* data, std::size_t bytes) {
    while (bytes > 0) {
        constexpr std::size_t most_at_once = std::size_t{1} << 30U;
        const ssize_t written = ::write(descriptor_, data, std::min(bytes, most_at_once));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            const int error = written < 0 ? errno : ENOSPC;
            // A file with a gap must never be committed.
            discard();
            fail(path_, "writing failed", error);
        }
        data += written;
        bytes -= static_cast<std::size_t>(written);
    }
}

void OutputFile::finish() {
    if (finished_) return;
    if (descriptor_ < 0) throw OutputFileError(path_, "cannot be completed: an earlier write failed");
    flush();
    const int descriptor = descriptor_;
    descriptor_ = -1;
    // Some file systems tell only now that there was no room. An interrupted close has closed.
    if (::close(descriptor) != 0 && errno != EINTR) {
        const int error = errno;
        discard();
        fail(path_, "closing failed", error);
    }
    finished_ = true;
}

void OutputFile::commit() {
    finish();
    if (temporary_.empty()) return;
    if (std::rename(temporary_.c_str(), target_.c_str()) == 0) {
        temporary_.clear();
        return;
    }
    // A file that may be written but not replaced: one mounted on its name, or another user's in a folder like /tmp.
    const int error = errno;
    struct stat status{};
    if (::stat(target_.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) fail(path_, "cannot take its name", error);
    overwrite();
    discard();
}

void OutputFile::overwrite() {
    const Descriptor source{::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (source.number < 0) fail(path_, "cannot be read back", errno);
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (descriptor_ < 0) fail(path_, "cannot be overwritten", errno);
    std::vector<char> data(buffer_bytes);
    for (;;) {
        const ssize_t bytes = ::read(source.number, data.data(), data.size());
        if (bytes == 0) return;
        if (bytes > 0) write_through(data.data(), static_cast<std::size_t>(bytes));
        else if (errno != EINTR) fail(path_, "cannot be read back", errno);
    }
}

void OutputFile::discard() noexcept {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
}

OutputFile& OutputSet::open(const std::string& path) {
    files_.push_back(std::make_unique<OutputFile>(path));
    paths_.push_back(path);
    return *files_.back();
}

void OutputSet::commit() {
    for (const auto& file : files_) file->finish();
    for (const auto& file : files_) file->commit();
}

void check_writable(const std::string& path) {
    const Target target = examine_target(path);
    if (target.kind == TargetKind::special || target.kind == TargetKind::inherited) return;
    const std::string folder = folder_of(target.path);
    struct stat status{};
    const std::string problem = "cannot create a file in the folder " + folder;
    if (::stat(folder.c_str(), &status) != 0) fail(path, problem, errno);
    if (!S_ISDIR(status.st_mode)) fail(path, problem, ENOTDIR);
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) fail(path, problem, errno);
}

bool same_file(const std::string& first, const std::string& second) {
    std::error_code error;
    const auto absolute = [&](const std::string& path) {
        return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    };
    const std::filesystem::path one = absolute(first), other = absolute(second);
    return !error && one == other;
}

bool is_regular_or_new(const std::string& path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

}  // namespace nbhybrid::io
