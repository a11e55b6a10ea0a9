"""Many option sets, one seed after the other: how often which verdict, and what fails as a command to paste."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import pathlib
import platform
import shlex
import threading
import time
from typing import TYPE_CHECKING, Any

from nbhybrid._version import __version__
from nbhybrid.errors import OutputFileError
from nbhybrid.files import sha256
from nbhybrid.parity.commands import OURS, REFERENCE_ENVIRONMENT, find_program
from nbhybrid.parity.fuzz.judge import KINDS, Programs, Verdict, histogram, judge, shrink, write_files
from nbhybrid.parity.fuzz.option_sets import build

if TYPE_CHECKING:
    from collections.abc import Callable

EXPLAINED_KINDS = ("refused", "failed", "unsteady", "refused-undefined", "invalid")


@dataclasses.dataclass
class Failure:
    """An option set that must not give what it gives.

    Attributes
    ----------
    seed : int
        The set is ``build(seed)``.
    verdict : Verdict
        On the shrunk set.
    command : str
        The shrunk command line.
    yardstick : str
        The command line that tells what is right.
    files : dict of str to bytes
        The input files of the shrunk set.
    """

    seed: int
    verdict: Verdict
    command: str
    yardstick: str
    files: dict[str, bytes]

    def to_dict(self) -> dict[str, Any]:
        """Return the failure as values for JSON, of the files only their names."""
        return {
            "seed": self.seed,
            "kind": self.verdict.kind,
            "detail": self.verdict.detail,
            "way": self.verdict.way,
            "command": self.command,
            "yardstick": self.yardstick,
            "files": sorted(self.files),
        }

    def to_text(self) -> str:
        """Return what fails, then the commands."""
        lines = [f"seed {self.seed}: {self.verdict.kind} ({self.verdict.way}): {self.verdict.detail}", f"  {self.command}"]
        if self.yardstick != self.command:
            lines.append(f"  expected is what this gives: {self.yardstick}")
        if self.files:
            lines.append(f"  input files: {' '.join(sorted(self.files))}")
        return "\n".join(lines)

    def write(self, folder: pathlib.Path) -> None:
        """Write the input files and both commands (command.txt) into the folder, which is made if need be.

        Raises
        ------
        OutputFileError
            If that cannot be done.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_files(folder, self.files)
            (folder / "command.txt").write_text(f"{self.command}\n{self.yardstick}\n", encoding="utf-8")
        except OSError as error:
            raise OutputFileError(f"{folder}: {error.strerror}") from error


@dataclasses.dataclass
class Campaign:
    """What came of many option sets.

    Attributes
    ----------
    runs, seed : int
        The number of sets and the seed of the first.
    reference : str or None
        The path of the reference program.
    reference_sha256 : str or None
    command : str
        The command under test.
    counts : dict of str to int
        How many sets gave which kind of verdict.
    failures : list of Failure
    reasons : dict of str to dict of str to int
        For the kinds that have them, how often which reason occurs; numbers and names in it are #.
    seconds : float
    """

    runs: int
    seed: int
    reference: str | None
    reference_sha256: str | None
    command: str
    counts: dict[str, int]
    failures: list[Failure]
    reasons: dict[str, dict[str, int]]
    seconds: float

    @property
    def same(self) -> bool:
        """True if nothing needs attention."""
        return not self.failures

    def to_dict(self) -> dict[str, Any]:
        """Return the campaign as values for JSON."""
        from nbhybrid import _core

        return {
            "runs": self.runs,
            "seed": self.seed,
            "same": self.same,
            "counts": self.counts,
            "failures": [failure.to_dict() for failure in self.failures],
            "reasons": self.reasons,
            "seconds": round(self.seconds, 3),
            "command": self.command,
            "versions": {"nbhybrid": __version__, "commit": _core.commit, "python": platform.python_version()},
            "reference": None if self.reference is None else {"path": self.reference, "sha256": self.reference_sha256},
        }

    def to_text(self) -> str:
        """Return the failures, the reasons and the counts in short lines."""
        lines = []
        if self.counts.get("unsteady"):
            lines.append(f"the reference differs from itself in {self.counts['unsteady']} of the command lines, run twice")
        lines += [failure.to_text() for failure in self.failures]
        for kind, reasons in self.reasons.items():
            lines += [f"{kind}:", *(f"  {count:5d}  {reason}" for reason, count in reasons.items())]
        variables = " ".join(f"{name}={value}" for name, value in REFERENCE_ENVIRONMENT.items())
        against = "in several ways" if self.reference is None else f"against {self.reference} with {variables}"
        counts = ", ".join(f"{count} {kind}" for kind, count in self.counts.items() if count) or "none"
        lines.append(f"{self.runs} command lines from seed {self.seed} {against}, {self.seconds:.0f} s: {counts}")
        return "\n".join(lines)


def run_campaign(
    runs: int,
    seed: int,
    reference: str | None,
    jobs: int = 1,
    on_result: Callable[[int, Verdict], None] | None = None,
    minimise: bool = True,
    command: list[str] | None = None,
) -> Campaign:
    """Run the option sets of the seeds seed, seed + 1, ... and judge each.

    Parameters
    ----------
    runs : int
        The number of sets.
    seed : int
    reference : str or None
        The reference program, to which ours is compared; without one, ours is compared to itself (see ``Programs.ways``).
    jobs : int
        How many sets are worked on at a time.
    on_result : callable, optional
        Called with seed and verdict, in the order of the seeds, in the caller's thread.
    minimise : bool
        Shrink what fails.
    command : list of str, optional
        The command to test; this installation's ``nbhybrid run`` if left out.

    Raises
    ------
    OptionError, InputFileError
        If the reference, or the command, cannot be run.
    """
    started = time.perf_counter()
    path = None if reference is None else find_program(reference)
    digest = None if path is None else sha256(path)
    programs = Programs(None if path is None else [path], list(command or OURS))
    stop = threading.Event()
    verdicts, failures = [], []
    with concurrent.futures.ThreadPoolExecutor(max(jobs, 1)) as pool:
        try:
            seeds = range(seed, seed + runs)
            for one, (verdict, failure) in zip(
                seeds, pool.map(lambda n: _examine(programs, n, minimise, stop), seeds), strict=True
            ):
                verdicts.append(verdict)
                failures += [failure] if failure else []
                if on_result:
                    on_result(one, verdict)
        finally:  # an interruption leaves no long search behind
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
    counted = collections.Counter(verdict.kind for verdict in verdicts)
    reasons = {
        kind: histogram(verdict for verdict in verdicts if verdict.kind == kind) for kind in EXPLAINED_KINDS if counted[kind]
    }
    counts = {kind: counted[kind] for kind in KINDS}
    seconds = time.perf_counter() - started
    return Campaign(runs, seed, path, digest, shlex.join(programs.ours), counts, failures, reasons, seconds)


def _examine(programs: Programs, seed: int, minimise: bool, stop: threading.Event) -> tuple[Verdict, Failure | None]:
    """Return the verdict on the set of this seed, and what is left of the set if that is bad."""
    option_set = build(seed)
    ways = programs.ways(option_set)
    verdict = judge(option_set, ways)
    if not verdict.bad:
        return verdict, None
    shrunk, its_verdict = shrink(option_set, verdict, ways, stop.is_set) if minimise else (option_set, verdict)
    blamed = next(way for way in ways if way.name == its_verdict.way)
    return verdict, Failure(seed, its_verdict, blamed.shown(shrunk), ways[0].shown(shrunk), shrunk.files)
