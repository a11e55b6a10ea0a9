"""A pixel has the same bits wherever it stands in a block, whatever is rendered beside it, and on any number of threads."""

import functools
import json
import os
import random
import subprocess
import sys

import pytest
from helpers import hkl_text, smv_bytes

LEVELS = ("baseline", "v2", "v3", "v4")
FAST, SLOW = 150, 6
EXPERIMENT = (
    "-cell 70 80 90 75 85 95 -misset 10 20 30 -N 5 -lambda 1 -distance 100 -pixel 0.3 -oversample 1 -nonoise -nointerpolate"
)
BOARD = f"-detpixels_x {FAST} -detpixels_y {SLOW}"
# What the kernel does in different ways: shapes, spots that are passed over, a table, several layers, sub-pixels and sources,
# factors at each step, state that is carried from the first pixel to the others.
CASES = {
    "square": "",
    "phi": "-phi 3 -osc 1 -phisteps 3",
    "first_sweep": "-phi 0 -osc 1 -phisteps 3",
    "round": "-round_xtal",
    "gauss": "-gauss_xtal -mosaic 0.5 -mosaic_domains 20",
    "tophat": "-binary_spots -mosaic 0.5 -mosaic_domains 20",
    "table": "-hkl table.hkl",
    "layers": "-detector_abs 300 -detector_thick 450 -detector_thicksteps 2",
    "sources": "-hdivrange 4 -hdivsteps 3 -dispersion 2 -dispsteps 2 -polar 0.9",
    "subpixels": "-oversample 2 -detector_rotx 7",
    "factors_at_each_step": "-oversample_polar -oversample_omega -detector_rotx 7 --semantics corrected",
    "scalar_path": "-oversample_polar -oversample_omega -detector_rotx 7",
}
# The first pixel rendered is special there, so that a region is not a part of the whole.
STARTS_ANEW = {"first_sweep", "scalar_path"}

# Run in a process of its own for each level, in a folder with the files. The whole image of one thread is the measure.
COMPARE = """
import hashlib, json, sys
import numpy as np
import nbhybrid as nb
from nbhybrid import _core

cases, fast, slow, masks, anew = json.load(open("cases.json"))
rng = np.random.default_rng(1)


def differing(found, wanted):
    return int((np.ascontiguousarray(found).view(np.int32) != np.ascontiguousarray(wanted).view(np.int32)).sum())


def compare(name, words):
    compared, wrong = {}, []

    def check(what, how, found, wanted):
        compared[what] = compared.get(what, 0) + wanted.size
        bad = differing(found, wanted)
        if bad:
            wrong.append(f"{what} {how}: {bad} of {wanted.size} pixels")

    def made(*more, threads=1):
        return nb.simulate(nb.Experiment.from_args([*words, *map(str, more)]), threads=threads)

    whole = made()
    for threads in (2, 3, 7):
        check("threads", threads, made(threads=threads), whole)
    for first in range(1, 64) if name not in anew else ():
        last = int(rng.integers(first, fast))
        part = made("-roi", first, last, 2, 3)
        check("region", (first, last), part[2:4, first : last + 1], whole[2:4, first : last + 1])
    for mask in masks:
        keep = np.fromfile(mask, "<u2")[256:].reshape(whole.shape) != 0
        check("mask", mask, made("-mask", mask), np.where(keep, whole, np.float32(0)))
    simulator = nb.Simulator(nb.Experiment.from_args(words), threads=1)
    for count in (1, 2, 63, 64, 65, 700):
        pixels = np.stack([rng.integers(0, slow, count), rng.integers(0, fast, count)], axis=1).astype(np.int32)
        check("list", count, simulator.run_pixels(pixels), whole[pixels[:, 0], pixels[:, 1]])
    return {
        "compared": compared, "wrong": wrong, "bright": float((whole > 0).mean()),
        "hash": hashlib.sha256(whole.tobytes()).hexdigest(),
    }


print(json.dumps({"isa": _core.isa(), "cases": {name: compare(name, words) for name, words in cases.items()}}))
"""


def table():
    """Return amplitudes, a third of which are 0."""
    indices = [(h, k, m) for h in range(-9, 10) for k in range(-9, 10) for m in range(-9, 10)]
    return hkl_text((h, k, m, (h * 7919 + k * 104729 + m * 1299709) % 500 * ((h + k + m) % 3 != 0)) for h, k, m in indices)


def masks():
    """Return masks that break rows into blocks of all lengths; the first pixel is never masked."""
    chance = random.Random(5)
    found = {}
    for share in (0.1, 0.5, 0.97):
        pixels = [1] + [int(chance.random() > share) for _ in range(FAST * SLOW - 1)]
        found[f"mask{share}.img"] = smv_bytes(FAST, SLOW, pixels)
    return found


def words_of(name):
    table_or_constant = [] if "-hkl" in CASES[name] else ["-default_F", "100"]
    return [*EXPERIMENT.split(), *table_or_constant, *BOARD.split(), *CASES[name].split()]


@pytest.fixture(scope="module")
def found_at(tmp_path_factory):
    """Return a function of a level: what COMPARE printed, or a skip."""
    folder = tmp_path_factory.mktemp("blocks")
    (folder / "table.hkl").write_text(table())
    for name, content in masks().items():
        (folder / name).write_bytes(content)
    task = [{name: words_of(name) for name in CASES}, FAST, SLOW, list(masks()), sorted(STARTS_ANEW)]
    (folder / "cases.json").write_text(json.dumps(task))

    @functools.cache
    def run(level):
        environment = {**os.environ, "NBHYBRID_ISA": level}
        return subprocess.run(
            [sys.executable, "-c", COMPARE], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    def found(level):
        done = run(level)
        if "cannot run" in done.stderr:
            pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("level", LEVELS)
def test_neither_place_nor_neighbours_nor_threads_matter(level, name, found_at):
    found = found_at(level)
    assert found["isa"] == level
    case = found["cases"][name]
    assert case["wrong"] == []
    assert case["bright"] > 0.1, "the image is too dark to show anything"
    wanted = {"threads", "mask", "list"} | ({"region"} if name not in STARTS_ANEW else set())
    assert {what for what, pixels in case["compared"].items() if pixels > 500} == wanted
    assert case["hash"] == found_at("baseline")["cases"][name]["hash"], "another image than the baseline's"
