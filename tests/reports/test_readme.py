"""The commands of the README run as they stand."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def block_after(heading):
    """Return the first indented block of a section that sets a variable, as lines."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line[4:] for line in section.splitlines() if line.startswith("    ")]


LINES = block_after("Same or not, and where")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder like the repository's, in which files may be written."""
    path = tmp_path_factory.mktemp("clone")
    (path / "tests").mkdir()
    (path / "tests" / "golden").symlink_to(ROOT / "tests" / "golden")
    return path


def run_lines(lines, folder):
    scripts = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    assert shutil.which("nbhybrid", path=scripts), "nbhybrid is not installed"
    script = "\n".join(["set -eu", *lines])
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env={**os.environ, "PATH": scripts}, capture_output=True, text=True, check=False
    )


def test_report_38_the_block_runs_as_it_stands_and_stops_at_the_first_error(folder):
    """With the line that needs the reference program if NB_C_BIN names one, and without it otherwise."""
    commands = [line for line in LINES if "nbhybrid " in line and not line.startswith("#")]
    assert len(commands) >= 9
    done = run_lines([*LINES, "echo the end"], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("the end\n")
    assert "Traceback" not in done.stderr
    assert (folder / "out" / "images" / "summary.md").is_file()
    assert (folder / "out" / "parity" / "summary.md").is_file() == bool(os.environ.get("NB_C_BIN"))


def test_report_38_lines_that_exit_with_1_say_so(folder):
    (at,) = (i for i, line in enumerate(LINES) if "other_port" in line)
    assert "the exit status is 1" in LINES[at - 1]
    settings = [line for line in LINES if re.match(r"[A-Z]+=|mkdir ", line)]
    done = run_lines([*settings, LINES[at].replace("|| [ $? -eq 1 ]", "")], folder)
    assert done.returncode == 1
    # What it says is the line's comment.
    assert "first divergent: rot_a_angstroms; everything before it agrees: the crystal's orientation" in done.stdout
    consequences = re.search(r"consequences: (.*)", done.stdout)[1].split(", ")
    assert {"F_cell", "I_pixel_final"} <= set(consequences)
