"""What tracing costs: the kernel with no pixel traced against the kernel with one, run by run in turns.

    python bench/tracing.py [--rounds 15] [--cases A,B,C] [--threads 1] [--json FILE]

The ratio is the time with a traced pixel over the time without, and the band that of the middle half of the rounds. A band that
contains 1.00 shows no cost, not even of a pixel that is traced, step by step; without one the same pixels go through code that was
compiled without any tracing.
"""

import json
import pathlib
import shlex
import sys
import tempfile

from cases import CASES
from measure import arguments, in_turns, keep, summary, timed, verdict

TRACED = ["--trace-pixel", "100", "101", "--trace-level", "steps"]


def kernel_seconds(command, folder):
    """Return the kernel's time of a run, and the bytes of its image."""
    timed([*command, "--json", "record.json"], folder)
    folder = pathlib.Path(folder)
    return json.loads((folder / "record.json").read_text())["seconds"]["kernel"], (folder / "floatimage.bin").read_bytes()


def measure(case, threads, rounds, command):
    """Return the ratio of a case with its band."""
    with tempfile.TemporaryDirectory() as folder:
        words = [*command, *case.prepare(folder), "--threads", str(threads)]
        works = {"traced": lambda: kernel_seconds([*words, *TRACED], folder), "plain": lambda: kernel_seconds(words, folder)}
        in_turns(works, 1)
        pairs = list(zip(*in_turns(works, rounds).values(), strict=True))
    if any(image != other for (_, image), (_, other) in pairs):
        sys.exit(f"{case.name}: the traced image is another")
    ratios = summary([traced / plain for (traced, _), (plain, _) in pairs], middle_half=True)
    return {"case": case.name, "threads": threads, **ratios}


def main():
    """Measure and print."""
    parser = arguments(__doc__, rounds=15)
    parser.add_argument("--cases", default="A,B,C")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--command", default=f"{sys.executable} -m nbhybrid run")
    options = parser.parse_args()
    results = []
    for case in CASES:
        if case.name in options.cases.split(","):
            r = measure(case, options.threads, options.rounds, shlex.split(options.command))
            results.append(r)
            said = verdict(r, above="a cost", below="a gain", between="no cost shown")
            print(
                f"{case.name}: {r['median']:.4f} [{r['low']:.4f}, {r['high']:.4f}] with a traced pixel over without: {said}",
                flush=True,
            )
    keep(options.json, results)


if __name__ == "__main__":
    main()
