"""The fast engine: within its stated error of the exact one, on the golden runs and at every level of instructions."""

import json
import os
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import GOLDEN, run_well

CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL = sorted(set(CASES) - {"lyso_supervisor"})
LEVELS = ("baseline", "v2", "v3", "v4", "device", "device_split", "device_float")

LARGEST = """
import json, sys
import numpy as np
import nbhybrid as nb
from nbhybrid import _core

made = nb.Experiment.from_args(sys.argv[1:])
exact, fast = (nb.simulate(made, engine=name).astype(float) for name in ("exact", "fast"))
bright = exact > 1e-6 * exact.max()
print(json.dumps({"isa": _core.isa(), "error": float((abs(fast - exact) / exact.clip(1e-300))[bright].max())}))
"""


# Of all golden runs: the largest error of a bright pixel, and of the sum of an image.
ERRORS = """
import json, sys
import numpy as np
import nbhybrid as nb
from nbhybrid import _core

faint, found = float(sys.argv[2]), {}
for name, case in json.load(open(sys.argv[1])).items():
    if name == "lyso_supervisor":
        continue
    made = nb.Experiment.from_args(case["args"].split())
    exact, fast = (nb.simulate(made, engine=engine).astype(float) for engine in ("exact", "fast"))
    if not np.isfinite(exact).all() or exact.max() == 0:
        found[name] = [0 if np.array_equal(exact, fast, equal_nan=True) else 1, 0]
        continue
    bright = exact > faint * exact.max()
    found[name] = [(abs(fast - exact)[bright] / exact[bright]).max(), abs(fast.sum() / exact.sum() - 1)]
print(json.dumps({"isa": _core.isa(), "errors": found}))
"""


@pytest.mark.parametrize("name", SMALL)
def test_golden_runs(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    exact, fast = (nb.simulate(made, engine=engine).astype(np.float64) for engine in ("exact", "fast"))
    assert np.array_equal(np.isfinite(exact), np.isfinite(fast))
    if not np.isfinite(exact).all() or exact.max() == 0:
        assert np.array_equal(exact, fast, equal_nan=True)
        return
    bright = exact > tolerances.FAST_FAINT * exact.max()
    assert (np.abs(fast - exact)[bright] <= tolerances.FAST_RELATIVE * exact[bright]).all()
    assert abs(fast.sum() / exact.sum() - 1) <= tolerances.FAST_SUM


def test_it_is_another_engine(golden_folder, monkeypatch):
    """Else the comparisons above would hold for any tolerance."""
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES["cubic_basic"]["args"].split())
    assert not np.array_equal(nb.simulate(made), nb.simulate(made, engine="fast"))


@pytest.mark.parametrize("level", LEVELS)
def test_every_level(level):
    words = "-cell 70 80 90 75 85 95 -misset 10 20 30 -Na 1000 -Nb 37 -Nc 1 -default_F 100 -oversample 2 -pixel 0.4 -detpixels 80"
    environment = {**os.environ, "NBHYBRID_ISA": level}
    done = subprocess.run(
        [sys.executable, "-c", LARGEST, *words.split()], env=environment, capture_output=True, text=True, check=False
    )
    if "cannot run" in done.stderr:
        pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
    found = json.loads(done.stdout)
    assert found["isa"] == level
    assert 0 < found["error"] <= tolerances.FAST_RELATIVE


def test_golden_runs_without_double(golden_folder):
    """What a device does where double is slow."""
    environment = {**os.environ, "NBHYBRID_ISA": "device_float"}
    words = [sys.executable, "-c", ERRORS, str(GOLDEN / "cases.json"), str(tolerances.FAST_FAINT)]
    done = subprocess.run(words, cwd=golden_folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["isa"] == "device_float"
    assert {name for name, (pixel, _) in found["errors"].items() if pixel > tolerances.FAST_FLOAT_RELATIVE} == set()
    assert {name for name, (_, total) in found["errors"].items() if total > tolerances.FAST_FLOAT_SUM} == set()
    # It is another engine.
    assert sum(pixel > 0 for pixel, _ in found["errors"].values()) > 0.7 * len(SMALL)


def test_batches_and_pixels_have_the_bits_of_the_image():
    made = nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7),
        structure_factors=90,
        detector=nb.Detector.mosflm(pixels=(30, 70), pixel_size_mm=0.5),
        sampling=nb.Sampling(oversample=1),
    )
    image = nb.simulate(made, engine="fast")
    assert np.array_equal(nb.simulate_batch(made, np.eye(3), engine="fast")[0], image)
    simulator = nb.Simulator(made, engine="fast", threads=3)
    assert np.array_equal(simulator.run(), image)
    assert np.array_equal(simulator.run_pixels([[3, 4], [29, 69]]), image[[3, 29], [4, 69]])


def test_what_it_cannot_take_is_exact_and_said(tmp_path):
    words = [
        "-cell",
        "70",
        "80",
        "90",
        "75",
        "85",
        "95",
        "-N",
        "5",
        "-default_F",
        "100",
        "-oversample",
        "2",
        "-oversample_omega",
        "-pixel",
        "0.8",
        "-detpixels",
        "24",
        "-nonoise",
    ]
    done = run_well([*words, "--engine", "fast", "--json", "r.json"], tmp_path)
    assert "--engine fast: the exact engine renders this run, since the sum so far is multiplied" in done.stderr
    first = (tmp_path / "floatimage.bin").read_bytes()
    run_well(words, tmp_path)
    assert (tmp_path / "floatimage.bin").read_bytes() == first
    assert json.loads((tmp_path / "r.json").read_text())["engine"] == "fast"
