"""What the Python API costs: calls, construction, reading amplitudes, and two Python threads at once.

    NB_C_BIN=/path/to/nanoBragg python bench/api.py [--rounds 15] [--json FILE]

Every figure is a ratio of two things timed in turns, with the band of the middle half of the rounds:

- *call*: 64 x 64 pixels of one step on a prepared Simulator, over the same less its time for one pixel; the overhead in
  microseconds stands beside it;
- *batch*: 1000 stills of 64 x 64 pixels by `simulate_batch` on one thread, over their kernels alone: the same plans, prepared
  before, rendered by one call into the same memory;
- *two threads*: the images per second of two Python threads, each with a Simulator of one thread, over those of one;
- *reading*: the reference's time for an HKL file of 1.8 million rows (its run of one pixel with the file, less one without) over
  StructureFactors.from_file.
"""

import os
import pathlib
import subprocess
import tempfile
import threading
import time

import nbhybrid as nb
import numpy as np
from cases import write_table
from measure import arguments, in_turns, keep, shown, summary
from nbhybrid import _core
from nbhybrid.batch.orientations import random_rotation
from nbhybrid.rendering import render

CRYSTAL = nb.Crystal(cell=nb.UnitCell(70, 80, 90, 75, 85, 95), misset_deg=(10, 20, 30), n_cells=5)


def experiment(pixels, **detector):
    """Return an experiment of one step a pixel."""
    place = nb.Detector.mosflm(pixels=(pixels, pixels), pixel_size_mm=0.4, **detector)
    return nb.Experiment(crystal=CRYSTAL, structure_factors=100, detector=place, sampling=nb.Sampling(oversample=1))


def seconds(work, repeats=1):
    """Return the time of a call."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats


def overhead(rounds):
    """Return microseconds of a call beyond its arithmetic, and of building an experiment and a simulator."""
    whole = nb.Simulator(experiment(64), threads=1)
    one = nb.Simulator(experiment(64, region=(0, 0, 0, 0)), threads=1)
    out = np.empty((64, 64), np.float32)
    made = experiment(64)
    results = in_turns(
        {
            "all": lambda: seconds(lambda: whole.run(out), 50),
            "one": lambda: seconds(lambda: one.run(out), 50),
            "build": lambda: seconds(lambda: nb.Simulator(made.replace()), 50),
        },
        rounds,
    )
    pairs = zip(results["all"], results["one"], strict=True)
    return {
        "call over its arithmetic": [all_pixels / (all_pixels - one_pixel) for all_pixels, one_pixel in pairs],
        "call, us": [1e6 * each for each in results["one"]],
        "experiment and simulator, us": [1e6 * each for each in results["build"]],
    }


def batch(rounds):
    """Return the time of a batch over that of rendering plans that are prepared."""
    made, stills = experiment(64), 1000
    turns = np.array([random_rotation(1, image) for image in range(stills)])
    alone = [made._variant(crystal=CRYSTAL.replace(rotation=turn)) for turn in turns]
    prepared = _core.Simulator([each._core for each in alone], 1, False)
    out = np.zeros((stills, 64, 64), np.float32)
    results = in_turns(
        {
            "batch": lambda: seconds(lambda: nb.simulate_batch(made, turns, out, threads=1)),
            "kernels": lambda: seconds(lambda: render(prepared, [out], threads=1)),
        },
        rounds,
    )
    pairs = zip(results["batch"], results["kernels"], strict=True)
    return {
        "1000 stills in a batch over their kernels": [whole / kernels for whole, kernels in pairs],
        "kernels of a still, us": [1e6 * each / stills for each in results["kernels"]],
    }


def two_threads(rounds):
    """Return the rate of two Python threads over that of one."""
    simulators = [nb.Simulator(experiment(1000), threads=1) for _ in range(2)]
    out = [np.empty((1000, 1000), np.float32) for _ in range(2)]
    runs = 10  # long beside the start of a thread

    def both():
        work = [
            threading.Thread(target=lambda s=s, o=o: [s.run(o) for _ in range(runs)]) for s, o in zip(simulators, out, strict=True)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()

    works = {"alone": lambda: seconds(lambda: simulators[0].run(out[0]), runs), "both": lambda: seconds(both) / runs}
    results = in_turns(works, rounds)
    return {"two Python threads over one": [2 * a / b for a, b in zip(results["alone"], results["both"], strict=True)]}


def reading(rounds, reference):
    """Return the reference's time for a table over ours."""
    common = "-cell 70 80 90 90 90 90 -detpixels 8 -pixel 1 -oversample 1 -nonoise -noprogress -nopgm -nointerpolate -N 5"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "table.hkl"
        write_table(path)

        def run(*words):
            pathlib.Path(folder, "Fdump.bin").unlink(missing_ok=True)
            command = [reference, *common.split(), *words, "-dump", "/dev/null"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        works = {
            "with": lambda: seconds(lambda: run("-hkl", "table.hkl")),
            "without": lambda: seconds(lambda: run("-default_F", "9")),
            "ours": lambda: seconds(lambda: nb.StructureFactors.from_file(path)),
        }
        rows = zip(*in_turns(works, rounds).values(), strict=True)
        return {"the reference's reading over ours": [(read - start) / ours for read, start, ours in rows]}


def main():
    """Measure and print."""
    options = arguments(__doc__, rounds=15).parse_args()
    values = overhead(options.rounds) | batch(options.rounds) | two_threads(options.rounds)
    if os.environ.get("NB_C_BIN"):
        values |= reading(options.rounds, os.environ["NB_C_BIN"])
    else:
        print("NB_C_BIN is not set: reading is NOT compared with the reference's")
    results = {name: summary(each, middle_half=True) for name, each in values.items()}
    for name, r in results.items():
        print(f"{name}: {shown(r)}")
    keep(options.json, results, rounds=options.rounds)


if __name__ == "__main__":
    main()
