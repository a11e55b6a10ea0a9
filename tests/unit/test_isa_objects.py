"""The copies of the kernel for different processors share no function that the linker could take from the wrong one."""

import pathlib
import re
import shutil
import subprocess

import pytest

OBJECTS = sorted((pathlib.Path(__file__).resolve().parents[2] / "build" / "dev").glob("CMakeFiles/nbhybrid_isa_*.dir/**/*.o"))


def test_there_are_objects_to_look_at():
    if not OBJECTS:
        pytest.skip("build/dev is not there (make test builds it): the objects are NOT looked at")
    assert any("isa_baseline" in str(path) for path in OBJECTS)


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.parts[-6] if len(path.parts) > 6 else path.name)
def test_every_symbol_names_its_level(path):
    if shutil.which("nm") is None:
        pytest.skip("there is no nm: the objects are NOT looked at")
    level = re.search(r"nbhybrid_isa_(\w+)\.dir", str(path)).group(1)
    listed = subprocess.run(["nm", "-C", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    symbols = [line.split(" ", 2)[1:] for line in listed.splitlines()]
    shared = [name for kind, name in symbols if kind in "TtWwVvuDdBbRr" and kind not in "trdb" and f"::{level}::" not in name]
    assert len(symbols) > 5
    assert shared == []
