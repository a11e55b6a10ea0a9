#include <cfloat>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "check.hpp"
#include "nbhybrid/core/text.hpp"

using namespace nbhybrid;

namespace {

std::uint64_t bits(double value) {
    std::uint64_t raw = 0;
    std::memcpy(&raw, &value, sizeof(raw));
    return raw;
}

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) { return static_cast<std::size_t>(random() % end); }

std::string random_digits(Random& random, std::size_t most) {
    std::string digits;
    for (std::size_t n = below(random, most + 1); n > 0; --n) digits += static_cast<char>('0' + below(random, 10));
    return digits;
}

// A number in one of many spellings; not all of them are valid.
std::string random_number(Random& random) {
    static const char* const signs[] = {"", "", "-", "+"};
    const std::size_t shape = below(random, 8);
    std::string word = signs[below(random, 4)];
    if (shape == 0) {
        double value = 0;
        std::uint64_t raw = random();
        std::memcpy(&value, &raw, sizeof(value));
        return format("%.*g", static_cast<int>(below(random, 25)), value);
    }
    if (shape == 1)
        return word + format("%.*f", static_cast<int>(below(random, 10)), static_cast<double>(random() % 1000000) / 997);
    const std::size_t long_digits = shape == 2 ? 60 : shape == 3 ? 20 : 9;
    word += random_digits(random, long_digits);
    if (below(random, 3) != 0) word += "." + random_digits(random, long_digits);
    if (below(random, 2) != 0) {
        word += below(random, 2) != 0 ? "e" : "E";
        word += signs[below(random, 4)];
        word += std::to_string(below(random, shape == 4 ? 400 : 30));
    }
    // Now and then a spelling mistake.
    if (shape == 5 && !word.empty()) word[below(random, word.size())] = "+-.eE0xn _"[below(random, 10)];
    return word;
}

bool strtod_accepts(const std::string& word, double& value) {
    char* end = nullptr;
    value = std::strtod(word.c_str(), &end);
    const bool hexadecimal = word.find_first_of("xX") != std::string::npos;
    return !word.empty() && !is_space(word.front()) && !hexadecimal && end == word.c_str() + word.size();
}

void check_same_as_strtod(const std::string& word) {
    double expected = 0;
    double found = 0;
    const bool accepted = strtod_accepts(word, expected);
    const bool parsed = parse_double(word, found);
    if (accepted != parsed || (accepted && bits(expected) != bits(found))) {
        nbhybrid::test::report_failure(__FILE__, __LINE__,
                                       format("\"%s\": found %.17g, strtod gives %.17g", word.c_str(), found, expected));
    }
}

}  // namespace

TEST("text: doubles are strtod's, in two million random spellings") {
    Random random(20250101);
    for (int i = 0; i < 2000000; ++i) check_same_as_strtod(random_number(random));
}

TEST("text: doubles at the edges of the format are strtod's") {
    for (const char* word : {"0",
                             "-0",
                             "+0",
                             "0.0",
                             "-0e5",
                             "0e999999999999",
                             "1e22",
                             "1e23",
                             "1e-22",
                             "1e-23",
                             "9007199254740992",
                             "9007199254740993",
                             "9007199254740992e22",
                             "9007199254740993e-22",
                             "18446744073709551615",
                             "18446744073709551616",
                             "1844674407370955161",
                             "1844674407370955162",
                             "1.7976931348623157e308",
                             "1.7976931348623159e308",
                             "1e309",
                             "-1e309",
                             "4.9406564584124654e-324",
                             "2.4703282292062327e-324",
                             "2.4703282292062328e-324",
                             "1e-400",
                             "2.2250738585072011e-308",
                             "2.2250738585072014e-308",
                             "00000000000000000000000000000000001.5",
                             "1.00000000000000000000000000000000000",
                             "0.000000000000000000000000000000000000000000001",
                             "1e00000000000000000005",
                             "1e-00000000000000000005",
                             ".5",
                             "5.",
                             "-.5e1",
                             "+5.e-1",
                             "1e2147483648",
                             "1e-2147483649",
                             "1e99999999999999999999",
                             "0.1",
                             "0.3",
                             "123456.789e-7",
                             "inf",
                             "-inf",
                             "INFINITY",
                             "+Infinity",
                             "infinit",
                             "",
                             ".",
                             "e5",
                             "+",
                             "-",
                             "+-1",
                             "--1",
                             "1e",
                             "1e+",
                             "1e-",
                             "1.2.3",
                             "1e5.0",
                             "1 ",
                             " 1",
                             "1,5",
                             "1_000",
                             "1d5",
                             "0x10",
                             "1f",
                             "½",
                             "ia"}) {
        check_same_as_strtod(word);
    }
    double value = 0;
    CHECK(parse_double("nan", value));
    CHECK(std::isnan(value));
    CHECK(parse_double("-NaN", value));
    CHECK(std::isnan(value));
    CHECK(!parse_double("nano", value));
    CHECK(!parse_double(std::string_view("1\0", 2), value));
    CHECK(!parse_double(std::string_view("inf\0", 4), value));
    CHECK(!parse_double(std::string_view(), value));
}

TEST("text: doubles in the middle between two neighbours round to even") {
    Random random(7);
    for (int i = 0; i < 20000; ++i) {
        std::uint64_t raw = random() & ~(std::uint64_t{1} << 63U);
        double low = 0;
        std::memcpy(&low, &raw, sizeof(low));
        if (!(low < DBL_MAX) || low < DBL_MIN) continue;
        const long double middle = (static_cast<long double>(low) + std::nextafter(low, INFINITY)) / 2;
        check_same_as_strtod(format("%.800Lg", middle));
        check_same_as_strtod(format("%.30Lg", middle));
    }
}

TEST("text: integers") {
    long long value = 0;
    CHECK(parse_int("+12", value));
    CHECK_EQ(value, 12);
    CHECK(parse_int("-0012", value));
    CHECK_EQ(value, -12);
    CHECK(parse_int("9223372036854775807", value));
    CHECK(parse_int("-9223372036854775808", value));
    value = 5;
    for (const char* word : {"", "+", "-", "+-1", "-+1", "++1", "1.0", "1e3", " 1", "1 ", "0x1", "9223372036854775808", "a"}) {
        CHECK(!parse_int(word, value));
    }
    CHECK_EQ(value, 5);
}

TEST("text: the beginning of a word as a number") {
    CHECK_EQ(parse_prefix_like_atof("512;\nDIM"), 512.0);
    CHECK_EQ(parse_prefix_like_atof("  -1.5e1x"), -15.0);
    CHECK_EQ(parse_prefix_like_atof("#1"), 0.0);
    CHECK_EQ(parse_prefix_like_atof(""), 0.0);
    CHECK_EQ(parse_prefix_like_atof("0x10"), 16.0);
    CHECK(std::isinf(parse_prefix_like_atof("info")));
    CHECK(std::isnan(parse_prefix_like_atof("nanobragg")));
}

TEST("text: printing") {
    CHECK_EQ(format("%d %g %s", 3, 0.172, "a"), std::string("3 0.172 a"));
    CHECK_EQ(format("%s", std::string(5000, 'x').c_str()).size(), std::size_t{5000});
    CHECK_EQ(format("%s", ""), std::string());
}

TEST("text: words in messages") {
    CHECK_EQ(quoted("1.0"), std::string("\"1.0\""));
    CHECK_EQ(quoted(std::string_view("a\0\xff\n", 4)), std::string("\"a\\x00\\xff\\x0a\""));
    CHECK_EQ(quoted(std::string(100, 'y')), "\"" + std::string(40, 'y') + "...\"");
}

TEST("text: numbers do not depend on the locale of the program") {
    const std::string previous = std::setlocale(LC_NUMERIC, nullptr);
    const char* found = nullptr;
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "nl_NL.UTF-8", "de_DE"}) {
        if (found == nullptr) found = std::setlocale(LC_NUMERIC, name);
    }
    // Without such a locale on the machine this test is the same as the ones above.
    double value = 0;
    CHECK(parse_double("1.50000000000000000000000000001", value));
    CHECK_EQ(value, 1.5);
    CHECK(!parse_double("1,5", value));
    CHECK_EQ(parse_prefix_like_atof("2.5,"), 2.5);
    CHECK_EQ(format("%g", 0.5), std::string("0.5"));
    if (found != nullptr) CHECK_EQ(std::strtod("1.5", nullptr), 1.0);
    std::setlocale(LC_NUMERIC, previous.c_str());
}
