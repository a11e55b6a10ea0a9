"""Compute decided pixels again by the scalar path, on golden runs, generated ones and large images, and count the wrong ones.

    python bench/verify.py [--fuzz 5000] [--pixels 100000000] [--json FILE]

Every run has --verify: nbhybrid renders each pixel that the vector kernel decided a second time, by the reference's own operations,
and counts those whose bits differ. None may.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from measure import machine
from nbhybrid.parity.fuzz.judge import write_files
from nbhybrid.parity.fuzz.option_sets import build

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden"
OURS = [sys.executable, "-m", "nbhybrid", "run"]
QUIET = ["--verify", "--quiet", "--threads", "1", "--json", "verify.json", "-nonoise", "-nopgm", "-noprogress"]


def counts_of(words, folder):
    """Return what the run says of its pixels; None if the command line is refused."""
    done = subprocess.run([*OURS, *words, *QUIET], cwd=folder, capture_output=True, check=False)
    return json.loads((folder / "verify.json").read_text())["pixels"] if done.returncode == 0 else None


def golden(name, words):
    """Verify a golden run."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(GOLDEN / "inputs", folder, dirs_exist_ok=True)
        return counts_of(words, pathlib.Path(folder))


def generated(seed):
    """Verify a generated command line."""
    made = build(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_files(pathlib.Path(folder), made.files)
        return counts_of(made.words(), pathlib.Path(folder))


def large(seed):
    """Verify a still of four million pixels with a cell, an orientation and a shape of its own."""
    rng = random.Random(seed)
    cell = [f"{rng.uniform(30, 200):.3f}" for _ in range(3)] + [f"{rng.uniform(70, 110):.3f}" for _ in range(3)]
    scaled = ["--semantics", "reference,spot-scale"]
    spots = [[name, *more] for name in ("-gauss_xtal", "-tophat_spots") for more in ([], scaled)]
    shape = rng.choice([[], [], ["-round_xtal"], *spots])
    words = ["-cell", *cell, "-misset", *(f"{rng.uniform(0, 360):.3f}" for _ in range(3)), "-N", str(rng.randint(3, 60)), *shape]
    words += ["-default_F", "100", "-lambda", f"{rng.uniform(0.7, 1.8):.4f}", "-distance", f"{rng.uniform(60, 300):.2f}"]
    words += ["-detpixels", "2000", "-pixel", "0.1", "-oversample", "1", *rng.choice([[], ["-polar", f"{rng.uniform(-1, 1):.3f}"]])]
    with tempfile.TemporaryDirectory() as folder:
        return counts_of(words, pathlib.Path(folder))


def total(name, results, started):
    """Return the sums of some runs, and print them."""
    done = [r for r in results if r is not None]
    sums = {key: sum(r[key] for r in done) for key in ("rendered", "scalar", "undecided", "wrong")}
    sums |= {"runs": len(done), "refused": len(results) - len(done), "seconds": round(time.perf_counter() - started)}
    decided = sums["rendered"] - sums["scalar"]
    print(
        f"{name}: {sums['runs']} runs, {decided} pixels decided, {sums['undecided']} undecided, {sums['wrong']} WRONG", flush=True
    )
    return sums | {"decided": decided}


def main():
    """Verify and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzz", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pixels", type=int, default=100_000_000)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    cases = json.loads((GOLDEN / "cases.json").read_text())
    record = machine()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, work in (
            ("golden runs", lambda: pool.map(golden, cases, (c["args"].split() for c in cases.values()))),
            ("generated command lines", lambda: pool.map(generated, range(options.seed, options.seed + options.fuzz))),
            ("large stills", lambda: pool.map(large, range(-(-options.pixels // 4_000_000)))),
        ):
            started = time.perf_counter()
            record[name] = total(name, list(work()), started)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    return 1 if any(part["wrong"] for part in record.values() if isinstance(part, dict)) else 0


if __name__ == "__main__":
    sys.exit(main())
