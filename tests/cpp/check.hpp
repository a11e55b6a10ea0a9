#pragma once
// A small test harness of our own, because the tests must build on a machine that has only pip and a compiler.
//
//     TEST("what is expected") {
//         CHECK(condition);
//         CHECK_EQ(found, expected);
//         CHECK_THROWS_AS(expression, ErrorType);
//         CHECK_THROWS_WITH(expression, ErrorType, "part of the message");
//     }
//
// A failed check is reported and the test goes on.

#include <cstddef>
#include <exception>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace nbhybrid::test {

// The words of a command line.
inline std::vector<std::string> split_words(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

using Body = void (*)();

// Adds a test to those that main() runs.
struct Registration {
    Registration(const char* name, Body body);
};

void report_failure(const char* file, int line, const std::string& what);

template <class T, class = void>
struct IsPrintable : std::false_type {};
template <class T>
struct IsPrintable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> : std::true_type {};

template <class T>
std::string printed(const T& value) {
    if constexpr (std::is_enum_v<T>) {
        return std::to_string(static_cast<long long>(value));
    } else if constexpr (IsPrintable<T>::value) {
        std::ostringstream out;
        out.precision(17);
        out << value;
        return out.str();
    } else {
        return "(a value that cannot be printed)";
    }
}

template <class Found, class Expected>
void check_equal(const char* file, int line, const char* expression, const Found& found, const Expected& expected) {
    if (found == expected) return;
    report_failure(file, line, std::string(expression) + ": found " + printed(found) + ", expected " + printed(expected));
}

template <class Type, class Function>
void check_throws(const char* file, int line, const char* expression, const std::string& part, Function&& run) {
    const std::string call(expression);
    try {
        run();
    } catch (const Type& error) {
        if (std::string(error.what()).find(part) == std::string::npos) {
            report_failure(file, line, call + ": the message is \"" + error.what() + "\", expected it to hold \"" + part + "\"");
        }
        return;
    } catch (const std::exception& error) {
        report_failure(file, line, call + ": threw an error of another type: " + error.what());
        return;
    }
    report_failure(file, line, call + ": did not throw");
}

// A new folder that is removed with all it holds.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    // How many entries it holds, hidden ones included.
    std::size_t count() const;

private:
    std::string path_;
};

// For putting a test's input in place and looking at what a test has written.
void write_bytes(const std::string& path, const std::string& bytes);
std::string read_bytes(const std::string& path);

}  // namespace nbhybrid::test

#define NBHYBRID_TEST_JOIN_(a, b) a##b
#define NBHYBRID_TEST_NAME_(a, b) NBHYBRID_TEST_JOIN_(a, b)
#define TEST(name)                                                                               \
    static void NBHYBRID_TEST_NAME_(test_body_, __LINE__)();                                     \
    static const nbhybrid::test::Registration NBHYBRID_TEST_NAME_(test_registration_, __LINE__)( \
        name, NBHYBRID_TEST_NAME_(test_body_, __LINE__));                                        \
    static void NBHYBRID_TEST_NAME_(test_body_, __LINE__)()

#define CHECK(expression)                                                                               \
    do {                                                                                                \
        if (!(expression)) nbhybrid::test::report_failure(__FILE__, __LINE__, #expression " is false"); \
    } while (false)
#define CHECK_EQ(found, expected) nbhybrid::test::check_equal(__FILE__, __LINE__, #found, (found), (expected))
#define CHECK_THROWS_AS(expression, Type) CHECK_THROWS_WITH(expression, Type, "")
#define CHECK_THROWS_WITH(expression, Type, part) \
    nbhybrid::test::check_throws<Type>(__FILE__, __LINE__, #expression, part, [&] { (void)(expression); })
