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
# Compared with something that differs.
STATUS_1 = ("other_port", "--semantics corrected")


def block_after(heading):
    """Return the first indented block of a section that sets a variable, as lines."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line[4:] for line in section.splitlines() if line.startswith("    ")]


LINES = block_after("Same or not, and where")
SETTINGS = "\n".join(line for line in LINES if re.match(r"[A-Z]+=|mkdir ", line))
COMMANDS = [line for line in LINES if line.startswith("nbhybrid ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder like the repository's, in which files may be written."""
    path = tmp_path_factory.mktemp("clone")
    (path / "tests").mkdir()
    (path / "tests" / "golden").symlink_to(ROOT / "tests" / "golden")
    return path


def test_there_are_commands():
    assert len(COMMANDS) >= 9
    assert SETTINGS.count("=") >= 2


# In order: some read what others have written.
@pytest.mark.parametrize("command", COMMANDS)
def test_command(command, folder):
    if command.startswith("nbhybrid parity --report") and not os.environ.get("NB_C_BIN"):
        pytest.skip("NB_C_BIN is not set: this command of the README is NOT run")
    scripts = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    assert shutil.which("nbhybrid", path=scripts), "nbhybrid is not installed"
    environment = {**os.environ, "PATH": scripts}
    done = subprocess.run(
        ["sh", "-c", f"{SETTINGS}\n{command}"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    expected = 1 if any(part in command for part in STATUS_1) else 0
    assert done.returncode == expected, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_other_program_is_diagnosed(folder):
    (command,) = (command for command in COMMANDS if "other_port" in command)
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
    done = subprocess.run(
        ["sh", "-c", f"{SETTINGS}\n{command}"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "first divergent: rot_a_angstroms; everything before it agrees: the crystal's orientation" in done.stdout
    consequences = re.search(r"consequences: (.*)", done.stdout)[1].split(", ")
    assert {"F_cell", "I_pixel_final"} <= set(consequences)
