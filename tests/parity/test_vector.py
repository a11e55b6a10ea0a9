"""The vector kernel decides the golden runs' pixels, decides them right, and gives their bits at every level of instructions."""

import json
import os
import platform
import shutil
import subprocess
import sys

import pytest
import tolerances
from helpers import GOLDEN, GOLDEN_IMAGES, NOT_FOR_DEVICES, run_well

CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL = sorted(set(CASES) - {"lyso_supervisor"})
# Runs that the scalar path takes as a whole, and why.
SCALAR = {
    name: "amplitudes are interpolated" if name.startswith("interp") else "the sum so far is multiplied at every step"
    for name in NOT_FOR_DEVICES
    if name != "interp_runs_out_of_range"  # which soon no longer interpolates
}
LEVELS = ("baseline", "v2", "v3", "v4", "device", "device_split")


@pytest.mark.parametrize("name", SMALL)
def test_pixels_are_decided_by_vectors_and_right(name, golden_folder):
    run_well([*CASES[name]["args"].split(), "-noprogress", "-nonoise", "--verify", "--json", "r.json"], golden_folder)
    pixels = json.loads((golden_folder / "r.json").read_text())["pixels"]
    assert pixels["wrong"] == 0
    if name in SCALAR:
        assert pixels["scalar"] == pixels["rendered"]
        assert SCALAR[name] in pixels["why_scalar"]
        return
    assert pixels["scalar"] <= 0.005 * pixels["rendered"], pixels


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_gives_the_golden_images(level):
    environment = {**os.environ, "NBHYBRID_ISA": level}
    done = subprocess.run([sys.executable, GOLDEN_IMAGES], env=environment, capture_output=True, text=True, check=False)
    if "cannot run" in done.stderr:
        pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == level
    if tolerances.traces_are_exact():
        assert (found["same"], found["wrong"]) == (len(SMALL), [])


def test_a_processor_without_avx():
    """Emulated: AVX is an illegal instruction there, and the C library takes other functions too."""
    emulator = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if not emulator or platform.machine() != "x86_64":
        pytest.skip("qemu-x86_64 is not here: that a processor without AVX gives the same bits is NOT tested")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [emulator, "-cpu", "Nehalem", os.path.realpath(sys.executable), GOLDEN_IMAGES]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == "v2"
    if tolerances.traces_are_exact():
        assert (found["same"], found["wrong"]) == (len(SMALL), [])
