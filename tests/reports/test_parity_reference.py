"""`nbhybrid parity` and a reference that is not the same each time: built for several threads, or moody."""

import json
import os
import stat
import sys

import pytest
from helpers import PROGRAM, SMALL_WORDS, run

COMMAND = [*PROGRAM, "parity"]

STAND_IN = """\
#!{python}
import os, subprocess, sys
words = [w for w in sys.argv[1:] if w != "-trace_pixel"]
if len(words) != len(sys.argv) - 1: sys.exit("unknown option")
done = subprocess.run([{python!r}, "-m", "nbhybrid", "run", *words], capture_output=True, text=True)
print(done.stdout)
sys.stderr.write(done.stderr)
name = words[words.index("-floatfile") + 1] if "-floatfile" in words else "floatimage.bin"
if {spoils} and done.returncode == 0 and os.path.exists(name):
    data = bytearray(open(name, "rb").read())
    data[1] ^= {spoils}
    open(name, "wb").write(data)
sys.exit(done.returncode)
"""
SEVERAL_THREADS = 'int(os.environ.get("OMP_NUM_THREADS") != "1")'
MOODY = "1 + os.urandom(1)[0] % 255"


@pytest.fixture
def stand_in(tmp_path):
    """Return a function that writes a program which acts as the reference; the expression says which bits it spoils."""

    def write(spoils):
        path = tmp_path / "reference.py"
        path.write_text(STAND_IN.format(python=sys.executable, spoils=spoils))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


def parity(program, folder, *own, words=()):
    environment = {**os.environ, "OMP_NUM_THREADS": "4"}
    rest = ["--", *words] if words else []
    return run(["--reference", program, *own, *rest], folder, command=COMMAND, env=environment)


def test_report_21_the_reference_has_one_thread(stand_in, tmp_path):
    done = parity(stand_in(SEVERAL_THREADS), tmp_path, "--report", "report", words=SMALL_WORDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "note: the reference ran with OMP_NUM_THREADS=1" in done.stdout
    assert "OMP_NUM_THREADS=1" in (tmp_path / "report" / "summary.md").read_text()
    assert "# reference\nOMP_NUM_THREADS=1 " in (tmp_path / "report" / "commands.txt").read_text()
    report = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert "the reference ran with OMP_NUM_THREADS=1" in report["notes"]
    assert report["unsteady"] == []


def test_report_21_a_reference_that_differs_from_itself_is_told_first(stand_in, tmp_path):
    done = parity(stand_in(MOODY), tmp_path, "--report", "report", words=SMALL_WORDS)
    assert done.returncode == 1
    assert done.stdout.startswith("the reference differs from itself: two runs of the same command give another floatimage.bin")
    report = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert report["unsteady"] == ["floatimage.bin"]
    assert "differs from itself" in (tmp_path / "report" / "summary.md").read_text().splitlines()[2]


def test_report_21_a_steady_difference_is_one(stand_in, tmp_path):
    done = parity(stand_in("1"), tmp_path, words=SMALL_WORDS)
    assert done.returncode == 1
    assert "differs from itself" not in done.stdout


def test_report_21_fuzz_on_one_thread(stand_in, tmp_path):
    done = parity(stand_in(SEVERAL_THREADS), tmp_path, "--fuzz", "3", "--seed", "3", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "with OMP_NUM_THREADS=1" in done.stdout


def test_report_21_fuzz_with_a_reference_that_differs_from_itself(stand_in, tmp_path):
    done = parity(stand_in(MOODY), tmp_path, "--fuzz", "3", "--seed", "3", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("the reference differs from itself in 3 of the command lines, run twice\n")
    assert "3 unsteady" in done.stdout


def test_report_21_fuzz_with_a_steady_difference_fails(stand_in, tmp_path):
    done = parity(stand_in("1"), tmp_path, "--fuzz", "1", "--seed", "3", "--jobs", "2")
    assert done.returncode == 1
    assert "seed 3: different" in done.stdout
