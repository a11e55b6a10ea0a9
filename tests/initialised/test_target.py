"""Without valgrind `make initialised` fails, and says what has not been looked for."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_without_valgrind_it_fails_aloud():
    # What is installed is not looked at: nothing may be built here.
    words = ["make", "-o", ".venv/tools", "-o", "build/dev/nbhybrid_tests", "initialised", "VALGRIND=no-such-valgrind"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no-such-valgrind is not here" in done.stderr
    assert "NOT LOOKED FOR" in done.stderr


def test_what_must_pass_asks_for_it():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make initialised" in lines
