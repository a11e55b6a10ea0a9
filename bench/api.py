"""What the Python API costs: calls, construction, reading amplitudes, and two Python threads at once.

    NB_C_BIN=/path/to/nanoBragg python bench/api.py [--rounds 15] [--json FILE]

Every figure is a ratio of two things timed in turns, with the band of the middle half of the rounds:

- *call*: 64 x 64 pixels of one step on a prepared Simulator, over the same less its time for one pixel; the overhead in
  microseconds stands beside it;
- *two threads*: the images per second of two Python threads, each with a Simulator of one thread, over those of one;
- *reading*: the reference's time for an HKL file of 1.8 million rows (its run of one pixel with the file, less one without) over
  StructureFactors.from_file.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import threading
import time

import nbhybrid as nb
import numpy as np
from cases import write_table
from run import processor

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


def summary(values):
    """Return the median and the band."""
    low, median, high = statistics.quantiles(values, n=4)
    return {"median": median, "low": low, "high": high}


def overhead(rounds):
    """Return microseconds of a call beyond its arithmetic, and of building an experiment and a simulator."""
    whole = nb.Simulator(experiment(64), threads=1)
    one = nb.Simulator(experiment(64, region=(0, 0, 0, 0)), threads=1)
    out = np.empty((64, 64), np.float32)
    made = experiment(64)
    calls, builds, ratios = [], [], []
    for _ in range(rounds):
        all_pixels, one_pixel = (seconds(lambda s=s: s.run(out), 50) for s in (whole, one))
        calls.append(1e6 * one_pixel)
        ratios.append(all_pixels / (all_pixels - one_pixel))
        builds.append(1e6 * seconds(lambda: nb.Simulator(made.replace()), 50))
    return {
        "call over its arithmetic": summary(ratios),
        "call, us": summary(calls),
        "experiment and simulator, us": summary(builds),
    }


def two_threads(rounds):
    """Return the rate of two Python threads over that of one."""
    simulators = [nb.Simulator(experiment(1000), threads=1) for _ in range(2)]
    out = [np.empty((1000, 1000), np.float32) for _ in range(2)]
    runs = 10  # long beside the start of a thread
    ratios = []
    for _ in range(rounds):
        alone = seconds(lambda: simulators[0].run(out[0]), runs)
        threads = [
            threading.Thread(target=lambda s=s, o=o: [s.run(o) for _ in range(runs)]) for s, o in zip(simulators, out, strict=True)
        ]

        def both(threads=threads):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        ratios.append(2 * alone / (seconds(both) / runs))
    return {"two Python threads over one": summary(ratios)}


def reading(rounds, reference):
    """Return the reference's time for a table over ours."""
    common = "-cell 70 80 90 90 90 90 -detpixels 8 -pixel 1 -oversample 1 -nonoise -noprogress -nopgm -nointerpolate -N 5"
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "table.hkl"
        write_table(path)

        def run(*words):
            pathlib.Path(folder, "Fdump.bin").unlink(missing_ok=True)
            command = [reference, *common.split(), *words, "-dump", "/dev/null"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        for _ in range(rounds):
            theirs = seconds(lambda: run("-hkl", "table.hkl")) - seconds(lambda: run("-default_F", "9"))
            ratios.append(theirs / seconds(lambda: nb.StructureFactors.from_file(path)))
    return {"the reference's reading over ours": summary(ratios)}


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    results = overhead(options.rounds) | two_threads(options.rounds)
    if os.environ.get("NB_C_BIN"):
        results |= reading(options.rounds, os.environ["NB_C_BIN"])
    for name, r in results.items():
        print(f"{name}: {r['median']:.3g} [{r['low']:.3g}, {r['high']:.3g}]")
    if options.json:
        record = {"processor": processor(), "platform": platform.platform(), "date": time.strftime("%Y-%m-%d"), "results": results}
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
