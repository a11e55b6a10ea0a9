"""`nbhybrid parity` with programs that stand in for the reference, each with a difference of its own."""

import json
import os
import stat
import sys

import pytest
from helpers import PROGRAM, SMALL_WORDS, run, snapshot
from nbhybrid.errors import OptionError
from nbhybrid.parity.commands import find_reference, prepare

COMMAND = [*PROGRAM, "parity"]
WORDS = [*(word for word in SMALL_WORDS if word != "-nonoise"), "-phi", "0", "-osc", "2", "-phisteps", "3"]

STAND_IN = """\
#!{python}
import re, subprocess, sys
words = sys.argv[1:]
{before}
done = subprocess.run([{python!r}, "-m", "nbhybrid", "run", *words], capture_output=True, text=True)
sys.stderr.write(done.stderr)
{after}
sys.exit(done.returncode)
"""
UNABLE_TO_TRACE = (
    'words = [w for w in words if w != "-trace_pixel"]\nif len(words) != len(sys.argv) - 1: sys.exit("unknown option")\n'
)
FLIP = 'data = bytearray(open("floatimage.bin", "rb").read()); data[401] ^= 1; open("floatimage.bin", "wb").write(data)\n'


@pytest.fixture
def stand_in(tmp_path):
    """Return a function that writes a program which acts as the reference."""

    def write(before="", after=""):
        path = tmp_path / "reference.py"
        path.write_text(STAND_IN.format(python=sys.executable, before=before, after=after))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


def parity(program, folder, *words, own=()):
    return run(["--reference", program, *own, "--", *words], folder, command=COMMAND)


def test_same(stand_in, tmp_path):
    done = parity(stand_in(UNABLE_TO_TRACE), tmp_path, *WORDS, own=["--report", "report"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same, 3 files identical" in done.stdout
    assert set(snapshot(tmp_path)) == {"reference.py", "report", *(f"report/{name}" for name in REPORT)}


REPORT = ("summary.md", "summary.json", "env.json", "commands.txt", "reference.log", "nbhybrid-exact.log")


def test_a_program_with_one_defect_corrected(stand_in, tmp_path):
    program = stand_in(UNABLE_TO_TRACE + 'words += ["--semantics", "reference,phi-carryover"]')
    done = parity(program, tmp_path, *WORDS, own=["--report", "report"])
    assert done.returncode == 1
    assert "the images differ only by phi-carryover" in done.stdout
    assert "first divergent: rot_a_angstroms" in done.stdout
    report = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert report["engines"][0]["diagnosis"]["defects"] == ["phi-carryover"]
    assert (tmp_path / "report" / "exact-floatimage.bin.png").stat().st_size > 10000


def test_ours_with_corrected_semantics(stand_in, tmp_path):
    own = [*WORDS, "-oversample", "2", "-oversample_omega", "--semantics", "corrected"]
    done = parity(stand_in(UNABLE_TO_TRACE), tmp_path, *own)
    assert done.returncode == 1
    assert "differ only by phi-carryover, oversample-product, polar-first-source, oblique-cell\n" in done.stdout


def test_a_program_that_traces(stand_in, tmp_path):
    program = stand_in('words += ["-fluence", "1e20"]', 'print(done.stdout.replace("TRACE_CPP", "TRACE_C"))')
    done = parity(program, tmp_path, *WORDS)
    assert done.returncode == 1
    assert "compared with the reference's own trace" in done.stdout
    assert "first divergent: fluence_photons_per_m2" in done.stdout
    assert "consequences: I_pixel_final, floatimage_accumulated" in done.stdout


def test_a_difference_without_a_name(stand_in, tmp_path):
    done = parity(stand_in(UNABLE_TO_TRACE, FLIP), tmp_path, *WORDS)
    assert done.returncode == 1
    assert "1 of 576 pixels differ" in done.stdout
    assert "worst pixel (4, 4)" in done.stdout
    assert "no listed defect" in done.stdout


def test_a_file_that_only_one_writes(stand_in, tmp_path):
    done = parity(stand_in(UNABLE_TO_TRACE, 'open("more.txt", "w").close()'), tmp_path, *WORDS)
    assert done.returncode == 1
    assert "more.txt: written by the reference only" in done.stdout


def test_a_reference_that_fails(stand_in, tmp_path):
    done = parity(stand_in('sys.exit("no more")'), tmp_path, *WORDS)
    assert done.returncode == 1
    assert "reference ends with status 1: no more" in done.stdout


def test_no_file_of_the_user_is_touched(stand_in, tmp_path):
    (tmp_path / "f.hkl").write_text("1 2 3 100\n0 1 1 50\n")
    (tmp_path / "floatimage.bin").write_bytes(b"another day")
    program = stand_in(UNABLE_TO_TRACE)
    before = snapshot(tmp_path)
    assert parity(program, tmp_path, *WORDS, "-hkl", "f.hkl", "-floatfile", "../f.bin").returncode == 0
    assert snapshot(tmp_path) == before


def test_an_earlier_dump_is_read_by_both(stand_in, tmp_path):
    (tmp_path / "f.hkl").write_text("".join(f"{h} {k} {m} {90 + h + k}\n" for h in range(9) for k in range(9) for m in range(9)))
    run([*SMALL_WORDS, "-hkl", "f.hkl"], tmp_path)
    report = tmp_path / "report"
    done = parity(stand_in(UNABLE_TO_TRACE), tmp_path, *WORDS, own=["--report", "report"])
    assert done.returncode == 0, done.stderr
    for log in ("reference.log", "nbhybrid-exact.log"):
        assert "amplitudes are read from Fdump.bin" in (report / log).read_text()


@pytest.mark.parametrize(
    ("words", "needle"),
    [
        (["--"], "options of a run"),
        (["--", "-lamda", "1"], "-lamda"),
        (["--", *WORDS, "-misset", "random"], "-misset_seed"),
        (["--reference", "/nowhere/at/all", "--", *WORDS], "/nowhere/at/all"),
        (["--", "-cell", "0", "0", "0"], "-cell"),
        (["--fuzz", "0"], "--fuzz"),
    ],
)
def test_bad_input(words, needle, stand_in, tmp_path):
    environment = {**os.environ, "NB_C_BIN": stand_in(UNABLE_TO_TRACE)}
    done = run(words, tmp_path, command=COMMAND, env=environment)
    assert done.returncode == 2, done.stdout
    assert needle in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_reference_it_says_how_to_point_to_one(tmp_path, monkeypatch):
    monkeypatch.delenv("NB_C_BIN", raising=False)
    with pytest.raises(OptionError, match=r"--reference PATH.*NB_C_BIN"):
        find_reference(None)
    monkeypatch.setenv("NB_C_BIN", sys.executable)
    assert find_reference(None) == sys.executable


def test_words_are_made_fit_for_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = prepare(["-hkl", "f.hkl", "-floatfile", "out/x.bin", "--threads", "2", "--json", "r.json", "-seed", "3", "-phi", "1"])
    assert line.shared == ["-hkl", str(tmp_path / "f.hkl"), "-floatfile", "x.bin", "-seed", "3", "-phi", "1"]
    assert line.own == ["--threads", "2"]
    assert line.float_file == "x.bin"
    assert line.notes == []


def test_fuzz_without_a_reference(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "NB_C_BIN"}
    done = run(["--fuzz", "4", "--seed", "3", "--report", "report"], tmp_path, command=COMMAND, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "comparing nbhybrid with itself" in done.stderr
    assert json.loads((tmp_path / "report" / "summary.json").read_text())["counts"]["same"] >= 3
