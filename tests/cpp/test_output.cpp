#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <filesystem>
#include <memory>
#include <thread>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/io/output.hpp"

using namespace nbhybrid;
using nbhybrid::io::check_writable;
using nbhybrid::io::OutputFile;
using nbhybrid::io::OutputSet;
using nbhybrid::test::read_bytes;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return 0;
    return status.st_mode & 07777U;
}

std::string numbered_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 31 + i / 256);
    return bytes;
}

void write_file(const std::string& path, const std::string& bytes) {
    OutputFile file(path);
    file.write(bytes);
    file.commit();
}

// Runs in a child process, for what would spoil this one. The result is the child's exit status.
int in_child(int (*run)(const std::string&), const std::string& argument) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(run(argument));
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST("output: appears at commit, under its name only") {
    const TemporaryFolder folder;
    OutputFile file(folder / "a.bin");
    file.write("one ");
    file.write("two");
    CHECK(!std::filesystem::exists(folder / "a.bin"));
    CHECK_EQ(folder.count(), std::size_t{1});
    file.commit();
    CHECK_EQ(read_bytes(folder / "a.bin"), std::string("one two"));
    CHECK_EQ(folder.count(), std::size_t{1});
    CHECK_EQ(file.path(), folder / "a.bin");
    file.commit();
    CHECK_THROWS_WITH(file.write("x"), OutputFileError, "a.bin: cannot be written: it has been closed");
}

TEST("output: without commit nothing is left and the old file stays") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.bin", "old");
    {
        OutputFile file(folder / "a.bin");
        file.write(numbered_bytes(1000000));
        file.finish();
        CHECK_EQ(read_bytes(folder / "a.bin"), std::string("old"));
    }
    {
        const OutputFile unused(folder / "b.bin");
    }
    CHECK_EQ(read_bytes(folder / "a.bin"), std::string("old"));
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: the name of the temporary file") {
    const TemporaryFolder folder;
    const OutputFile file(folder / "a.bin");
    const std::string name = std::filesystem::directory_iterator(folder.path())->path().filename().string();
    CHECK_EQ(name.find(format(".a.bin.nbhybrid-%ld-", static_cast<long>(::getpid()))), std::size_t{0});
    CHECK_EQ(name.substr(name.size() - 4), std::string(".tmp"));
    const std::string longest(255, 'n');
    write_file(folder / longest, "x");
    CHECK_EQ(read_bytes(folder / longest), std::string("x"));
}

TEST("output: chunks of all sizes") {
    const TemporaryFolder folder;
    const std::string bytes = numbered_bytes(1500000);
    for (const std::size_t chunk :
         {std::size_t{997}, std::size_t{262143}, std::size_t{262144}, std::size_t{262145}, bytes.size()}) {
        OutputFile file(folder / "a.bin");
        for (std::size_t i = 0; i < bytes.size(); i += chunk) file.write(std::string_view(bytes).substr(i, chunk));
        file.write(nullptr, 0);
        file.commit();
        CHECK(read_bytes(folder / "a.bin") == bytes);
    }
    write_file(folder / "empty", "");
    CHECK_EQ(read_bytes(folder / "empty"), std::string());
}

TEST("output: permissions") {
    const TemporaryFolder folder;
    const mode_t mask = ::umask(027);
    write_file(folder / "new", "x");
    CHECK_EQ(mode_of(folder / "new"), mode_t{0640});
    write_bytes(folder / "old", "x");
    ::chmod((folder / "old").c_str(), 0606);
    write_file(folder / "old", "y");
    CHECK_EQ(mode_of(folder / "old"), mode_t{0606});
    ::umask(mask);
}

TEST("output: a symbolic link stays and its file is replaced") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "data");
    write_bytes(folder / "data/real", "old");
    std::filesystem::create_symlink("data/real", folder / "relative");
    std::filesystem::create_symlink(folder / "relative", folder / "chain");
    std::filesystem::create_symlink("data/absent", folder / "dangling");
    write_file(folder / "chain", "new");
    CHECK_EQ(read_bytes(folder / "data/real"), std::string("new"));
    write_file(folder / "dangling", "made");
    CHECK_EQ(read_bytes(folder / "data/absent"), std::string("made"));
    for (const char* link : {"relative", "chain", "dangling"}) CHECK(std::filesystem::is_symlink(folder / link));
    std::filesystem::create_symlink("loop", folder / "loop");
    CHECK_THROWS_WITH(OutputFile(folder / "loop"), OutputFileError, "loop: cannot be written: Too many levels of symbolic links");
    CHECK_THROWS_AS(check_writable(folder / "loop"), OutputFileError);
}

TEST("output: devices are written directly") {
    write_file("/dev/null", numbered_bytes(600000));
    struct stat status{};
    CHECK(::stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    check_writable("/dev/null");
}

TEST("output: a pipe is written directly") {
    const TemporaryFolder folder;
    const std::string pipe = folder / "pipe";
    CHECK_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::string bytes = numbered_bytes(700000);
    std::string found;
    std::thread reader([&] { found = read_bytes(pipe); });
    write_file(pipe, bytes);
    reader.join();
    CHECK(found == bytes);
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: /dev/stdout goes on where the program's own output ends, also into a file") {
    const TemporaryFolder folder;
    const auto run = [](const std::string& path) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (::dup2(file, 1) != 1 || ::write(1, "before ", 7) != 7) return 1;
        write_file("/dev/stdout", "image ");
        check_writable("/dev/fd/1");
        write_file("/proc/self/fd/1", "again ");
        return ::write(1, "after", 5) == 5 ? 0 : 1;
    };
    CHECK_EQ(in_child(run, folder / "out"), 0);
    CHECK_EQ(read_bytes(folder / "out"), std::string("before image again after"));
    CHECK_THROWS_WITH(OutputFile("/dev/fd/987654"), OutputFileError, "/dev/fd/987654: cannot be written: Bad file descriptor");
}

TEST("output: a full device") {
    if (!std::filesystem::exists("/dev/full")) return;
    OutputFile small("/dev/full");
    small.write("x");
    CHECK_THROWS_WITH(small.commit(), OutputFileError, "/dev/full: writing failed: No space left on device");
    OutputFile large("/dev/full");
    CHECK_THROWS_WITH(large.write(numbered_bytes(400000)), OutputFileError, "No space left on device");
    CHECK_THROWS_WITH(large.commit(), OutputFileError, "cannot be completed: an earlier write failed");
}

TEST("output: a limit reached half-way leaves the old file and nothing else") {
    const TemporaryFolder folder;
    write_bytes(folder / "a.bin", "old");
    const auto run = [](const std::string& path) {
        const rlimit limit{300000, 300000};
        std::signal(SIGXFSZ, SIG_IGN);
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
        try {
            write_file(path, numbered_bytes(1000000));
        } catch (const OutputFileError& error) {
            return std::string(error.what()) == path + ": writing failed: File too large" ? 0 : 2;
        }
        return 3;
    };
    CHECK_EQ(in_child(run, folder / "a.bin"), 0);
    CHECK_EQ(read_bytes(folder / "a.bin"), std::string("old"));
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: targets that cannot be") {
    const TemporaryFolder folder;
    write_bytes(folder / "plain", "x");
    const auto refused = [](const std::string& path, const std::string& message) {
        CHECK_THROWS_WITH(OutputFile(path), OutputFileError, message);
        CHECK_THROWS_WITH(check_writable(path), OutputFileError, message);
    };
    refused(folder.path(), folder.path() + ": cannot be written: it is a folder");
    refused(folder / "no/a.bin", "no/a.bin: cannot create a file in the folder " + (folder / "no") + ": No such file or directory");
    refused(folder / "no/", "no/: cannot be written: there is no such folder");
    refused(folder / "plain/a.bin", "plain/a.bin: cannot be written: Not a directory");
    refused("", "cannot write a file without a name");
    refused(std::string("a\0b", 3), "a file name cannot hold a zero byte");
    refused(folder / std::string(256, 'n'), "File name too long");
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: early check of good targets leaves no trace") {
    const TemporaryFolder folder;
    write_bytes(folder / "old", "x");
    check_writable(folder / "old");
    check_writable(folder / "new");
    CHECK_EQ(folder.count(), std::size_t{1});
    CHECK_EQ(read_bytes(folder / "old"), std::string("x"));
}

TEST("output: files and folders that the user may not write") {
    const TemporaryFolder folder;
    write_bytes(folder / "locked", "x");
    std::filesystem::create_directory(folder / "shut");
    ::chmod((folder / "locked").c_str(), 0444);
    ::chmod((folder / "shut").c_str(), 0555);
    ::chmod(folder.path().c_str(), 0755);
    const auto run = [](const std::string& path) {
        // The superuser may write everywhere; where it cannot become somebody else there is nothing to see.
        if (::geteuid() == 0 && ::setuid(65534) != 0) return 0;
        int refused = 0;
        const auto expect = [&refused](auto&& attempt) {
            try {
                attempt();
            } catch (const OutputFileError& error) {
                if (std::string(error.what()).find("Permission denied") != std::string::npos) ++refused;
            }
        };
        expect([&] { OutputFile file(path + "/locked"); });
        expect([&] { check_writable(path + "/locked"); });
        expect([&] { OutputFile file(path + "/shut/a"); });
        expect([&] { check_writable(path + "/shut/a"); });
        return refused == 4 ? 0 : 2;
    };
    CHECK_EQ(in_child(run, folder.path()), 0);
}

TEST("output: another user's file in a sticky folder, which may be written but not replaced") {
    const TemporaryFolder folder;
    write_bytes(folder / "a", "an earlier file, and a longer one");
    ::chmod((folder / "a").c_str(), 0666);
    ::chmod(folder.path().c_str(), 01777);
    const auto run = [](const std::string& path) {
        // As its owner one may replace it.
        if (::geteuid() == 0 && ::setuid(65534) != 0) return 0;
        write_file(path + "/a", "new");
        return 0;
    };
    CHECK_EQ(in_child(run, folder.path()), 0);
    CHECK_EQ(read_bytes(folder / "a"), std::string("new"));
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: a set appears together") {
    const TemporaryFolder folder;
    OutputSet set;
    set.open(folder / "a").write("1");
    set.open(folder / "b").write("2");
    CHECK(!std::filesystem::exists(folder / "a"));
    set.commit();
    CHECK_EQ(read_bytes(folder / "a") + read_bytes(folder / "b"), std::string("12"));
    CHECK_EQ(folder.count(), std::size_t{2});
    CHECK(set.paths() == std::vector<std::string>({folder / "a", folder / "b"}));
}

TEST("output: a set of which one file fails does not appear") {
    const TemporaryFolder folder;
    if (!std::filesystem::exists("/dev/full")) return;
    {
        OutputSet set;
        set.open(folder / "a").write("1");
        set.open("/dev/full").write("2");
        set.open(folder / "c").write("3");
        CHECK_THROWS_WITH(set.commit(), OutputFileError, "/dev/full: writing failed");
        CHECK_THROWS_AS(set.open(folder / "no/d"), OutputFileError);
        CHECK_EQ(set.paths().size(), std::size_t{3});
    }
    CHECK_EQ(folder.count(), std::size_t{0});
}

TEST("output: a target that became a folder in the meantime") {
    const TemporaryFolder folder;
    {
        OutputFile file(folder / "a");
        file.write("1");
        std::filesystem::create_directory(folder / "a");
        CHECK_THROWS_WITH(file.commit(), OutputFileError, "a: cannot take its name: Is a directory");
    }
    CHECK_EQ(folder.count(), std::size_t{1});
}

TEST("output: many at a time from several threads") {
    const TemporaryFolder folder;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&folder, t] {
            for (int i = 0; i < 50; ++i) write_file(folder / "shared", std::string(1000, static_cast<char>('a' + t)));
        });
    }
    for (std::thread& thread : threads) thread.join();
    const std::string found = read_bytes(folder / "shared");
    CHECK_EQ(found, std::string(1000, found.empty() ? ' ' : found[0]));
    CHECK_EQ(folder.count(), std::size_t{1});
}
