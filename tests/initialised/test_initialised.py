"""Nothing is read that was never written: `make initialised`.

Two ways to see it. Under valgrind, which knows no AVX-512, no jump and no address may depend on what nobody has set: the programs
are those of `make test`, with the instructions that users have. And two builds, in which gcc sets what the program does not, once
to a pattern and once to zero, must give the same images and the same counts of undecided pixels. A program whose kernel leaves a
member unset shows that both ways would notice.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess

import pytest
from command_lines import ALL, RUNS
from helpers import GOLDEN, snapshot

# The folder of the builds, by the names of their presets.
BUILDS = pathlib.Path(os.environ.get("NBHYBRID_INITIALISED", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("NBHYBRID_INITIALISED"),
    reason="make initialised did not start this: that nothing is read that was never written is NOT TESTED",
)

PLAIN, PATTERN, ZERO = "dev", "initialised-pattern", "initialised-zero"
# What glibc puts into memory that is asked for, besides: the complement of this byte.
HEAP = {PLAIN: "0", PATTERN: "1", ZERO: "255"}
# A device's kernel leaves a member of some lanes unset in nbhybrid_ways_unset.
UNSET_LEVELS = ["device", "device_float"]
DEVICE_LEVELS = [*UNSET_LEVELS, "device_split"]
VALGRIND_LEVELS = ["baseline", "v3", *DEVICE_LEVELS]
LEVELS = ["baseline", "v2", "v3", "v4", *DEVICE_LEVELS]
VALGRIND = shutil.which(os.environ.get("VALGRIND", "valgrind"))
FOUND = 9
# It ends the program where operator new would throw.
NO_TEST_OF = "beyond the memory"
UNDER_VALGRIND = [VALGRIND, "--quiet", f"--error-exitcode={FOUND}", "--leak-check=no", "--num-callers=8"]


def run(build, program, *words, level=None, lines=(), folder=GOLDEN / "inputs", under=()):
    """Run a program of a build; what it reads is these lines."""
    environment = {name: value for name, value in os.environ.items() if name != "NBHYBRID_ISA"}
    environment["MALLOC_PERTURB_"] = HEAP[build]
    if level is not None:
        environment["NBHYBRID_ISA"] = level
    return subprocess.run(
        [*under, str(BUILDS / build / program), *words],
        cwd=folder,
        env=environment,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def start(request):
    """Return what starts a run on one of the processors, or gives one that was started before."""
    started = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:

        def start_one(*words, **more):
            key = repr((words, sorted(more.items())))
            if key not in started:
                started[key] = pool.submit(run, *words, **more)
            return started[key]

        # The long ones first, of those that were asked for.
        asked_for = {item.name for item in request.session.items}
        if VALGRIND is not None and "test_the_cpp_tests_under_valgrind" in asked_for:
            start_one(PLAIN, "nbhybrid_tests", "", NO_TEST_OF, under=UNDER_VALGRIND)
        for level in VALGRIND_LEVELS:
            if VALGRIND is not None and f"test_command_lines_under_valgrind[{level}]" in asked_for:
                start_one(PLAIN, "nbhybrid_ways", level=level, lines=ALL, under=UNDER_VALGRIND)
        yield start_one


def ways(start, build, program="nbhybrid_ways", level=None, lines=ALL, **more):
    return start(build, program, level=level, lines=lines, **more).result()


def has(level):
    """Whether the processor has this level of instructions."""
    return "cannot run" not in run(PLAIN, "nbhybrid_ways", level=level, lines=ALL[:1]).stderr


def whole(done):
    """Return what a run has said, if it did not fail."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def valgrind():
    # Never a skip: a check that is not made must not look like one that is passed.
    assert VALGRIND is not None, "valgrind is not here: what is read and was never written is NOT LOOKED FOR"
    return UNDER_VALGRIND


def test_the_cpp_tests_under_valgrind(start):
    done = start(PLAIN, "nbhybrid_tests", "", NO_TEST_OF, under=valgrind()).result()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2000:]


@pytest.mark.parametrize("level", VALGRIND_LEVELS)
def test_command_lines_under_valgrind(start, level):
    if not has(level):
        pytest.skip(f"this processor has no {level}: it is NOT TESTED")
    found = whole(ways(start, PLAIN, level=level, under=valgrind()))
    assert found.count("exact, image") == len(ALL)
    assert found == whole(ways(start, PLAIN, level=level)), "valgrind gives other values"


@pytest.mark.parametrize("line", RUNS)
def test_whole_runs_under_valgrind(start, line, golden_folder):
    done = run(PLAIN, "nbhybrid_native", "run", *line.split(), "--quiet", folder=golden_folder, under=valgrind())
    assert done.returncode == 0, done.stderr
    assert (golden_folder / "noiseimage.img").exists()


@pytest.mark.parametrize("build", [PATTERN, ZERO])
def test_the_cpp_tests_with_any_filling(start, build):
    done = start(build, "nbhybrid_tests").result()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2000:]


@pytest.mark.parametrize("level", LEVELS)
def test_images_and_counts_with_any_filling(start, level):
    if not has(level):
        pytest.skip(f"this processor has no {level}: it is NOT TESTED")
    for build in (PATTERN, ZERO):
        start(build, "nbhybrid_ways", level=level, lines=ALL)
    found = whole(ways(start, PATTERN, level=level)).splitlines()
    assert sum("undecided" in line for line in found) >= 2 * len(ALL)
    assert [
        pair for pair in zip(found, whole(ways(start, ZERO, level=level)).splitlines(), strict=True) if pair[0] != pair[1]
    ] == []
    assert [line for line in found if "wrong" in line and not line.endswith("wrong 0")] == []


@pytest.mark.parametrize("line", RUNS)
def test_files_with_any_filling(start, line, golden_folder, tmp_path_factory):
    files = []
    for build in (PATTERN, ZERO):
        folder = tmp_path_factory.mktemp("run") / "inputs"
        shutil.copytree(golden_folder, folder)
        done = run(build, "nbhybrid_native", "run", *line.split(), "-noprogress", folder=folder)
        assert done.returncode == 0, done.stderr
        files.append(snapshot(folder))
    assert "noiseimage.img" in files[0]
    assert files[0] == files[1]


@pytest.mark.parametrize("level", UNSET_LEVELS)
def test_valgrind_would_notice_an_unset_member(start, level):
    done = ways(start, PLAIN, "nbhybrid_ways_unset", level=level, lines=ALL[:1], under=valgrind())
    assert done.returncode == FOUND
    assert "uninitialised" in done.stderr
    assert "decide" in done.stderr


@pytest.mark.parametrize("level", UNSET_LEVELS)
def test_fillings_would_notice_an_unset_member(start, level):
    found = [whole(ways(start, build, "nbhybrid_ways_unset", level=level, lines=ALL[:1])) for build in (PATTERN, ZERO)]
    counts = [[line for line in text.splitlines() if "undecided" in line] for text in found]
    assert counts[0] != counts[1]
