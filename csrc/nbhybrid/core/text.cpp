#include "nbhybrid/core/text.hpp"

#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif

#include <algorithm>
#include <charconv>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "nbhybrid/core/errors.hpp"

namespace nbhybrid {

namespace {

locale_t c_locale() {
    static const locale_t locale = newlocale(LC_NUMERIC_MASK, "C", static_cast<locale_t>(nullptr));
    return locale;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number taken apart: +-digits * 10^exponent.
struct Decimal {
    bool negative = false;
    bool any_digit = false;
    // False if there were more digits than the 64 bits hold; digits and exponent are then of no use.
    bool complete = true;
    std::uint64_t digits = 0;
    int exponent = 0;
};

constexpr std::uint64_t room_for_a_digit = (UINT64_MAX - 9) / 10;

void append_digit(Decimal& number, char c) {
    number.any_digit = true;
    if (number.digits > room_for_a_digit) {
        number.complete = false;
        return;
    }
    number.digits = number.digits * 10 + static_cast<std::uint64_t>(c - '0');
}

const char* skip_sign(const char* p, const char* end, bool& negative) {
    negative = p != end && *p == '-';
    return p != end && (*p == '-' || *p == '+') ? p + 1 : p;
}

// False if the word is no decimal number.
bool take_apart(const char* p, const char* end, Decimal& number) {
    p = skip_sign(p, end, number.negative);
    for (; p != end && is_digit(*p); ++p) append_digit(number, *p);
    if (p != end && *p == '.') {
        const char* const fraction = ++p;
        for (; p != end && is_digit(*p); ++p) append_digit(number, *p);
        // A word of 2^31 characters is never complete, so the exponent of a complete one fits.
        if (number.complete) number.exponent = -static_cast<int>(std::min<std::ptrdiff_t>(p - fraction, 1000000));
    }
    if (!number.any_digit) return false;
    if (p == end) return true;
    if (*p != 'e' && *p != 'E') return false;
    bool negative_exponent = false;
    p = skip_sign(p + 1, end, negative_exponent);
    if (p == end) return false;
    int exponent = 0;
    for (; p != end; ++p) {
        if (!is_digit(*p)) return false;
        exponent = std::min(exponent * 10 + (*p - '0'), 1000000);
    }
    number.exponent += negative_exponent ? -exponent : exponent;
    return true;
}

bool parse_whole_with_strtod(std::string_view word, double& value) {
    const std::string text(word);
    const CNumericLocale guard;
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    return end == text.c_str() + text.size();
}

// For words that are known to be decimal numbers.
double convert_slowly(std::string_view word, bool negative) {
    double value = 0;
#if defined(__cpp_lib_to_chars)
    const bool has_sign = word.front() == '-' || word.front() == '+';
    const char* const end = word.data() + word.size();
    const auto result = std::from_chars(word.data() + (has_sign ? 1 : 0), end, value);
    if (result.ec == std::errc() && result.ptr == end) return negative ? -value : value;
#else
    (void)negative;
#endif
    parse_whole_with_strtod(word, value);
    return value;
}

}  // namespace

CNumericLocale::CNumericLocale() : previous_(uselocale(c_locale())) {}

CNumericLocale::~CNumericLocale() { uselocale(static_cast<locale_t>(previous_)); }

bool parse_double(std::string_view word, double& value) {
    static constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53U;
    Decimal number;
    if (!take_apart(word.data(), word.data() + word.size(), number)) {
        bool negative = false;
        const char* const end = word.data() + word.size();
        const char* const first = skip_sign(word.data(), end, negative);
        // Only the words for infinity and not-a-number begin with these.
        if (first == end || std::string_view("iInN").find(*first) == std::string_view::npos) return false;
        return parse_whole_with_strtod(word, value);
    }
    // Both factors are exact, so the one rounding of their product or quotient gives the nearest double.
    if (number.complete && number.digits <= largest_exact && number.exponent >= -22 && number.exponent <= 22) {
        const double digits = static_cast<double>(number.digits);
        const double size = number.exponent < 0 ? digits / powers[-number.exponent] : digits * powers[number.exponent];
        value = number.negative ? -size : size;
        return true;
    }
    value = convert_slowly(word, number.negative);
    return true;
}

bool parse_int(std::string_view word, long long& value) {
    // from_chars knows no plus sign.
    if (word.size() > 1 && word.front() == '+' && is_digit(word[1])) word.remove_prefix(1);
    const char* const end = word.data() + word.size();
    long long parsed = 0;
    const auto result = std::from_chars(word.data(), end, parsed);
    if (result.ec != std::errc() || result.ptr != end) return false;
    value = parsed;
    return true;
}

double parse_prefix_like_atof(const std::string& text) {
    const CNumericLocale guard;
    return std::strtod(text.c_str(), nullptr);
}

std::string format(const char* pattern, ...) {
    const CNumericLocale guard;
    std::va_list arguments;
    std::va_list again;
    va_start(arguments, pattern);
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, pattern, arguments);
    va_end(arguments);
    std::string text;
    if (length >= 0) {
        text.resize(static_cast<std::size_t>(length) + 1);
        std::vsnprintf(text.data(), text.size(), pattern, again);
        text.resize(static_cast<std::size_t>(length));
    }
    va_end(again);
    if (length < 0) throw Error(std::string("cannot print with the format \"") + pattern + "\"");
    return text;
}

std::string duration_text(double seconds) {
    struct Unit {
        const char* name;
        double length, begins;
    };
    constexpr double minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;
    // Ninety seconds are better said in minutes, ninety minutes in hours.
    constexpr Unit units[] = {
        {"years", year, 2 * year}, {"days", day, 2 * day}, {"h", hour, 1.5 * hour}, {"min", minute, 1.5 * minute}, {"s", 1, 0}};
    const Unit* unit = units;
    while (seconds < unit->begins) ++unit;
    const double value = seconds / unit->length;
    return format(value >= 9.95 ? "%.0f %s" : "%.2g %s", value, unit->name);
}

std::string quoted(std::string_view word) {
    constexpr std::size_t longest = 40;
    std::string text = "\"";
    for (const char c : word.substr(0, longest)) {
        if (c >= ' ' && c <= '~') {
            text += c;
        } else {
            text += format("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
    }
    return text + (word.size() > longest ? "...\"" : "\"");
}

}  // namespace nbhybrid
