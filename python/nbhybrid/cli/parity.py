"""``nbhybrid parity``."""

from __future__ import annotations

import argparse
import pathlib
import tempfile

from nbhybrid.cli.console import complain, flush, say
from nbhybrid.cores import usable_cores
from nbhybrid.engines import EXACT_ENGINES
from nbhybrid.errors import OptionError


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words before ``--``."""
    words = argparse.ArgumentParser(
        prog="nbhybrid parity",
        usage="nbhybrid parity [--reference PATH] [--report DIR] -- OPTIONS OF nbhybrid run\n"
        "       nbhybrid parity --fuzz N [--seed S] [--reference PATH] [--report DIR]",
        description="Run the reference program and nbhybrid with the same options, compare every file, and trace the worst pixel. "
        "With --fuzz, do so for generated command lines; without a reference these go through nbhybrid in several ways. "
        "The exit status is 0 if all is the same, 1 if not, 2 for bad input.",
    )
    words.add_argument("--reference", help="the reference program (default: the environment variable NB_C_BIN)")
    words.add_argument(
        "--report", type=pathlib.Path, help="folder for summary.md, summary.json, env.json, commands, logs, pictures"
    )
    words.add_argument(
        "--engine", action="append", choices=EXACT_ENGINES, help="an engine to compare; may be repeated (all of them)"
    )
    words.add_argument("--fuzz", type=int, metavar="N", help="compare N generated command lines")
    words.add_argument("--seed", type=int, default=1, help="of the first of them (1)")
    words.add_argument("--jobs", type=int, default=usable_cores(), help="how many at a time (the cores this process may use)")
    return words


def run(words: list[str]) -> int:
    """Compare and return the exit status."""
    split = words.index("--") if "--" in words else len(words)
    options = parser().parse_args(words[:split])
    rest = words[split + 1 :]
    if options.fuzz is not None:
        return _fuzz(options)
    if not rest:
        raise OptionError("there are no options of a run: expected nbhybrid parity -- -cell ...")
    from nbhybrid.parity.commands import find_reference
    from nbhybrid.parity.parity_report import finding, write_folder
    from nbhybrid.parity.run_parity import run_parity

    reference = find_reference(options.reference)
    with tempfile.TemporaryDirectory(prefix="nbhybrid-parity-") as scratch:
        parity = run_parity(rest, reference, pathlib.Path(scratch), options.engine or EXACT_ENGINES)
        if options.report:
            write_folder(parity, options.report)
    say(finding(parity) + "\n")
    flush()
    return 0 if parity.same else 1


def _fuzz(options: argparse.Namespace) -> int:
    from nbhybrid.cli.progress import ProgressBar
    from nbhybrid.parity.commands import find_reference
    from nbhybrid.parity.fuzz.campaign import run_campaign

    if options.fuzz < 1 or options.jobs < 1:
        raise OptionError("--fuzz and --jobs: expected numbers above zero")
    reference = None
    try:
        reference = find_reference(options.reference)
    except OptionError as error:
        if options.reference:
            raise
        complain(f"warning: {error}; comparing nbhybrid with itself")
    done = 0
    with ProgressBar(wanted=True, total=options.fuzz, unit="command lines") as bar:

        def count(*_: object) -> None:
            nonlocal done
            done += 1
            bar.update(done / options.fuzz)

        campaign = run_campaign(options.fuzz, options.seed, reference, options.jobs, on_result=count)
    if options.report:
        from nbhybrid.parity.files import write_report

        write_report(options.report, campaign.to_text() + "\n", campaign.to_dict())
    say(campaign.to_text() + "\n")
    flush()
    return 1 if campaign.failures else 0
