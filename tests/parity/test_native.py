"""The core without Python: NBHYBRID_NATIVE names nbhybrid_native, with what runs it, such as an emulator."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

import pytest
import tolerances
from helpers import GOLDEN, SMALL_WORDS, run_well, snapshot

ROOT = pathlib.Path(__file__).resolve().parents[2]
NATIVE = shlex.split(os.environ.get("NBHYBRID_NATIVE", str(ROOT / "build" / "dev" / "nbhybrid_native")))
ROWS = [" ".join(row) for row in json.loads((GOLDEN / "libm_probe.json").read_text())["rows"]]

pytestmark = pytest.mark.skipif(
    not pathlib.Path(NATIVE[-1]).exists(),
    reason=f"{NATIVE[-1]} is not there (make test builds it): the native program is NOT tested",
)


def probe(rows):
    text = "".join(f"{row}\n" for row in rows)
    return subprocess.run([*NATIVE, "libm"], input=text, capture_output=True, text=True, check=False)


def test_its_elementary_functions_are_the_references():
    """Every row is compared; Python's C library tells whether a difference is a surprise."""
    done = probe(ROWS)
    assert done.stderr == ""
    *different, last = done.stdout.splitlines()
    assert last == f"{len(ROWS)} rows, {len(different)} different"
    assert not tolerances.libm_matches() or not different, different


def test_a_wrong_row_is_found():
    wrong = "sin 0x1p+0 0x1p-1"
    done = probe([*ROWS[:3], wrong])
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"{wrong}: found 0x1.aed548f090ceep-1", "4 rows, 1 different"]


def test_it_writes_the_files_of_the_command(tmp_path):
    ours, native = tmp_path / "ours", tmp_path / "native"
    ours.mkdir(), native.mkdir()
    words = [*SMALL_WORDS, "-noprogress", "--trace-pixel", 3, 4]
    run_well(words, ours, command=[sys.executable, "-m", "nbhybrid", "run"])
    done = run_well(words, native, command=[*NATIVE, "run"])
    assert "TRACE" in done.stdout
    found = snapshot(native)
    assert "floatimage.bin" in found
    assert found == snapshot(ours)


def test_it_refuses_what_it_does_not_do(tmp_path):
    done = subprocess.run(
        [*NATIVE, "run", *SMALL_WORDS, "--json", "r.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--json" in done.stderr
    assert snapshot(tmp_path) == {}
