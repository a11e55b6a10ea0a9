"""How fast a CUDA device is: steps a second, times a call and memory of prepared simulators. Prints a table last, with goals.

A goal is for an H200 and devices like it; beside it stands how much of it is reached, 1 and more if all.

    python bench/gpu.py [--device cuda] [--json bench/results/gpu.json] [--rounds 9]

Images stay in the device's memory where torch or CuPy is there to hold them; else the copy to the host is part of the time.
"""

import argparse
import datetime
import json
import statistics
import time

import nbhybrid as nb
import numpy as np
from nbhybrid.devices import cuda_extension, number_of

STILL = "-cell 100 100 100 90 90 90 -default_F 100 -N 5 -lambda 1 -distance 100 -pixel 0.1 -oversample 1 -detpixels"
SPOTS = STILL.replace("-N 5", "-N 30") + " 1024 -mosaic 0.5 -mosaic_domains"
LS49 = STILL.replace("-N 5", "-N 30") + " 3000 -mosaic 0.05 -mosaic_domains 25 -gauss_xtal -dispersion 1 -dispsteps 100"

# Name, options, engine, goal in 1e9 steps a second, goal in milliseconds.
RUNS = (
    ("exact, parallelepiped, 100 domains", f"{STILL} 1024 -mosaic 0.5 -mosaic_domains 100", "exact", 80.0, None),
    ("fast, parallelepiped, 100 domains", f"{STILL} 1024 -mosaic 0.5 -mosaic_domains 100", "fast", 300.0, None),
    ("exact, gaussian, N = 30, 100 domains", f"{SPOTS} 100 -gauss_xtal", "exact", 1000.0, None),
    ("fast, gaussian, N = 30, 100 domains", f"{SPOTS} 100 -gauss_xtal", "fast", None, None),
    ("exact, round, 100 domains", f"{SPOTS} 100 -round_xtal", "exact", None, None),
    ("exact, tophat, N = 30, 100 domains", f"{SPOTS} 100 -tophat_spots", "exact", None, None),
    ("exact, one domain, 1024 x 1024", f"{STILL} 1024", "exact", None, 0.30),
    ("fast, one domain, 1024 x 1024", f"{STILL} 1024", "fast", None, 0.150),
    ("exact, one domain, 64 x 64", f"{STILL} 64", "exact", None, None),
    ("exact, a still of 16 megapixels", f"{STILL} 4096", "exact", None, 3.0),
    ("fast, a still of 16 megapixels", f"{STILL} 4096", "fast", None, None),
)
STILLS = 1000
# In milliseconds: 1000 stills in one call, and the image with noise of a run like LS49's.
GOAL_OF_STILLS, GOAL_OF_LS49 = 15.0, 37.0


def holder():
    """Return what makes float32 arrays in the device's memory, and waits for it; else what makes those of numpy."""
    try:
        import torch

        torch.cuda.synchronize()
        return lambda shape: torch.empty(shape, dtype=torch.float32, device="cuda"), torch.cuda.synchronize
    except (ImportError, AssertionError, RuntimeError):
        pass
    try:
        import cupy

        return lambda shape: cupy.empty(shape, cupy.float32), cupy.cuda.runtime.deviceSynchronize
    except ImportError:
        return lambda shape: np.empty(shape, np.float32), lambda: None


class Bench:
    """Measures one thing after the other on a device."""

    def __init__(self, device, rounds):
        self.device, self.rounds = device, rounds
        self.room, self.wait = holder()
        self.rows = []

    def free(self):
        """Return the bytes of the device that nobody has."""
        return cuda_extension().free_bytes(number_of(self.device))

    def measure(self, name, call, steps, giga=None, milliseconds=None, memory=None):
        """Time a call, and add a row: the median of the rounds after the first."""
        call()
        self.wait()
        seconds = []
        for _ in range(self.rounds):
            started = time.perf_counter()
            call()
            self.wait()
            seconds.append(time.perf_counter() - started)
        median = statistics.median(seconds)
        row = {"case": name, "ms": median * 1e3, "giga_steps": steps / median / 1e9, "goal": ""}
        if giga:
            row |= {"goal": f">= {giga:g} G", "reached": row["giga_steps"] / giga}
        elif milliseconds:
            row |= {"goal": f"<= {milliseconds:g} ms", "reached": milliseconds / row["ms"]}
        if memory is not None:
            row["mib_beside_image"] = memory() / 2**20
        self.rows.append(row)

    def run(self, name, words, engine, giga=None, milliseconds=None, noise=False):
        """Measure a prepared simulator, with the memory that it takes besides the image."""
        made = nb.Experiment.from_args(words.split())
        out = self.room(made.shape)
        counts = self.room(made.shape) if noise else None
        before = self.free()
        simulator = nb.Simulator(made, engine=engine, device=self.device)

        def call():
            simulator.run(out)
            if noise:
                nb.poisson(out, 1, out=counts)

        pixels = made.shape[0] * made.shape[1]
        self.measure(name, call, pixels * made.steps, giga, milliseconds, lambda: before - self.free())

    def batch(self, engine):
        """Measure many small stills in one call."""
        made = nb.Experiment.from_args(f"{STILL} 64".split())
        angles = np.linspace(0, 1, STILLS)
        turns = np.zeros((STILLS, 3, 3))
        turns[:, 0, 0] = turns[:, 1, 1] = np.cos(angles)
        turns[:, 1, 0], turns[:, 0, 1], turns[:, 2, 2] = np.sin(angles), -np.sin(angles), 1
        out = self.room((STILLS, 64, 64))
        self.measure(
            f"{engine}, a batch of {STILLS} stills of 64 x 64",
            lambda: nb.simulate_batch(made, turns, out, engine=engine, device=self.device),
            STILLS * 64 * 64,
            milliseconds=GOAL_OF_STILLS,
        )

    def few_pixels(self):
        """Measure a shoebox with many orientations, which the lanes of warps share."""
        made = nb.Experiment.from_args(f"{STILL} 1024 -mosaic 0.5 -mosaic_domains 2000".split())
        simulator = nb.Simulator(made, device=self.device)
        pixels = np.stack(np.meshgrid(np.arange(500, 515), np.arange(500, 515)), axis=-1).reshape(-1, 2).astype(np.int32)
        self.measure("exact, 225 pixels, 2000 domains", lambda: simulator.run_pixels(pixels), len(pixels) * made.steps)


def main():
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json")
    options = parser.parse_args()
    name = cuda_extension().device_names()[number_of(options.device)]
    bench = Bench(options.device, options.rounds)
    for case, words, engine, giga, milliseconds in RUNS:
        bench.run(case, words, engine, giga, milliseconds)
    for engine in ("exact", "fast"):
        bench.run(f"{engine}, 3000 x 3000, 100 energies, 25 domains, noise", LS49, engine, None, GOAL_OF_LS49, noise=True)
        bench.batch(engine)
    bench.few_pixels()
    where = type(bench.room((1,))).__module__
    print(
        f"{name}; nbhybrid {nb.__version__}; images in the memory of {'the host' if where == 'numpy' else 'the device'} ({where})"
    )
    print(f"{'case':52} {'ms a call':>10} {'G steps/s':>10} {'MiB':>7}  {'goal':>10} {'reached':>7}")
    for row in bench.rows:
        memory = f"{row['mib_beside_image']:7.0f}" if "mib_beside_image" in row else " " * 7
        reached = f"{row['reached']:7.2f}" if "reached" in row else ""
        print(f"{row['case']:52} {row['ms']:10.3f} {row['giga_steps']:10.1f} {memory}  {row['goal']:>10} {reached}")
    print("MiB: taken from the device besides the images. Expected: the table of amplitudes and at most 64 more")
    if options.json:
        record = {"device": name, "date": str(datetime.date.today()), "images": where, "rows": bench.rows}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)


if __name__ == "__main__":
    main()
