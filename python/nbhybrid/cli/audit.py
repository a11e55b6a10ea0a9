"""``nbhybrid audit``."""

from __future__ import annotations

import argparse
import pathlib

from nbhybrid.cli.console import flush, say
from nbhybrid.cli.warning_log import caught


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's words."""
    words = argparse.ArgumentParser(
        prog="nbhybrid audit",
        description="Run the lysozyme case on every engine and device that is here, and compare one pixel, from geometry to "
        "photons, and the image with the reference's. A device's own values are compared to the bound of its formulas. "
        "The exit status is 0 if all that ran is the same, 1 if not.",
    )
    words.add_argument("--report", type=pathlib.Path, help="folder for summary.md, summary.json and env.json")
    words.add_argument("--threads", type=int, help="threads (the cores this process may use)")
    return words


def run(words: list[str]) -> int:
    """Audit and return the exit status."""
    options = parser().parse_args(words)
    from nbhybrid.parity.audit import WAYS, audit, to_dict, to_markdown, to_text

    # The case is the reference's own, with all that it warns of.
    with caught():
        audits = [audit(engine, device, options.threads) for engine, device in WAYS]
    if options.report:
        from nbhybrid.parity.files import write_report

        write_report(options.report, to_markdown(audits), to_dict(audits))
    say(to_text(audits) + "\n")
    flush()
    return 0 if all(one.same for one in audits) else 1
