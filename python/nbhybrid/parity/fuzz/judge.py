"""Run an option set in several ways, compare everything that each leaves behind, and shrink a set that tells them apart."""

from __future__ import annotations

import array
import collections
import dataclasses
import math
import operator
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from nbhybrid.errors import InputFileError
from nbhybrid.parity.commands import DUMP, OURS, OUTPUT_FILES, REFERENCE_ENVIRONMENT
from nbhybrid.parity.fuzz.option_sets import OptionSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbhybrid.parity.fuzz.option_sets import Files

THREADS = (1, 2, 7)
RUN_SECONDS = 60
TOO_LONG = "takes too long"
REFUSED = 2

KINDS = ("same", "different", "refused", "failed", "unsteady", "undefined", "refused-undefined", "invalid")
BAD_KINDS = ("different", "refused", "failed")

# What the reference prints about the image; the same must be found in our output, whatever stands around the numbers.
STATISTICS = {
    "max_I": r"max_I\s*[=:]\s*(\S+)\s+at\s+(\S+)\s+(\S+)",
    "mean": r"mean\s*[=:]\s*(\S+)\s+rms\s*[=:]\s*(\S+)\s+rmsd\s*[=:]\s*(\S+)",
    "intfile_scale": r"intfile_scale\s*[=:]\s*(\S+)",
    "pgm_scale": r"pgm_scale\s*[=:]\s*(\S+)",
    "photons": r"(\S+) photons on noise image \((\S+) overloads\)",
}


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to run an option set.

    Attributes
    ----------
    name : str
    command : list of str
        The program, and the words that go before all options.
    extra : list of str
        Options of this way alone, which must change none of the files.
    foreign : bool
        True for the reference: if it gives up there is nothing to compare.
    """

    name: str
    command: list[str]
    extra: list[str] = dataclasses.field(default_factory=list)
    foreign: bool = False

    def shown(self, option_set: OptionSet) -> str:
        """Return the command line as one would type it."""
        program = ["nbhybrid", "run"] if self.command == OURS else self.command
        if self.foreign:
            program = [*(f"{name}={value}" for name, value in REFERENCE_ENVIRONMENT.items()), *program]
        return shlex.join([*program, *self.extra, *option_set.words()])


@dataclasses.dataclass(frozen=True)
class Programs:
    """What to compare.

    Attributes
    ----------
    reference : list of str or None
        The command of the reference program, if there is one.
    ours : list of str
        The command to test.
    """

    reference: list[str] | None = None
    ours: list[str] = dataclasses.field(default_factory=lambda: list(OURS))

    def ways(self, option_set: OptionSet) -> list[Way]:
        """Return the ways to run this set; the first is the yardstick.

        With a reference that is the reference, and the set goes through ours once, with one of three numbers of threads in turn.
        Without one it goes through ours with each of these, and once more with a traced pixel, and one thread is the yardstick.
        """
        counted = [Way(f"{n} threads" if n > 1 else "1 thread", self.ours, ["--threads", str(n)]) for n in THREADS]
        if self.reference is not None:
            return [Way("reference", self.reference, foreign=True), counted[option_set.seed % len(counted)]]
        slow, fast = option_set.pixel
        return [*counted, Way("traced pixel", self.ours, ["--trace-pixel", str(slow), str(fast)])]


@dataclasses.dataclass
class Verdict:
    """What came of one option set.

    Attributes
    ----------
    kind : str
        same; different, refused (though the yardstick's image is finite) or failed (any other exit than 0 and 2) need attention.
        unsteady is a reference that differs from itself in two runs, and says nothing about ours.
        Not compared are the kinds undefined (the yardstick's image is not finite), refused-undefined (and we say so) and invalid
        (the yardstick itself gives up, and so does every other way of ours).
    detail : str
    way : str
        The name of the way that is to blame.
    """

    kind: str
    detail: str = ""
    way: str = ""

    @property
    def bad(self) -> bool:
        """True for what must not be."""
        return self.kind in BAD_KINDS


@dataclasses.dataclass
class _Outcome:
    """What a run left behind; the status is None if it took too long."""

    status: int | None
    stdout: str = ""
    stderr: str = ""
    files: Files = dataclasses.field(default_factory=dict)

    def ending(self) -> str:
        if self.status is None:
            return TOO_LONG
        said = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return f"exit {self.status}: {said[-1][-300:] if said else 'no message'}"

    def message(self) -> str:
        return (self.stderr.strip().splitlines() or ["no message"])[-1]


def judge(option_set: OptionSet, ways: Sequence[Way]) -> Verdict:
    """Run the set in all ways, until one is not like the first, and return the verdict.

    Raises
    ------
    InputFileError
        If a program cannot be run.
    """
    first, *others = ways
    yardstick = _run(first, option_set)
    if yardstick.status == 0 and _image_name(option_set) in yardstick.files:
        finite = _finite(yardstick.files[_image_name(option_set)])
        verdict = Verdict("same" if finite else "undefined")
        for way in others:
            verdict = _compare(option_set, yardstick, way, finite)
            if verdict.bad:
                break
        if verdict.kind == "different" and first.foreign:
            found = _differences(_run(first, option_set), yardstick)
            if found:
                return Verdict("unsteady", f"two runs of the reference differ: {'; '.join(found)}", first.name)
        return verdict
    if first.foreign:
        return Verdict("invalid", f"the reference gives up: {yardstick.ending()}", first.name)
    if yardstick.status != REFUSED:
        return Verdict("failed", yardstick.ending(), first.name)
    return _all_refuse(option_set, ways)


def _all_refuse(option_set: OptionSet, ways: Sequence[Way]) -> Verdict:
    """Return invalid if no way takes the set or leaves a file behind."""
    outcome = _Outcome(REFUSED)
    for way in ways:
        outcome = _run(way, option_set)
        if outcome.status != REFUSED:
            return Verdict("different", f"should be refused, but: {outcome.ending()}", way.name)
        if outcome.files != option_set.files:
            return Verdict("failed", f"refused, yet the folder changed: {outcome.message()}", way.name)
    return Verdict("invalid", outcome.message())


def _compare(option_set: OptionSet, yardstick: _Outcome, way: Way, finite: bool) -> Verdict:
    outcome = _run(way, option_set)
    if outcome.status == REFUSED:
        if outcome.files != option_set.files:
            return Verdict("failed", f"refused, yet the folder changed: {outcome.message()}", way.name)
        return Verdict("refused" if finite else "refused-undefined", outcome.message(), way.name)
    if outcome.status != 0:
        return Verdict("failed", outcome.ending(), way.name)
    if not finite:
        return Verdict("undefined")
    found = _differences(outcome, yardstick)
    return Verdict("different", "; ".join(found), way.name) if found else Verdict("same")


def _differences(outcome: _Outcome, yardstick: _Outcome) -> list[str]:
    return _compare_files(outcome.files, yardstick.files) + _compare_statistics(outcome.stdout, yardstick.stdout)


def _run(way: Way, option_set: OptionSet) -> _Outcome:
    """Run the set in a folder of its own, in memory where that is possible."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        write_files(pathlib.Path(folder), option_set.files)
        try:
            done = subprocess.run(
                [*way.command, *way.extra, *option_set.words()],
                cwd=folder,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=RUN_SECONDS,
                env={**os.environ, **(REFERENCE_ENVIRONMENT if way.foreign else {})},
            )
        except subprocess.TimeoutExpired:
            return _Outcome(None)
        except OSError as error:
            raise InputFileError(f"{way.command[0]}: cannot be run: {error.strerror}") from error
        return _Outcome(done.returncode, done.stdout, done.stderr, _read_files(pathlib.Path(folder)))


def write_files(folder: pathlib.Path, files: Files) -> None:
    """Write the files into the folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _read_files(folder: pathlib.Path) -> Files:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _image_name(option_set: OptionSet) -> str:
    names = [group[1] for group in option_set.groups if group[0] in ("-floatfile", "-floatimage") and len(group) > 1]
    return names[-1] if names else OUTPUT_FILES["-floatfile"]


def _finite(image: bytes) -> bool:
    """Return True if the float image holds numbers only."""
    pixels = array.array("f", image[: len(image) // 4 * 4])
    if sys.byteorder == "big":
        pixels.byteswap()
    return all(map(math.isfinite, pixels))


def _compare_files(ours: Files, theirs: Files) -> list[str]:
    """Return in words every file that differs, is missing or should not be there."""
    found = []
    for name in sorted({*ours, *theirs}):
        if name not in ours:
            found.append(f"no {name}")
        elif name not in theirs:
            found.append(f"{name} should not be there")
        elif ours[name] != theirs[name]:
            found.append(f"{name}: {_first_difference(ours[name], theirs[name])}")
    return found


def _first_difference(ours: bytes, theirs: bytes) -> str:
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes, expected {len(theirs)}"
    apart = list(map(operator.ne, ours, theirs))
    return f"{sum(apart)} of {len(ours)} bytes differ, the first at {apart.index(True)}"


def _statistics(text: str) -> dict[str, str]:
    """Return the numbers of each statistics line, the last of its kind."""
    found = {}
    for name, pattern in STATISTICS.items():
        for match in re.finditer(pattern, text):
            found[name] = " ".join(match.groups())
    return found


def _compare_statistics(ours: str, theirs: str) -> list[str]:
    """Return in words every statistics line that differs or is missing."""
    got, want = _statistics(ours), _statistics(theirs)
    return [f"{name}: {got.get(name, 'nothing')}, expected {want[name]}" for name in want if got.get(name) != want[name]]


def shrink(
    option_set: OptionSet, verdict: Verdict, ways: Sequence[Way], stopped: Callable[[], bool] = lambda: False
) -> tuple[OptionSet, Verdict]:
    """Return the fewest groups that still fail in the same way, and what they give.

    What takes too long stays as it is, since each try would take as long.

    Parameters
    ----------
    option_set : OptionSet
    verdict : Verdict
        What the set gives.
    ways : sequence of Way
        Those that gave it; beside the yardstick only the one to blame is run.
    stopped : callable
        Asked before each run; True ends the search.
    """
    blamed = [way for way in ways[1:] if way.name == verdict.way]
    ways = [ways[0], *(blamed or ([] if verdict.way == ways[0].name else ways[1:]))]
    improved = verdict.detail != TOO_LONG
    while improved:
        improved = False
        for candidate in _smaller_sets(option_set):
            if stopped():
                break
            if not candidate.repeatable():
                continue
            again = judge(candidate, ways)
            if _alike(again, verdict):
                option_set, verdict, improved = candidate, again, True
                break
    return option_set, verdict


def _alike(first: Verdict, second: Verdict) -> bool:
    """Return True for failures of one kind; refusals must have the same reason."""
    if TOO_LONG in (first.detail, second.detail) or first.kind != second.kind:
        return False
    return first.kind != "refused" or _reason(first) == _reason(second)


def _smaller_sets(option_set: OptionSet) -> Iterator[OptionSet]:
    """Yield the set with fewer groups: without halves, then quarters, then single ones."""
    size = len(option_set.groups) // 2
    while size >= 1:
        for start in range(0, len(option_set.groups), size):
            groups = option_set.groups[:start] + option_set.groups[start + size :]
            used = {word for group in groups for word in group} | {DUMP}
            files = {name: content for name, content in option_set.files.items() if name in used}
            yield dataclasses.replace(option_set, groups=groups, files=files)
        size //= 2


def histogram(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how often each reason occurs, the most frequent first; numbers and names in it do not count."""
    return dict(collections.Counter(map(_reason, verdicts)).most_common())


def _reason(verdict: Verdict) -> str:
    return re.sub(r"[-+]?\d[\d.e+-]*|\"[^\"]*\"", "#", verdict.detail)
