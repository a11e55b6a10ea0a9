"""``nbhybrid compare-traces``."""

from __future__ import annotations

import argparse
import json
import pathlib

from nbhybrid.cli.console import complain, flush, say
from nbhybrid.errors import NbhybridError

BAD_INPUT = 2


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
    words.add_argument("--rtol", type=float, default=0.0, help="relative tolerance; 0 demands all bits, or all digits of a log")
    words.add_argument("--report", type=pathlib.Path, help="folder for summary.md, summary.json and env.json")
    return words


def run(words: list[str]) -> int:
    """Compare and return the exit status."""
    options = parser().parse_args(words)
    from nbhybrid.parity.compare_traces import compare_traces
    from nbhybrid.parity.trace_report import finding, to_dict, to_markdown
    from nbhybrid.trace import read_trace

    try:
        comparison = compare_traces(read_trace(options.first), read_trace(options.second), options.rtol)
        if options.report:
            from nbhybrid.env import environment
            from nbhybrid.parity.files import write_texts

            texts = {"summary.md": to_markdown(comparison)}
            texts |= {
                name: json.dumps(values, indent=1) + "\n"
                for name, values in (("summary.json", to_dict(comparison)), ("env.json", environment()))
            }
            write_texts(options.report, texts)
    except NbhybridError as error:
        complain(f"error: {error}")
        return BAD_INPUT
    say(finding(comparison) + "\n")
    flush()
    return 0 if comparison.same else 1
