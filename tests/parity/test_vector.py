"""The vector kernel decides the golden runs' pixels, decides them right, and gives their bits at every level of instructions."""

import json
import os
import subprocess
import sys

import pytest
import tolerances
from helpers import GOLDEN, NOT_FOR_DEVICES, run_well

CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL = sorted(set(CASES) - {"lyso_supervisor"})
# Runs that the scalar path takes as a whole, and why.
SCALAR = {
    name: "amplitudes are interpolated" if name.startswith("interp") else "the sum so far is multiplied at every step"
    for name in NOT_FOR_DEVICES
    if name != "interp_runs_out_of_range"  # which soon no longer interpolates
}
LEVELS = ("baseline", "v2", "v3", "v4", "device", "device_split")

ALL_IMAGES = """
import hashlib, json, sys
import nbhybrid as nb
from nbhybrid import _core

wrong = []
for name, case in json.load(open(sys.argv[1])).items():
    if name == "lyso_supervisor":
        continue
    image = nb.simulate(nb.Experiment.from_args(case["args"].split()))
    if hashlib.sha256(image.tobytes()).hexdigest() != case["float_sha256"]:
        wrong.append(name)
print(json.dumps({"isa": _core.isa(), "wrong": wrong}))
"""


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
def test_every_level_gives_the_golden_images(level, golden_folder):
    environment = {**os.environ, "NBHYBRID_ISA": level}
    words = [sys.executable, "-c", ALL_IMAGES, str(GOLDEN / "cases.json")]
    done = subprocess.run(words, cwd=golden_folder, env=environment, capture_output=True, text=True, check=False)
    if "cannot run" in done.stderr:
        pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == level
    if tolerances.traces_are_exact():
        assert found["wrong"] == []
