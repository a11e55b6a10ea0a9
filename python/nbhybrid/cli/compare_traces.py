"""``nbhybrid compare-traces``."""

from __future__ import annotations

import argparse
import pathlib

from nbhybrid.cli.console import flush, say


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's words."""
    words = argparse.ArgumentParser(
        prog="nbhybrid compare-traces",
        description="Compare two traces in the order of computation and name the first quantity, and the first step, that differs. "
        "Traces are logs with TRACE_ lines, name=value lines, tables of steps, or .npz files. "
        "The exit status is 0 if they are the same, 1 if not, 2 for bad input.",
    )
    words.add_argument("first")
    words.add_argument("second")
    words.add_argument("--rtol", type=float, default=0.0, help="relative bound; 0 demands all bits, or all digits of a log (0)")
    words.add_argument("--report", type=pathlib.Path, help="folder for summary.md, summary.json and env.json")
    return words


def run(words: list[str]) -> int:
    """Compare and return the exit status."""
    options = parser().parse_args(words)
    from nbhybrid.parity.compare_traces import compare_traces
    from nbhybrid.parity.trace_report import finding, to_dict, to_markdown
    from nbhybrid.traces import read_trace

    comparison = compare_traces(read_trace(options.first), read_trace(options.second), options.rtol)
    if options.report:
        from nbhybrid.parity.files import write_report

        write_report(options.report, to_markdown(comparison), to_dict(comparison))
    say(finding(comparison) + "\n")
    flush()
    return 0 if comparison.same else 1
