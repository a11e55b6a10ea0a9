"""The record of a run, as JSON."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid._version import __version__
from nbhybrid.cli.seeds import repeating_command
from nbhybrid.files import is_regular, sha256, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_record(
    words: Sequence[str],
    simulation: _core.Simulation,
    warnings: Sequence[str],
    seconds: dict[str, float],
    paths: Sequence[str],
) -> dict[str, Any]:
    """Return what a run was, what it took and what it wrote.

    Parameters
    ----------
    words : sequence of str
        The command line.
    simulation : Simulation
        After its files have been written.
    warnings : sequence of str
        All that were shown, in their order.
    seconds : dict
        Wall-clock time of each stage.
    paths : sequence of str
        The files written.
    """
    return {
        "versions": {"nbhybrid": __version__, "commit": _core.commit, "python": platform.python_version()},
        "platform": platform.platform(),
        "arguments": list(words),
        "seeds": simulation.seeds,
        "repeat": repeating_command(words, simulation.seeds),
        "configuration": simulation.configuration,
        "engine": simulation.engine,
        "semantics": simulation.semantics,
        "mended": _core.corrected_ids(simulation.semantics),
        "device": simulation.device,
        "threads": simulation.threads,
        "isa": _core.isa(),
        "pixels": {**simulation.counts, "why_scalar": why_scalar(simulation)},
        "seconds": seconds,
        "warnings": list(warnings),
        "files": [{"path": path, "sha256": sha256(path)} for path in dict.fromkeys(paths) if is_regular(path)],
    }


def why_scalar(simulation: _core.Simulation) -> str:
    """Return why pixels took the scalar path; empty if none did."""
    counts = simulation.counts
    if simulation.unsupported_option:
        return simulation.unsupported_option
    reasons = {
        "their rounding was too close to tell": counts["undecided"],
        "state is carried through them, or their amplitudes are interpolated": counts["scalar"] - counts["undecided"],
    }
    return "; ".join(f"{number}: {reason}" for reason, number in reasons.items() if number)


def write_record(path: str, record: dict[str, Any]) -> None:
    """Write the record.

    Raises
    ------
    OutputFileError
        If that cannot be done.
    """
    write_text(path, json.dumps(record, indent=2, allow_nan=False) + "\n")
