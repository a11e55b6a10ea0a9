"""Time nbhybrid against the reference program, run by run in turns, and print ratios.

    NB_C_BIN=/path/to/nanoBragg python bench/run.py [--rounds 7] [--cases A,B,...] [--threads 1,2] [--ways exact,fast,exact@v3]
        [--json FILE] [--markdown FILE]

A way is an engine, and after an @ the level of instructions (as NBHYBRID_ISA; the processor's best without one).
For each case and number of threads, every round runs the reference and nbhybrid once. A ratio is the reference's time
over nbhybrid's: above 1, nbhybrid is faster. Given are the median over the rounds and the band from the lowest to the highest
ratio of a round; "faster" or "slower" is claimed only where the band excludes 1.

- *whole run*: wall time of the process, with start-up, reading and writing.
- *kernel*: nbhybrid's own figure; for the reference, the whole run less a run that renders one pixel. The reference has one thread.
"""

import argparse
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from cases import CASES

ONE_PIXEL = ["-roi", "0", "0", "0", "0"]


def timed(command, folder, isa=""):
    """Run the command and return its wall time in seconds."""
    environment = {**os.environ, "NBHYBRID_ISA": isa}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def time_reference(program, words, folder):
    """Return (whole run, kernel) of the reference."""
    whole = timed([*program, *words], folder)
    return whole, whole - timed([*program, *words, *ONE_PIXEL], folder)


def time_ours(program, words, folder, threads, way):
    """Return (whole run, kernel) of nbhybrid. The record, which costs time too, is asked for in a run of its own."""
    engine, _, isa = way.partition("@")
    words = [*words, "--threads", str(threads), "--engine", engine]
    whole = timed([*program, *words], folder, isa)
    timed([*program, *words, "--json", "record.json"], folder, isa)
    return whole, json.loads((pathlib.Path(folder) / "record.json").read_text())["seconds"]["kernel"]


def summary(ratios):
    """Return the median ratio, the band and what may be claimed of it."""
    low, high = min(ratios), max(ratios)
    verdict = "faster" if low > 1 else "slower" if high < 1 else "no difference shown"
    return {"median": statistics.median(ratios), "low": low, "high": high, "verdict": verdict}


def measure(case, threads, way, rounds, reference, ours):
    """Return the summaries of one case."""
    with tempfile.TemporaryDirectory() as folder:
        words = case.prepare(folder)
        time_reference(reference, words, folder)
        time_ours(ours, words, folder, threads, way)
        pairs = [(time_reference(reference, words, folder), time_ours(ours, words, folder, threads, way)) for _ in range(rounds)]
    kernel = statistics.median(our_kernel for _, (_, our_kernel) in pairs)
    return {
        "case": case.name,
        "threads": threads,
        "way": way,
        "whole run": summary([theirs[0] / mine[0] for theirs, mine in pairs]),
        "kernel": summary([theirs[1] / mine[1] for theirs, mine in pairs]),
        "kernel_seconds": kernel,
        "nanoseconds_per_step": 1e9 * kernel / case.steps,
    }


def table(results):
    """Return the ratios as a table of Markdown."""
    columns = list(dict.fromkeys((r["way"], r["threads"]) for r in results))
    cells = {(r["case"], r["way"], r["threads"]): r for r in results}
    lines = [
        "| case | " + " | ".join(f"{way}, {n} thread{'s' * (n > 1)}" for way, n in columns) + " | whole run, the last of these |"
    ]
    lines.append("| --- " * (len(columns) + 2) + "|")
    for name in dict.fromkeys(r["case"] for r in results):
        meaning = next(case.meaning for case in CASES if case.name == name)
        row = [cells[name, way, n]["kernel"] for way, n in columns]
        whole = cells[(name, *columns[-1])]["whole run"]
        texts = [f"{r['median']:.3g} [{r['low']:.3g}, {r['high']:.3g}]" for r in [*row, whole]]
        lines.append(f"| {name}: {meaning} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def processor():
    """Return the name of the processor."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", default=",".join(case.name for case in CASES))
    parser.add_argument("--threads", default="1")
    parser.add_argument("--ways", default="exact")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--command", default=f"{sys.executable} -m nbhybrid run")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    reference = os.environ.get("NB_C_BIN")
    if not reference:
        sys.exit("NB_C_BIN must name the reference program")
    results = []
    for case in CASES:
        if case.name not in options.cases.split(","):
            continue
        print(f"{case.name}: {case.meaning}")
        for way in options.ways.split(","):
            for threads in map(int, options.threads.split(",")):
                result = measure(case, threads, way, options.rounds, [reference], shlex.split(options.command))
                results.append(result)
                for part in ("whole run", "kernel"):
                    r = result[part]
                    print(
                        f"  {way}, {threads} thread(s), {part:9}: {r['median']:6.2f} times the reference "
                        f"[{r['low']:.2f}, {r['high']:.2f}], {r['verdict']}"
                    )
                print(f"  {result['nanoseconds_per_step']:.2f} ns a step", flush=True)
    if options.markdown:
        options.markdown.write_text(table(results))
    if options.json:
        record = {"processor": processor(), "platform": platform.platform(), "date": time.strftime("%Y-%m-%d"), "results": results}
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
