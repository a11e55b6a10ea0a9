"""What derivatives cost, over the image of the same engine: in turns, on one thread.

    python bench/derivatives.py [--rounds 9] [--json FILE] [--pixels 1024]

- *vjp*: by all parameters of crystal, beam, detector and scan; *with amplitudes*: and by each of the table;
- *jvp*: along one direction; *float64*: the image before its last rounding;
- *memory*: how much the peak of a vjp of many pixels and orientations is above that of the image, each in a process of its own.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time
import warnings

import nbhybrid as nb
import numpy as np
from measure import in_turns, machine, summary

warnings.simplefilter("ignore", nb.InputWarning)
CASES = {"one orientation": (None, 1.0), "100 domains": (100, 0.5)}
MEMORY = "import sys; sys.path.insert(0, {folder!r}); import derivatives; derivatives.peak({what!r})"


def experiment(shape, domains, pixels):
    """Return a still of a crystal with a table of some hundred thousand amplitudes."""
    grid = np.random.default_rng(0).uniform(10, 100, (81, 81, 41))
    return nb.Experiment(
        crystal=nb.Crystal(
            cell=nb.UnitCell(79, 79, 38),
            misset_deg=(10, 20, 30),
            n_cells=20,
            shape=shape,
            mosaic_spread_deg=None if domains is None else 0.3,
            mosaic_domains=domains,
        ),
        beam=nb.Beam(wavelength_angstrom=1.0, fluence=1e24, polarization=0.0),
        detector=nb.Detector.mosflm(pixels=(pixels, pixels), pixel_size_mm=102.4 / pixels, distance_mm=100),
        sampling=nb.Sampling(oversample=1),
        structure_factors=nb.StructureFactors.from_grid(grid, (-40, -40, -20)),
        semantics="corrected",
    )


def works_of(simulator):
    """Return what is timed, by name."""
    upstream = np.random.default_rng(1).normal(size=simulator.experiment.shape)
    paths = [path for path, parameter in simulator.differentiable.items() if parameter]
    smooth = [path for path in paths if not path.startswith("structure_factors.")]
    return {
        "image": simulator.run,
        "vjp": lambda: simulator.vjp(upstream, smooth),
        "with amplitudes": lambda: simulator.vjp(upstream, [*smooth, "structure_factors.amplitudes"]),
        "jvp": lambda: simulator.jvp({"crystal.misset_deg": (1, 0, 0)}),
        "float64": lambda: simulator.run(dtype="float64"),
    }


def seconds(work):
    """Return a function that returns how long the work took."""

    def timed():
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return timed


def peak(what):
    """Print the peak of this process's memory in MiB after an image of 16 megapixels, or its vjp, over few rows of many domains."""
    import resource

    made = experiment("gauss", 1000, 4096)
    simulator = nb.Simulator(made, threads=2)
    if what == "image":
        simulator.run()
    else:
        simulator.vjp(np.ones((4096, 4096)), ["crystal.cell", "structure_factors.amplitudes"])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory():
    """Return the peaks of an image and of its vjp, MiB."""
    folder = str(pathlib.Path(__file__).resolve().parent)
    run = lambda what: subprocess.run(  # noqa: E731
        [sys.executable, "-c", MEMORY.format(folder=folder, what=what)], check=True, capture_output=True, text=True
    )
    return {what: float(run(what).stdout) for what in ("image", "vjp")}


def main():
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--pixels", type=int, default=1024, help="along each edge")
    parser.add_argument("--memory", action="store_true", help="measure the memory too, which takes a minute")
    options = parser.parse_args()
    results = {}
    for engine in ("exact", "fast"):
        for name, (domains, share) in CASES.items():
            for shape in ("square", "round", "gauss", "tophat"):
                pixels = max(8, int(options.pixels * share))
                simulator = nb.Simulator(experiment(shape, domains, pixels), engine=engine, threads=1)
                times = in_turns({key: seconds(work) for key, work in works_of(simulator).items()}, options.rounds)
                ratios = {
                    key: summary([each / image for each, image in zip(values, times["image"], strict=True)])
                    for key, values in times.items()
                    if key != "image"
                }
                results[f"{engine}, {shape}, {name}"] = ratios
                print(f"{engine}, {shape}, {name}, over the image:", end=" ")
                print(
                    "; ".join(f"{key} {each['median']:.2f} [{each['low']:.2f}, {each['high']:.2f}]" for key, each in ratios.items())
                )
    if options.memory:
        peaks = results["memory_mib"] = memory()
        print(f"memory: image {peaks['image']:.0f} MiB, vjp {peaks['vjp'] - peaks['image']:.0f} MiB more")
    if options.json:
        options.json.write_text(json.dumps({**machine(), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
