"""The worked example of docs/extending.md: an output format added by a patch works in a run, a series and in Python."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import nbhybrid
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCH = pathlib.Path(__file__).with_name("format.patch")
MODULE = "python/nbhybrid/formats/ascii_grid.py"
TESTS = "tests/api/test_ascii_grid.py"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a copy of the package and of what its tests share, with the patch applied and the core as it was compiled."""
    folder = tmp_path_factory.mktemp("patched")
    package, installed = folder / "python" / "nbhybrid", pathlib.Path(nbhybrid.__file__).parent
    shutil.copytree(ROOT / "python" / "nbhybrid", package, ignore=shutil.ignore_patterns("__pycache__"))
    for compiled in [*installed.glob("_core.*.so"), installed / "_version.py"]:
        shutil.copy(compiled, package)
    (folder / "tests").mkdir()
    for shared in ("helpers.py", "series.py"):
        shutil.copy(ROOT / "tests" / shared, folder / "tests")
    # A folder below a checkout is not to be taken for a part of it.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run(["git", "apply", str(PATCH)], cwd=folder, env=environment, check=True)
    return folder


def run_its_tests(tree):
    """Run the tests of the format in a tree and return what they said."""
    path = os.pathsep.join(str(tree / place) for place in ("python", "tests"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS]
    environment = {**os.environ, "PYTHONPATH": path, "NBHYBRID_CMD": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def test_a_format_is_one_file_and_its_tests():
    touched = re.findall(r"^\+\+\+ b/(.*)$", PATCH.read_text(), re.MULTILINE)
    assert sorted(touched) == [MODULE, TESTS]


def test_the_format_works(tree):
    done = run_its_tests(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b3 passed", done.stdout)


def test_without_its_file_its_tests_fail(tree):
    (tree / MODULE).rename(tree / "away.py")
    done = run_its_tests(tree)
    (tree / "away.py").rename(tree / MODULE)
    assert done.returncode == 1
    assert re.search(r"\b3 failed", done.stdout), done.stdout
