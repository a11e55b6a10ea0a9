"""What tracing costs: the kernel with no pixel traced against the kernel with one, run by run in turns.

    python bench/tracing.py [--rounds 15] [--cases A,B,C] [--threads 1] [--json FILE]

The ratio is the time with a traced pixel over the time without, and the band that of the middle half of the rounds. A band that
contains 1.00 shows no cost, not even of a pixel that is traced, step by step; without one the same pixels go through code that was
compiled without any tracing.
"""

import argparse
import json
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from cases import CASES
from run import processor

TRACED = ["--trace-pixel", "100", "101", "--trace-level", "steps"]


def kernel_seconds(command, folder):
    """Return the kernel's time of a run, and the bytes of its image."""
    subprocess.run(
        [*command, "--json", "record.json"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    folder = pathlib.Path(folder)
    return json.loads((folder / "record.json").read_text())["seconds"]["kernel"], (folder / "floatimage.bin").read_bytes()


def measure(case, threads, rounds, command):
    """Return the ratio of a case with its band."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        words = [*command, *case.prepare(folder), "--threads", str(threads)]
        kernel_seconds(words, folder)
        for i in range(rounds):
            # Whichever goes first may have it easier.
            order = [words, [*words, *TRACED]] if i % 2 else [[*words, *TRACED], words]
            (first, image), (second, other) = (kernel_seconds(each, folder) for each in order)
            if image != other:
                sys.exit(f"{case.name}: the traced image is another")
            ratios.append(second / first if i % 2 else first / second)
    low, median, high = statistics.quantiles(ratios, n=4)
    return {"case": case.name, "threads": threads, "rounds": rounds, "median": median, "low": low, "high": high}


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cases", default="A,B,C")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--command", default=f"{sys.executable} -m nbhybrid run")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    for case in CASES:
        if case.name in options.cases.split(","):
            r = measure(case, options.threads, options.rounds, shlex.split(options.command))
            results.append(r)
            shown = "no cost shown" if r["low"] <= 1 <= r["high"] else "a difference"
            print(
                f"{case.name}: {r['median']:.4f} [{r['low']:.4f}, {r['high']:.4f}] with a traced pixel over without: {shown}",
                flush=True,
            )
    if options.json:
        record = {"processor": processor(), "platform": platform.platform(), "date": time.strftime("%Y-%m-%d"), "results": results}
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
