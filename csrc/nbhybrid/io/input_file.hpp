#pragma once
// Whole files in memory.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nbhybrid::io {

// InputFileError if the file is missing, unreadable or a folder; SizeError if it is longer than max_bytes.
std::string read_whole_file(const std::string& path, std::size_t max_bytes);

// Throws InputFileError if the file is missing, unreadable or a folder.
void check_readable(const std::string& path);

// A file in parts of whole lines, about a megabyte each.
class LineChunks {
public:
    // Throws as read_whole_file() does.
    explicit LineChunks(const std::string& path);
    ~LineChunks();
    LineChunks(const LineChunks&) = delete;
    LineChunks& operator=(const LineChunks&) = delete;
    // False at the end of the file. The lines stay where they are until the next call. Throws InputFileError, and SizeError for a
    // line that is longer than any line could be.
    bool next(std::string_view& lines);

private:
    std::size_t read_on(std::size_t length);

    std::string path_;
    int descriptor_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // what has been read and not been given yet
    bool at_end_ = false;
};

// The lines of a text, without their end. A text that does not end with a newline has a last line all the same.
class LineReader {
public:
    explicit LineReader(std::string_view text) : rest_(text) {}
    // False at the end of the text.
    bool next(std::string_view& line);
    // 1-based number of the line that next() gave last.
    std::size_t number() const { return number_; }
    // Whether that line ended with a newline.
    bool terminated() const { return terminated_; }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
    bool terminated_ = false;
};

}  // namespace nbhybrid::io
