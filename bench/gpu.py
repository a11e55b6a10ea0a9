"""How fast a CUDA device is: steps a second and times a call, of prepared simulators. Prints a table last, with the targets.

    python bench/gpu.py [--device cuda] [--json bench/results/gpu.json]

Images stay in the device's memory where torch or CuPy is there to hold them; else the copy to the host is part of the time.
"""

import argparse
import json
import statistics
import time

import nbhybrid as nb
import numpy as np
from nbhybrid.devices import cuda_extension, number_of

STILL = "-cell 100 100 100 90 90 90 -default_F 100 -N 5 -lambda 1 -distance 100 -pixel 0.1 -oversample 1 -detpixels"
SPOTS = STILL.replace("-N 5", "-N 30") + " 1024 -mosaic 0.5 -mosaic_domains"

# Name, options, engine, target in 1e9 steps a second (None: milliseconds), target in milliseconds.
CASES = (
    ("exact, parallelepiped, 100 domains", f"{STILL} 1024 -mosaic 0.5 -mosaic_domains 100", "exact", 80.0, None),
    ("fast, parallelepiped, 100 domains", f"{STILL} 1024 -mosaic 0.5 -mosaic_domains 100", "fast", 300.0, None),
    ("exact, gaussian, N = 30, 100 domains", f"{SPOTS} 100 -gauss_xtal", "exact", 1000.0, None),
    ("exact, round, 100 domains", f"{SPOTS} 100 -round_xtal", "exact", None, None),
    ("exact, tophat, N = 30, 100 domains", f"{SPOTS} 100 -tophat_spots", "exact", None, None),
    ("exact, one domain, 1024 x 1024", f"{STILL} 1024", "exact", None, None),
    ("fast, one domain, 1024 x 1024", f"{STILL} 1024", "fast", None, 0.150),
    ("exact, a still of 16 megapixels", f"{STILL} 4096", "exact", None, None),
)


def room(shape):
    """Return an array in the device's memory and a function that waits for the device; else an array of numpy."""
    try:
        import torch

        return torch.empty(shape, dtype=torch.float32, device="cuda"), torch.cuda.synchronize
    except (ImportError, AssertionError, RuntimeError):
        pass
    try:
        import cupy

        return cupy.empty(shape, cupy.float32), cupy.cuda.runtime.deviceSynchronize
    except ImportError:
        return np.empty(shape, np.float32), lambda: None


def measure(words, engine, device, rounds=9):
    """Return the median seconds of a call, and its steps."""
    made = nb.Experiment.from_args(words.split())
    simulator = nb.Simulator(made, engine=engine, device=device)
    out, wait = room(made.shape)
    simulator.run(out)
    wait()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        simulator.run(out)
        wait()
        seconds.append(time.perf_counter() - started)
    domains = int(words.split("-mosaic_domains ")[1].split()[0]) if "-mosaic_domains" in words else 1
    return statistics.median(seconds), made.shape[0] * made.shape[1] * domains, type(out).__module__


def main():
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json")
    options = parser.parse_args()
    name = cuda_extension().device_names()[number_of(options.device)]
    rows = []
    for case, words, engine, giga, milliseconds in CASES:
        seconds, steps, memory = measure(words, engine, options.device)
        target = f">= {giga:g} G" if giga else f"<= {milliseconds:g} ms" if milliseconds else ""
        rows.append({"case": case, "ms": seconds * 1e3, "giga_steps": steps / seconds / 1e9, "target": target, "image": memory})
    print(f"{name}; nbhybrid {nb.__version__}")
    print(f"{'case':40} {'ms a call':>10} {'G steps/s':>10}  target")
    for row in rows:
        print(f"{row['case']:40} {row['ms']:10.3f} {row['giga_steps']:10.1f}  {row['target']}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"device": name, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
