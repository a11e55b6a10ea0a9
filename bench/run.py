"""Time nbhybrid against the reference program and other peers, run by run in turns, and print ratios.

    NB_C_BIN=/path/to/nanoBragg [NB_C_FAST_BIN=/path/to/nanoBragg] python bench/run.py [--rounds 7] [--cases A,B,...]
        [--ways exact,exact:2,exact@v3,fast] [--torch-python PYTHON] [--base 'OTHER/python -m nbhybrid run']
        [--json FILE] [--markdown FILE]

Every round runs everything once: the reference, its fastest valid build (NB_C_FAST_BIN), the PyTorch port if it is installed, and
all ways of nbhybrid; another program is first in every round. A way is an engine, after an @ the level of instructions (as
NBHYBRID_ISA; the processor's best without one), after a colon the number of threads. A ratio is the reference's time over the
other's in the same round: above 1, the other is faster. Given are the median over the rounds and the band from the lowest to the
highest; "faster" or "slower" is claimed only where the band excludes 1.

- *whole run*: wall time of the process, with start-up, reading and writing.
- *kernel*: nbhybrid's own figure. For the reference, which has one thread, the whole run less the median of the runs that render
  one pixel; how far these are apart widens the band.
- *stages*: nbhybrid's own figures, in milliseconds.

With --base, another nbhybrid runs in every way too, and each of its stages is compared; NB_C_BIN may be missing then. Images are
looked at first: `exact` must have the reference's bits, the others its sum within a tenth.
"""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import numpy as np
from cases import CASES
from measure import arguments, caption, compiler_of, in_turns, keep, machine, markdown_table, shown, verdict
from peers import Nbhybrid, Reference, TorchPort, folder_of, lay_out, ratio, times_of

BASE = "base "
# Of the first program's sum: the PyTorch port has mosaic domains of its own.
SUM_WITHIN = 0.1


def fault_of(program, works, folder, standard, has_one_image=True):
    """Run a program once and return what is wrong with it, or nothing: an error, or an image that it should not have.

    Parameters
    ----------
    program : Reference, Nbhybrid or TorchPort
    works : dict
        As lay_out returns them.
    folder : pathlib.Path
        The program's.
    standard : list
        The image of the first program, as bytes and as a sum; the first program puts it there.
    has_one_image : bool
        Whether an exact program must have that image's bits.
    """
    try:
        for (name, _), work in works.items():
            if name == program.name:
                work()
    except subprocess.CalledProcessError as error:
        return f"exit status {error.returncode}: {error.stderr.strip()[-200:]}"
    pixels = np.fromfile(folder / "whole" / "floatimage.bin", "<f4")
    total = float(pixels.sum(dtype=np.float64))
    if not standard:
        standard += [pixels.tobytes(), total]
    if has_one_image and program.identical and pixels.tobytes() != standard[0]:
        return "its image is another"
    if not np.isfinite(total) or abs(total / standard[1] - 1) > SUM_WITHIN:
        return f"its image has the sum {total:.6g}, that of the first program {standard[1]:.6g}"
    return ""


def measure(case, programs, rounds):
    """Return the times of each program, by name; peers that cannot do a case are left out with a line, ours and the first stop."""
    standard, able = [], []
    with tempfile.TemporaryDirectory() as place:
        works = lay_out(case, programs, place)
        for program in programs:
            fault = fault_of(program, works, folder_of(case, program, place), standard, case.has_one_image)
            if fault and (program is programs[0] or isinstance(program, Nbhybrid)):
                sys.exit(f"{case.name}: {program.name}: {fault}")
            if fault:
                print(f"  {program.name}: left out; {fault}", flush=True)
            else:
                able.append(program)
        names = {program.name for program in able}
        results = in_turns({key: work for key, work in works.items() if key[0] in names}, rounds)
    return {program.name: times_of(program, results) for program in able}


def compare(case, programs, times):
    """Return what is kept of a case: medians of the times and all ratios."""
    found = {"case": case.name, "seconds": {name: each.medians() for name, each in times.items()}}
    first = programs[0]
    if isinstance(first, Reference):
        others = [p.name for p in programs[1:] if p.name in times]
        found["over"] = {
            name: {stage: with_verdict(ratio(times[first.name], times[name], stage)) for stage in ("kernel", "whole")}
            for name in others
        }
    found["nanoseconds per step"] = {name: 1e9 * each.medians()["kernel"] / case.steps for name, each in times.items()}
    bases = {p.name: p.name.removeprefix(BASE) for p in programs if p.name.startswith(BASE)}
    found["base over head"] = {
        head: {
            stage: with_verdict(ratio(times[base], times[head], stage))
            for stage in [*times[head].stages, "whole"]
            if stage == "whole" or stage in times[base].stages
        }
        for base, head in bases.items()
    }
    return found


def with_verdict(ratios):
    """Return ratios with what may be claimed of them."""
    return ratios | {"verdict": verdict(ratios)}


def report(result):
    """Print the result of a case."""
    for title, part in (("the reference over", "over"), ("base over head,", "base over head")):
        for name, stages in result.get(part, {}).items():
            texts = [f"{stage} {shown(r)} {r['verdict']}" for stage, r in stages.items()]
            print(f"  {title} {name}: " + "; ".join(texts))
    nanoseconds = result["nanoseconds per step"].items()
    print("  ns a step: " + ", ".join(f"{name} {ns:.2f}" for name, ns in nanoseconds), flush=True)


def ratio_table(results, programs, part, stage):
    """Return one kind of ratio as a table of Markdown, a row for each case."""
    columns = [p for p in programs if any(p.name in r.get(part, {}) for r in results)]
    rows = []
    for r in results:
        cells = [r[part].get(p.name, {}).get(stage) for p in columns]
        rows.append([meaning_of(r), *(shown(cell) if cell else None for cell in cells)])
    return markdown_table(["case", *(p.title for p in columns)], rows)


def meaning_of(result):
    """Return a row's first cell."""
    return next(case.meaning for case in CASES if case.name == result["case"])


def stage_table(results, program):
    """Return the milliseconds of each of nbhybrid's stages; what the whole run has beyond them is the start."""
    stages = list(dict.fromkeys(s for r in results for s in r["seconds"][program.name] if s != "whole"))
    rows = []
    for r in results:
        seconds = r["seconds"][program.name]
        rest = seconds["whole"] - sum(value for stage, value in seconds.items() if stage != "whole")
        cells = [seconds.get(stage) for stage in stages] + [rest, seconds["whole"]]
        rows.append([meaning_of(r), *(None if cell is None else f"{1e3 * cell:.1f}" for cell in cells)])
    return markdown_table(["case", *stages, "start", "whole run"], rows)


def page(results, programs, about, rounds):
    """Return everything as a page of Markdown; the first table is that of the README."""
    text = caption(about)
    if any(r.get("over") for r in results):
        text += f"The reference: {about['reference compiler'] or 'compiler unknown'}. {rounds} rounds.\n"
        text += "\nKernel time, the reference's over the other's: the median, and the band in brackets.\n\n"
        text += ratio_table(results, programs, "over", "kernel")
        text += "\nThe same of whole runs.\n\n" + ratio_table(results, programs, "over", "whole")
    if any(r["base over head"] for r in results):
        for stage in dict.fromkeys(s for r in results for stages in r["base over head"].values() for s in stages):
            text += f"\nBase over head, {stage}.\n\n" + ratio_table(results, programs, "base over head", stage)
    ours = next(p for p in programs if isinstance(p, Nbhybrid))
    return text + f"\nMilliseconds of each stage, {ours.title}.\n\n" + stage_table(results, ours)


def programs_of(options):
    """Return all that is to be timed, the one that the others are compared with first."""
    reference, fast = os.environ.get("NB_C_BIN"), os.environ.get("NB_C_FAST_BIN")
    if not reference and not options.base:
        sys.exit("NB_C_BIN must name the reference program, or --base another nbhybrid")
    programs = [Reference("reference", reference)] if reference else []
    ways = options.ways.split(",")
    programs += [Nbhybrid(way, shlex.split(options.command)) for way in ways]
    if options.base:
        programs += [Nbhybrid(way, shlex.split(options.base), name=BASE + way) for way in ways]
    if reference and fast:
        programs.append(Reference("the reference's fastest build", fast))
    elif reference:
        print("NB_C_FAST_BIN is not set: the reference's fastest valid build is NOT timed")
    port = TorchPort(options.torch_python)
    if reference and port.is_there():
        programs.append(port)
    elif reference:
        print(f"{options.torch_python} has no nanobrag_torch: the PyTorch port is NOT timed")
    return programs


def main():
    """Measure and print."""
    parser = arguments(__doc__, rounds=7)
    parser.add_argument("--cases", default=",".join(case.name for case in CASES))
    parser.add_argument("--ways", default="exact,exact:2,exact@v3,fast")
    parser.add_argument("--command", default=f"{sys.executable} -m nbhybrid run")
    parser.add_argument("--base", help="the command of another nbhybrid")
    parser.add_argument("--torch-python", default=sys.executable, help="a Python that has the PyTorch port")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    wanted = options.cases.split(",")
    unknown = set(wanted) - {case.name for case in CASES}
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    programs = programs_of(options)
    about = machine() | {"reference compiler": None}
    if isinstance(programs[0], Reference):
        about["reference compiler"] = compiler_of(programs[0].program)
    results = []
    for case in CASES:
        if case.name in wanted:
            print(f"{case.name}: {case.meaning.removeprefix(case.name + ': ')}", flush=True)
            results.append(compare(case, programs, measure(case, programs, options.rounds)))
            report(results[-1])
            # After each case: a long measurement that is cut short leaves something.
            if options.markdown:
                options.markdown.write_text(page(results, programs, about, options.rounds))
            keep(options.json, results, **about, rounds=options.rounds)


if __name__ == "__main__":
    main()
