"""Series: small stills by nbhybrid batch on two workers of one thread, against one process of one thread that calls simulate_batch.

    python bench/batch.py [--images 10000] [--rounds 6] [--json FILE]

Each still is 128 x 128 pixels of a crystal in a spectrum of 30 lines, in a random orientation. In turns are timed:

- *one process*: simulate_batch with one thread, a thousand stills a call into the same memory; nothing is written;
- *two processes*: the same on two warm workers of Dask, half of the stills each: what the machine gives, and what batch can reach;
- *batch*: run_batch on the same two workers, from an empty folder to the finished HDF5 files;
- *command*: nbhybrid batch --workers 2, with the start of interpreters and workers.

The parallel efficiency is the time of one process over twice that of the other: 1 is two workers that lose nothing. It is given
for each, with the band over the rounds. *Processor time* is that of one process over that of both workers and the client for batch:
what batch adds, also where others use the machine.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import nbhybrid as nb
import numpy as np
from measure import arguments, in_turns, keep, shown, summary
from nbhybrid.batch import Spec, run_batch
from nbhybrid.batch.orientations import random_rotation

PIXELS, LINES, AT_ONCE, SEED, WORKERS = 128, 30, 1000, 1, 2
SPEC = """
[series]
output = "{output}"
images = {images}
seed = {seed}
[experiment]
file = "experiment.json"
"""


def experiment():
    """Return what the stills have in common."""
    wavelengths = np.linspace(0.995, 1.005, LINES)
    return nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90, 75, 85, 95), n_cells=10),
        structure_factors=100,
        beam=nb.Beam(fluence=1e26, sources=nb.Sources(None, wavelengths, np.exp(-(((wavelengths - 1) / 0.002) ** 2)))),
        detector=nb.Detector.mosflm(pixels=(PIXELS, PIXELS), pixel_size_mm=0.4, distance_mm=100),
        sampling=nb.Sampling(oversample=1),
        semantics="corrected",
    )


def render(made, first, last):
    """Render stills by simulate_batch alone and return the sum of the last."""
    room = np.empty((AT_ONCE, PIXELS, PIXELS), np.float32)
    rotations = np.stack([random_rotation(SEED, i) for i in range(first, last)])
    for begin in range(0, len(rotations), AT_ONCE):
        part = rotations[begin : begin + AT_ONCE]
        nb.simulate_batch(made, part, room[: len(part)], threads=1)
    return float(room[len(part) - 1].sum())


def seconds(work):
    """Return the time of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spent(client):
    """Return the processor seconds of this process and the workers so far."""
    return time.process_time() + sum(client.run(time.process_time).values())


def works(folder, images, client):
    """Return what is timed, by name; each returns its seconds, and those of processors or None."""
    made = experiment()
    (folder / "experiment.json").write_text(made.to_json())
    halves = [(i * images // WORKERS, (i + 1) * images // WORKERS) for i in range(WORKERS)]
    addresses = list(client.nthreads())

    def spec(name):
        shutil.rmtree(folder / name, ignore_errors=True)
        return SPEC.format(output=name, images=images, seed=SEED)

    def two():
        pairs = zip(halves, addresses, strict=True)
        client.gather([client.submit(render, made, *half, workers=[address], pure=False) for half, address in pairs])

    def batch():
        loaded = Spec.from_toml(spec("batch"), folder)
        before = spent(client)
        taken = seconds(lambda: run_batch(loaded, client=client))
        used = spent(client) - before
        check(folder / "batch", images, made)
        return taken, used

    def one():
        before = time.process_time()
        return seconds(lambda: render(made, 0, images)), time.process_time() - before

    def command():
        (folder / "spec.toml").write_text(spec("command"))
        line = [sys.executable, "-m", "nbhybrid", "batch", "spec.toml", "--workers", str(WORKERS), "--quiet"]
        return seconds(lambda: subprocess.run(line, cwd=folder, check=True)), None

    return {
        "one process": one,
        "two processes": lambda: (seconds(two), None),
        "batch": batch,
        "command": command,
    }


def check(folder, images, made):
    """Stop where the last still of a series is not that of simulate_batch."""
    import h5py

    with h5py.File(folder / "images.h5") as file:
        assert len(file["images"]) == images
        same = np.array_equal(file["images"][-1], nb.simulate_batch(made, random_rotation(SEED, images - 1)[None])[0])
    assert same, "the last still is another"


def main():
    """Measure and print."""
    import distributed

    parser = arguments(__doc__, rounds=6)
    parser.add_argument("--images", type=int, default=10000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cluster = distributed.LocalCluster(n_workers=WORKERS, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0")
        with cluster, distributed.Client(cluster) as client:
            timed = works(pathlib.Path(name), options.images, client)
            timed["two processes"]()  # so that the workers have imported everything
            found = in_turns(timed, options.rounds)
    used = {name: [processor for _, processor in rounds] for name, rounds in found.items()}
    times = {name: [taken for taken, _ in rounds] for name, rounds in found.items()}
    alone = times.pop("one process")
    print(
        f"{options.images} stills, one process: {summary(alone)['median']:.3g} s, {1e3 * min(alone) / options.images:.3g} ms each"
    )
    results = {}
    for name, others in times.items():
        ratios = [one / (WORKERS * other) for one, other in zip(alone, others, strict=True)]
        results[f"efficiency of {name}"] = summary(ratios)
        print(f"efficiency of {name}: {shown(summary(ratios))}")
    bound = [two / other for two, other in zip(times["two processes"], times["batch"], strict=True)]
    results["two processes over batch"] = summary(bound)
    print(f"two processes over batch: {shown(summary(bound))}")
    added = [one / all_of_them for one, all_of_them in zip(used["one process"], used["batch"], strict=True)]
    results["processor time of one process over batch"] = summary(added)
    print(f"processor time of one process over batch: {shown(summary(added))}")
    results["one process, s"] = summary(alone)
    keep(options.json, results, rounds=options.rounds, images=options.images, workers=WORKERS)


if __name__ == "__main__":
    main()
