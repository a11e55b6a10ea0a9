"""Count the instructions of two short runs, and compare them with those of the commit before, which are kept in bench/results.

    python bench/instructions.py build/dev/nbhybrid_native           # exit status 1 where a run takes 1 % more
    python bench/instructions.py build/dev/nbhybrid_native --record  # keep the counts, with a reason in the commit

Counts hardly depend on the machine, but on compiler and C library: with others than those of the record nothing is compared, and
that is said. They are no times: a claim of speed is made by `run.py --base`. Needs valgrind, which runs level v3.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LYSOZYME = HERE.parent / "examples" / "lysozyme"
RECORD = HERE / "results" / "instructions.json"
TOLERANCE = 0.01

CRYSTAL = f"-mat {LYSOZYME}/lyso_A.mat -hkl {LYSOZYME}/lyso.hkl -lambda 0.9768 -nointerpolate -fluence 1e24 -N 30"
COMMON = f"{CRYSTAL} -distance 100 -pixel 0.172 -oversample 1 -nonoise -nopgm --threads 1"
CASES = {
    "square": f"{COMMON} -detpixels 256 -mosaic 0.5 -mosaic_domains 20",
    "gauss": f"{COMMON} -detpixels 256 -gauss_xtal -mosaic 0.5 -mosaic_domains 100 --semantics corrected",
    # What is done before and after all pixels.
    "start": f"{COMMON} -detpixels 256 -roi 0 7 0 7",
}


def count(program, words):
    """Return the instructions of a run."""
    with tempfile.TemporaryDirectory() as folder:
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run(
            [*tool, program, "run", *words.split()],
            cwd=folder,
            env={**os.environ, "NBHYBRID_ISA": "v3"},
            check=False,
            capture_output=True,
            text=True,
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{program}: the run fails: {done.stderr[-600:]}")
    return int(found[1])


def builders():
    """Return what else the counts depend on."""
    compiler = subprocess.run(["c++", "-dumpfullversion", "-dumpversion"], check=True, capture_output=True, text=True)
    return {"compiler": compiler.stdout.strip(), "libc": " ".join(platform.libc_ver()), "machine": platform.machine()}


def main():
    """Count and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="the native command")
    parser.add_argument("--record", action="store_true", help="keep the counts")
    parser.add_argument("--against", type=pathlib.Path, metavar="PROGRAM", help="count another build too, instead of the record")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not here: INSTRUCTIONS are NOT COUNTED")
    counts = {name: count(options.program.resolve(), words) for name, words in CASES.items()}
    if options.record:
        RECORD.write_text(json.dumps({**builders(), "instructions": counts}, indent=1) + "\n")
        print(f"kept in {RECORD}")
        return 0
    if options.against:
        before = {name: count(options.against.resolve(), words) for name, words in CASES.items()}
    else:
        kept = json.loads(RECORD.read_text())
        before = kept.pop("instructions")
        if kept != builders():
            print(f"INSTRUCTIONS are NOT COMPARED: the record is of {kept}, this is {builders()}")
            return 0
    for name in CASES:
        print(f"{name}: {counts[name]} instructions, {counts[name] / before[name]:.4f} times those before")
    slower = [name for name in CASES if counts[name] > (1 + TOLERANCE) * before[name]]
    if slower:
        print(f"more than {TOLERANCE:.0%} more in {', '.join(slower)}: if that is meant, --record keeps the new counts")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
