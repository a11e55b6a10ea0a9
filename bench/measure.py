"""What the scripts of this folder share: runs in turns, medians and bands, tables, and the record of a measurement."""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

ENOUGH_ROUNDS = 6  # all of them on the same side by chance: 3 %


def timed(command, folder=None, **variables):
    """Return the wall time of a command in seconds; variables are added to its environment.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; with the end of what it printed.
    """
    environment = {**os.environ, **variables}
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr[-1000:])
    return seconds


def in_turns(works, rounds):
    """Call each work once a round, another one first in every round, and return the results of each.

    Parameters
    ----------
    works : dict of str to callable
    rounds : int

    Returns
    -------
    dict of str to list
    """
    names = list(works)
    results = {name: [] for name in names}
    for i in range(rounds):
        first = i % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(works[name]())
    return results


def summary(values, middle_half=False):
    """Return the median and the band: from the lowest value to the highest, or that of the middle half of many values."""
    if middle_half:
        low, median, high = statistics.quantiles(values, n=4)
        return {"median": median, "low": low, "high": high, "rounds": len(values)}
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "rounds": len(values)}


def verdict(ratios, above="faster", below="slower", between="no difference shown"):
    """Return what may be claimed of ratios: something only if their band excludes 1, which that of few rounds does by chance."""
    if ratios["rounds"] < ENOUGH_ROUNDS:
        return "too few rounds to say"
    return above if ratios["low"] > 1 else below if ratios["high"] < 1 else between


def shown(ratios):
    """Return a median and its band as text."""
    return f"{ratios['median']:.3g} [{ratios['low']:.3g}, {ratios['high']:.3g}]"


def markdown_table(header, rows):
    """Return a table of Markdown; None becomes an empty cell."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join("" if cell is None else str(cell) for cell in line) + " |\n" for line in lines)


def processor():
    """Return the name of the processor."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def compiler_of(path):
    """Return which compiler a program or a library names as its own; None if none."""
    found = re.search(rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", pathlib.Path(path).read_bytes())
    return found[0].decode() if found else None


def machine():
    """Return where and when something is measured, and what nbhybrid is there, if it is."""
    found = {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }
    try:
        from nbhybrid import _core
    except ImportError:
        return found
    return found | {"isa": _core.isa(), "commit": _core.commit, "compiler": compiler_of(_core.__file__)}


def caption(about):
    """Return a sentence on the machine, for a page of results."""
    parts = [f"{about['processor']}, {about['cores']} cores"]
    if "isa" in about:
        parts += [f"instructions {about['isa']}", f"nbhybrid {about['commit']}"]
    if about.get("compiler"):
        parts.append(about["compiler"])
    return f"Measured {about['date']}: {'; '.join(parts)}.\n"


def arguments(text, rounds):
    """Return a parser of the options that all measurements have."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    return parser


def keep(path, results, **more):
    """Write results with the machine and the date, if a path is given."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**machine(), **more, "results": results}, indent=1) + "\n")
