"""Compare random command lines with the reference in volume.

    python tests/parity/fuzz_live.py --runs 1000 --seed 1 --reference ./nanoBragg

Run number i uses the option set of seed SEED + i. Every output file is compared byte for byte, and so are the printed
statistics. A mismatch is shown with its seed, its command and the shortest command that still fails. The exit status is 1 if there
was one.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import live  # noqa: E402
import option_sets  # noqa: E402


def parse_arguments():
    """Return the options of this program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--threads", default="1,2,7", help="numbers of threads, taken in turn; empty: do not say")
    parser.add_argument("--reference", default=os.environ.get("NB_C_BIN"), help="path of the reference program [NB_C_BIN]")
    parser.add_argument("--command", default=shlex.join(live.COMMAND), help="the command to compare [%(default)s]")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the input files of what fails")
    parser.add_argument("--no-shrink", action="store_true")
    options = parser.parse_args()
    if not options.reference:
        parser.error("--reference is needed where NB_C_BIN is not set")
    return options


def own_words(options, seed):
    """Return the options of ours that this run gets."""
    counts = [count for count in options.threads.split(",") if count]
    return ["--threads", counts[seed % len(counts)]] if counts else []


def examine(options, programs, seed):
    """Return the set of a seed, the verdict, and what is left after shrinking a failure."""
    option_set = option_sets.build(seed)
    words = own_words(options, seed)
    verdict = live.judge(programs, option_set, words)
    if not verdict.bad or options.no_shrink:
        return option_set, verdict, None
    return option_set, verdict, live.shrink(programs, option_set, verdict, words)


def report(options, option_set, verdict, shrunk):
    """Print one failure; keep its files if that was asked for."""
    print(f"seed {option_set.seed}, {shlex.join(own_words(options, option_set.seed))}: {verdict.kind}: {verdict.detail}")
    print(f"  {live.shown(option_set)}")
    if shrunk:
        option_set = shrunk[0]
        print(f"  shrunk: {live.shown(option_set)}\n    {shrunk[1].detail}")
    if options.keep:
        folder = options.keep / f"seed_{option_set.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        live.write_inputs(option_set, folder)
        (folder / "command.txt").write_text(live.shown(option_set) + "\n")
    sys.stdout.flush()


def main():
    """Run them all, then count."""
    options = parse_arguments()
    programs = live.Programs([options.reference], shlex.split(options.command))
    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        seeds = range(options.seed, options.seed + options.runs)
        for option_set, verdict, shrunk in pool.map(lambda seed: examine(options, programs, seed), seeds):
            verdicts.append(verdict)
            if verdict.bad:
                report(options, option_set, verdict, shrunk)
    for kind in ("refused", "refused-undefined", "invalid"):
        lines = live.histogram([verdict for verdict in verdicts if verdict.kind == kind])
        print("\n".join([f"{kind}:", *lines]) if lines else f"{kind}: none")
    kinds = ("same", "different", "refused", "failed", "undefined", "refused-undefined", "invalid")
    print(f"{len(verdicts)} runs: " + ", ".join(f"{sum(v.kind == kind for v in verdicts)} {kind}" for kind in kinds))
    sys.exit(1 if any(verdict.bad for verdict in verdicts) else 0)


if __name__ == "__main__":
    main()
