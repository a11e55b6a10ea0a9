#pragma once
// Output files that appear whole or not at all.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid::io {

// Whether a file is written under a temporary name first. With `none` an incomplete file stays: for callers who do the renaming.
enum class Staging { beside, none };

// Writes to a temporary file beside the target, which takes the target's name at commit() and is removed without one. Of a
// symbolic link the file it points to is replaced. Targets that are no regular files (devices, pipes, /dev/stdout) are written
// directly. All members throw OutputFileError.
class OutputFile {
public:
    explicit OutputFile(const std::string& path, Staging staging = Staging::beside);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    // The path as the caller gave it.
    const std::string& path() const { return path_; }
    // Whether what is written goes to a temporary file first.
    bool is_staged() const { return !temporary_.empty(); }

    void write(const void* data, std::size_t bytes);
    void write(std::string_view text) { write(text.data(), text.size()); }

    // Hands everything to the system, which may fail for lack of space. No write() after it.
    void finish();
    // Calls finish() if needed, then renames; a target that cannot be renamed onto is overwritten.
    void commit();

private:
    void open_temporary();
    void flush();
    void write_through(const char* data, std::size_t bytes);
    void overwrite();
    void discard() noexcept;

    std::string path_;
    std::string target_;     // path_ with symbolic links followed
    std::string temporary_;  // empty: written directly, or already renamed
    int descriptor_ = -1;
    bool finished_ = false;
    std::vector<char> buffer_;
};

// Several outputs that appear together: none is renamed before all of them are completely written.
class OutputSet {
public:
    // The file lives as long as the set.
    OutputFile& open(const std::string& path);
    void commit();
    // The paths in the order of open().
    const std::vector<std::string>& paths() const { return paths_; }

private:
    std::vector<std::unique_ptr<OutputFile>> files_;
    std::vector<std::string> paths_;
};

// Whether two names lead to one file, which need not exist yet.
bool same_file(const std::string& first, const std::string& second);
// False for devices, pipes and folders.
bool is_regular_or_new(const std::string& path);

// Throws OutputFileError if the file could not be written as things stand: called before a long run.
void check_writable(const std::string& path);

}  // namespace nbhybrid::io
