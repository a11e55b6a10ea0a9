"""Every golden run of the reference, repeated: output files to the byte, traces to the last digit."""

import functools
import gzip
import json
import re

import numpy as np
import pytest
import tolerances
from helpers import GOLDEN, describe_difference, float_image, run_well, sha256, units_apart

FILES = {
    "float": "floatimage.bin",
    "int": "intimage.img",
    "pgm": "image.pgm",
    "noise": "noiseimage.img",
    "fdump": "Fdump.bin",
}
BIG = "lyso_supervisor"
CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL_CASES = sorted(set(CASES) - {BIG})
FIRST_LINE = "pix0_vector_meters"


def command_words(name):
    """Return the words of a golden run."""
    words = CASES[name]["args"].split()
    noiseless = [] if "-seed" in words or "-nonoise" in words else ["-nonoise"]
    return [*words, "-noprogress", *noiseless]


def threads_of(name):
    """Return the number of threads for a case, so that 1, 2 and 7 all occur."""
    return (1, 2, 7)[sorted(CASES).index(name) % 3]


@functools.cache
def golden_pixels(name):
    """Return the golden float image and where it begins in the whole one (slow, fast)."""
    with np.load(GOLDEN / "images" / f"{name}.npz") as held:
        if "crop" in held:
            return held["crop"], CASES[name]["crop_origin_slow_fast"]
        return held["float32"], (0, 0)


def compare_float(name, path):
    """Compare a float image that is not the golden one: within the tolerance, or say how it differs."""
    shape = CASES[name]["shape_slow_fast"]
    size = path.stat().st_size
    if size != 4 * shape[0] * shape[1]:
        return f"{path.name} has {size} bytes, expected {4 * shape[0] * shape[1]}"
    want, (slow, fast) = golden_pixels(name)
    got = float_image(path.parent, shape, path.name)[slow : slow + want.shape[0], fast : fast + want.shape[1]]
    allowed = tolerances.exact_units()
    if allowed and units_apart(got, want).max() <= allowed:
        return None
    return f"{path.name}: {describe_difference(got, want)}"


def differences(name, folder):
    """Return in words what differs between the files of a finished run and the golden ones."""
    found = []
    for kind, file_name in FILES.items():
        want = CASES[name].get(f"{kind}_sha256")
        path = folder / file_name
        if want is None:
            continue
        if not path.exists():
            found.append(f"no {file_name}")
        elif sha256(path) != want:
            if kind == "float":
                found.append(compare_float(name, path))
            elif tolerances.exact_counts() == 0:
                found.append(f"{file_name} differs")
    return [text for text in found if text]


def split_blocks(lines):
    """Return the lines of each traced pixel by (slow, fast); lines before any such heading are under None."""
    blocks, pixel = {None: []}, None
    for line in lines:
        heading = re.match(r"# pixel (\d+) (\d+)", line)
        if heading:
            pixel = (int(heading[1]), int(heading[2]))
            blocks[pixel] = []
        else:
            blocks[pixel].append(line)
    return blocks


def golden_summary(name, slow, fast):
    """Return the words of each line of a golden summary trace, without the prefix."""
    text = (GOLDEN / "traces" / f"{name}.trace_{slow}_{fast}.txt").read_text()
    return [line.split(":", 1)[1].split() for line in text.splitlines() if ":" in line]


def summary_lines(lines, want):
    """Return the same of what a run printed; a first line that the golden trace lost (README) is left out."""
    got = [line.split(":", 1)[1].split() for line in lines if re.match(r"TRACE_\w+:", line)]
    lost = want and got and got[0][0] == FIRST_LINE and want[0][0] != FIRST_LINE
    return got[1:] if lost else got


def assert_same_lines(what, got, want):
    """Compare lists of lines, naming the first that differs."""
    for number, (ours, theirs) in enumerate(zip(got, want, strict=False), 1):
        assert ours == theirs, f"{what}, line {number}: {' '.join(ours)}, expected {' '.join(theirs)}"
    assert len(got) == len(want), f"{what}: {len(got)} lines, expected {len(want)}"


def assert_same_steps(name, pixel, lines):
    """Compare the rows of a step trace with the golden ones, which are its beginning."""
    path = GOLDEN / "traces" / f"{name}.steps_{pixel[0]}_{pixel[1]}.txt.gz"
    want = [line.split() for line in gzip.decompress(path.read_bytes()).decode().splitlines() if line]
    got = [line.split() for line in lines if line and not line.startswith("#")]
    assert_same_lines(f"steps of {name} at {pixel}", got[: len(want)], want)
    logged = next(p["steps_logged"] for p in CASES[name]["trace_pixels"] if (p["slow"], p["fast"]) == pixel)
    assert len(got) >= logged


@pytest.mark.parametrize("name", SMALL_CASES)
def test_files(name, golden_folder):
    run_well(["--threads", threads_of(name), *command_words(name)], golden_folder)
    assert not differences(name, golden_folder)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_files_of_the_full_size_case(threads, golden_folder):
    run_well(["--threads", threads, *command_words(BIG)], golden_folder, timeout=300)
    assert not differences(BIG, golden_folder)


@pytest.mark.parametrize("name", sorted(CASES))
def test_traces(name, golden_folder):
    pixels = [(p["slow"], p["fast"]) for p in CASES[name]["trace_pixels"]]
    asked = [word for pixel in pixels for word in ("--trace-pixel", *pixel)]
    own = ["--threads", threads_of(name), "--trace-level", "steps", "--trace-file", "steps.txt", *asked]
    done = run_well([*own, *command_words(name)], golden_folder, timeout=300)
    assert not differences(name, golden_folder), "tracing changed the output"
    if not tolerances.traces_are_exact():
        pytest.skip("another C library: trace digits are not demanded, see tolerances.py")
    printed = split_blocks(done.stdout.splitlines())
    steps = split_blocks((golden_folder / "steps.txt").read_text().splitlines())
    assert [p for p in printed if p] == pixels
    assert [p for p in steps if p] == pixels
    for pixel in pixels:
        want = golden_summary(name, *pixel)
        assert_same_lines(f"trace of {name} at {pixel}", summary_lines(printed[pixel], want), want)
        assert_same_steps(name, pixel, steps[pixel])
