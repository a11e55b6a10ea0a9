#pragma once
// Reading and printing numbers as the C locale does, whatever locale the embedding program has chosen.

#include <string>
#include <string_view>

namespace nbhybrid {

// Numbers are written and read with a decimal point in this thread for as long as the guard lives.
class CNumericLocale {
public:
    CNumericLocale();
    ~CNumericLocale();
    CNumericLocale(const CNumericLocale&) = delete;
    CNumericLocale& operator=(const CNumericLocale&) = delete;

private:
    void* previous_;
};

// True if the whole word is a decimal number: sign, digits, point, exponent. The value is the one strtod gives. "inf", "nan"
// and numbers beyond the range of double count as numbers, so that the caller can say that they are not finite.
// Hexadecimal numbers and blanks are not accepted.
bool parse_double(std::string_view word, double& value);

// True if the whole word is a decimal integer that a long long can hold.
bool parse_int(std::string_view word, long long& value);

// The number that the text begins with, 0 if it begins with none: C's atof.
double parse_prefix_like_atof(const std::string& text);

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// The word between quotes as a message can show it: unprintable bytes are escaped and long words cut.
std::string quoted(std::string_view word);

// A time in words of two digits or so, such as 0.31 s, 12 min or 2.5 h.
std::string duration_text(double seconds);

// White space in the C locale.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace nbhybrid
