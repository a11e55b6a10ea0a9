#pragma once
// Whole files in memory.

#include <cstddef>
#include <string>
#include <string_view>

namespace nbhybrid::io {

// InputFileError if the file is missing, unreadable or a folder; SizeError if it is longer than max_bytes.
std::string read_whole_file(const std::string& path, std::size_t max_bytes);

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
