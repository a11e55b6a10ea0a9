"""How the kernel's time grows with pixels, steps and threads, beside the reference's.

    [NB_C_BIN=/path/to/nanoBragg] python bench/scaling.py [--rounds 7] [--longest 20] [--series pixels,phi,domains,threads]
        [--engine exact] [--json FILE] [--markdown FILE] [--png FILE]

- *pixels*: one orientation, 256 x 256 to 4096 x 4096 pixels;
- *phi*, *domains*: 256 x 256 pixels, 1 to 1000 steps of a rotation of one degree, or mosaic domains;
- *threads*: 1024 x 1024 pixels of 20 domains, on 1 thread to all cores.

Each round runs all points of a series, and the reference where it takes less than --longest seconds. A row tells nbhybrid's
nanoseconds a step, its speed over that of the series' first point (steps a second), and the reference's time over its own: the
median over the rounds and the band from lowest to highest.
"""

import dataclasses
import os
import pathlib
import shlex
import statistics
import sys
import tempfile

from cases import BEAM, Case
from measure import arguments, caption, in_turns, keep, machine, markdown_table, shown, summary
from peers import Nbhybrid, Reference, lay_out, ratio, times_of

REFERENCE_STEP = 150e-9  # seconds, about: to tell beforehand what would take too long
CRYSTAL = "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20"


@dataclasses.dataclass(frozen=True)
class Point:
    """A point of a series: what grows, the simulation, and the threads."""

    number: int
    case: Case
    threads: int = 1


def case(name, pixels, steps=1, words=""):
    """Return a case of a square detector of 102.4 mm."""
    beam = BEAM.replace("-pixel 0.1", f"-pixel {102.4 / pixels}")
    return Case(name, name, f"{CRYSTAL} {beam} -detpixels {pixels} {words}", pixels**2 * steps)


def points_of(series, cores):
    """Return the points of a series."""
    counts = (1, 10, 100, 1000)
    if series == "pixels":
        return [Point(n * n, case(f"pixels{n}", n)) for n in (256, 512, 1024, 2048, 4096)]
    if series == "phi":
        return [Point(n, case(f"phi{n}", 256, n, f"-phi 0.1 -osc 1 -phisteps {n}")) for n in counts]
    if series == "domains":
        return [Point(n, case(f"domains{n}", 256, n, f"-mosaic 0.5 -mosaic_domains {n}")) for n in counts]
    common = case("threads", 1024, 20, "-mosaic 0.5 -mosaic_domains 20")
    return [Point(n, common, n) for n in range(1, cores + 1)]


def measure(points, rounds, command, engine, reference, longest):
    """Return a row of results for each point of a series."""
    ours = {p.number: Nbhybrid(f"{engine}:{p.threads}", command) for p in points}
    cases = {p.case.name: p.case for p in points}
    affordable = {name for name, each in cases.items() if reference and each.steps * REFERENCE_STEP < longest}
    with tempfile.TemporaryDirectory() as place:
        works = {}
        for name, each in cases.items():
            programs = [ours[p.number] for p in points if p.case is each] + [reference] * (name in affordable)
            works |= {(name, key): work for key, work in lay_out(each, programs, place).items()}
        in_turns(works, 1)
        results = in_turns(works, rounds)
    rows = []
    for p in points:
        mine = {key: each for (name, key), each in results.items() if name == p.case.name}
        times = times_of(ours[p.number], mine)
        speeds = [p.case.steps / seconds for seconds in times.stages["kernel"]]
        rows.append({"number": p.number, "threads": p.threads, "ns per step": 1e9 / statistics.median(speeds), "speeds": speeds})
        if p.case.name in affordable:
            rows[-1]["reference over ours"] = ratio(times_of(reference, mine), times, "kernel")
    first = rows[0]["speeds"]
    for row in rows:
        row["speed over the first"] = summary([a / b for a, b in zip(row.pop("speeds"), first, strict=True)])
    return rows


def page(results, about, engine, rounds):
    """Return the results as a page of Markdown."""
    text = caption(about) + f"Kernel time of `{engine}`, {rounds} rounds.\n"
    for series, rows in results.items():
        cells = [
            [
                f"{row['number']:,}",
                f"{row['ns per step']:.2f}",
                shown(row["speed over the first"]),
                shown(row["reference over ours"]) if "reference over ours" in row else None,
            ]
            for row in rows
        ]
        text += "\n" + markdown_table([series, "ns a step", "speed over the first", "the reference over nbhybrid"], cells)
    return text


def draw(results, path):
    """Draw nanoseconds a step, and the ratio to the reference, over what grows."""
    from matplotlib.figure import Figure  # no display is needed

    figure = Figure(figsize=(3.2 * len(results), 6), layout="constrained")
    axes = figure.subplots(2, len(results), squeeze=False)
    for (series, rows), above, below in zip(results.items(), *axes, strict=True):
        above.plot([row["number"] for row in rows], [row["ns per step"] for row in rows], "o-")
        above.set(title=series, ylabel="nbhybrid: ns a step")
        compared = [row for row in rows if "reference over ours" in row]
        ratios = [row["reference over ours"] for row in compared]
        middle = [r["median"] for r in ratios]
        bars = [[m - r["low"] for m, r in zip(middle, ratios, strict=True)], [r["high"] - r["median"] for r in ratios]]
        below.errorbar([row["number"] for row in compared], middle, bars, fmt="o-", capsize=3)
        below.set(xlabel=series, ylabel="reference over nbhybrid")
        for each in (above, below):
            if series == "threads":
                each.set_xticks([row["number"] for row in rows])
            else:
                each.set_xscale("log")
            each.set_ylim(bottom=0)
    figure.savefig(path, dpi=120)


def main():
    """Measure and print."""
    parser = arguments(__doc__, rounds=7)
    parser.add_argument("--series", default="pixels,phi,domains,threads")
    parser.add_argument("--longest", type=float, default=20, help="seconds of the reference")
    parser.add_argument("--engine", default="exact")
    parser.add_argument("--command", default=f"{sys.executable} -m nbhybrid run")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--png", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    program = os.environ.get("NB_C_BIN")
    if not program:
        print("NB_C_BIN is not set: nothing is compared with the reference")
    reference = Reference("reference", program) if program else None
    about = machine()
    results = {}
    for series in options.series.split(","):
        points = points_of(series, about["cores"])
        results[series] = measure(points, options.rounds, shlex.split(options.command), options.engine, reference, options.longest)
        print(page({series: results[series]}, about, options.engine, options.rounds), flush=True)
        if options.markdown:
            options.markdown.write_text(page(results, about, options.engine, options.rounds))
        keep(options.json, results, engine=options.engine)
    if options.png:
        draw(results, options.png)


if __name__ == "__main__":
    main()
