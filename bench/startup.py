"""What `nbhybrid run` costs before it simulates: the modules it imports, and whole runs of a few pixels.

    [NB_C_BIN=/path/to/nanoBragg] python bench/startup.py [--rounds 21] [--modules 15] [--json FILE]

Runs in turns: `python -c pass`, the same with nbhybrid's command line imported, `nbhybrid run` with 8 x 8 pixels, and the reference
with the same and with case A. Ratios are those of the same round: the median, and the band of the middle half. The modules are
those that `python -X importtime` names beyond the ones of `python -c pass`, each with its median over the rounds.
"""

import collections
import os
import re
import statistics
import subprocess
import sys
import tempfile

from cases import CASES
from measure import arguments, caption, in_turns, keep, machine, markdown_table, shown, summary, timed
from peers import ONE_PIXEL

FEW = "-cell 70 80 90 90 90 90 -default_F 100 -N 5 -distance 100 -lambda 1 -pixel 1 -detpixels 8 -oversample 1 -nonoise -noprogress"
NOTHING = [sys.executable, "-c", "pass"]
OURS = [sys.executable, "-m", "nbhybrid", "run", *FEW.split(), "--threads", "1"]


def imports(command, folder):
    """Return the microseconds of each module that a command imports, those of what it imports itself taken off."""
    command = [command[0], "-X", "importtime", *command[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", done.stderr, re.M)
    return {module: int(own) for own, module in lines}


def works_of(folder, reference):
    """Return what is run in turns."""
    works = {
        "python -c pass": lambda: timed(NOTHING, folder),
        "imports": lambda: timed([sys.executable, "-c", "import nbhybrid.cli.run"], folder),
        "nbhybrid run": lambda: timed(OURS, folder),
        "profile": lambda: collections.Counter(imports(OURS, folder)),
        "profile of nothing": lambda: imports(NOTHING, folder),
    }
    if reference:
        case = next(case for case in CASES if case.name == "A").prepare(folder)
        works["reference"] = lambda: timed([reference, *FEW.split()], folder)
        works["reference, case A"] = lambda: timed([reference, *case], folder)
        works["reference, case A, one pixel"] = lambda: timed([reference, *case, *ONE_PIXEL], folder)
    return works


def modules_of(profiles, nothing):
    """Return the median microseconds of each module that not every Python imports, the longest first."""
    names = {name for profile in profiles for name in profile} - set(nothing[0])
    medians = {name: statistics.median(profile[name] for profile in profiles) for name in names}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


def ratios_of(results):
    """Return ratios of whole runs."""
    pairs = {
        "importing over python -c pass": ("imports", "python -c pass"),
        "nbhybrid run of 8 x 8 pixels over python -c pass": ("nbhybrid run", "python -c pass"),
        "the reference's 8 x 8 pixels over nbhybrid's": ("reference", "nbhybrid run"),
        "the reference's case A over nbhybrid's 8 x 8 pixels": ("reference, case A", "nbhybrid run"),
        "the reference's case A with one pixel over nbhybrid's 8 x 8 pixels": ("reference, case A, one pixel", "nbhybrid run"),
    }
    return {
        name: summary([a / b for a, b in zip(results[above], results[below], strict=True)], middle_half=True)
        for name, (above, below) in pairs.items()
        if above in results
    }


def main():
    """Measure and print."""
    parser = arguments(__doc__, rounds=21)
    parser.add_argument("--modules", type=int, default=15, help="how many to print")
    options = parser.parse_args()
    reference = os.environ.get("NB_C_BIN")
    if not reference:
        print("NB_C_BIN is not set: nothing is compared with the reference")
    with tempfile.TemporaryDirectory() as folder:
        works = works_of(folder, reference)
        in_turns(works, 1)
        results = in_turns(works, options.rounds)
    modules = modules_of(results.pop("profile"), results.pop("profile of nothing"))
    ratios = ratios_of(results)
    total = sum(modules.values())
    print(caption(machine()))
    print(markdown_table(["start", "ratio"], [[name, shown(r)] for name, r in ratios.items()]))
    rows = [[name, f"{us:.0f}", f"{us / total:.0%}"] for name, us in list(modules.items())[: options.modules]]
    print(markdown_table([f"module, {len(modules)} in all", "microseconds", "share"], rows))
    medians = {name: statistics.median(each) for name, each in results.items()}
    keep(options.json, {"ratios": ratios, "seconds": medians, "microseconds of modules": modules})


if __name__ == "__main__":
    main()
