"""Run an option set through the reference and through the command under test, compare everything, shrink what differs."""

import collections
import dataclasses
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import numpy as np
import option_sets
from helpers import COMMAND, run, snapshot

# What the reference prints about the image; the same must be found in our output, whatever stands around the numbers.
STATISTICS = {
    "max_I": r"max_I\s*[=:]\s*(\S+)\s+at\s+(\S+)\s+(\S+)",
    "mean": r"mean\s*[=:]\s*(\S+)\s+rms\s*[=:]\s*(\S+)\s+rmsd\s*[=:]\s*(\S+)",
    "intfile_scale": r"intfile_scale\s*[=:]\s*(\S+)",
    "pgm_scale": r"pgm_scale\s*[=:]\s*(\S+)",
    "photons": r"(\S+) photons on noise image \((\S+) overloads\)",
}
RUN_SECONDS = 60


@dataclasses.dataclass
class Programs:
    """The two command lines to compare."""

    reference: list[str]
    ours: list[str] = dataclasses.field(default_factory=lambda: list(COMMAND))


@dataclasses.dataclass
class Verdict:
    """What came of one option set.

    kind: same; different, refused (by us, though the reference's image is finite) or failed (any other exit than 0 and 2) need
    attention. Not compared are the kinds undefined (the reference's image is not finite), refused-undefined (and we say so) and
    invalid (the reference itself gives up).
    """

    kind: str
    detail: str = ""

    @property
    def bad(self):
        """Return True for what must not be."""
        return self.kind in ("different", "refused", "failed")


def statistics(text):
    """Return the numbers of each statistics line, the last of its kind."""
    found = {}
    for name, pattern in STATISTICS.items():
        matches = re.findall(pattern, text)
        if matches:
            last = matches[-1]
            found[name] = last if isinstance(last, tuple) else (last,)
    return found


def image_name(groups):
    """Return the name of the float image that this command line writes."""
    names = [group[1] for group in groups if group[0] in ("-floatfile", "-floatimage")]
    return names[-1] if names else "floatimage.bin"


def write_inputs(option_set, folder):
    """Write the input files of the set into the folder."""
    for name, content in option_set.files.items():
        (pathlib.Path(folder) / name).write_bytes(content)


def first_difference(ours, theirs):
    """Return in words where two files differ."""
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes, expected {len(theirs)}"
    apart = np.frombuffer(ours, np.uint8) != np.frombuffer(theirs, np.uint8)
    return f"{int(apart.sum())} of {len(ours)} bytes differ, the first at {int(apart.argmax())}"


def compare_folders(ours, theirs):
    """Return in words every file that differs, is missing or should not be there."""
    found = []
    for name in sorted(set(ours) | set(theirs)):
        if name not in ours:
            found.append(f"no {name}")
        elif name not in theirs:
            found.append(f"{name} should not be there")
        elif ours[name] != theirs[name]:
            found.append(f"{name}: {first_difference(ours[name], theirs[name])}")
    return found


def compare_statistics(ours, theirs):
    """Return in words every statistics line that differs or is missing."""
    got, want = statistics(ours), statistics(theirs)
    return [f"{name} {got.get(name)}, expected {want[name]}" for name in want if got.get(name) != want[name]]


def run_reference(programs, option_set, folder):
    """Return the finished reference and a verdict if there is nothing to compare."""
    write_inputs(option_set, folder)
    try:
        done = run(option_set.words(), folder, timeout=RUN_SECONDS, command=programs.reference)
    except subprocess.TimeoutExpired:
        return None, Verdict("invalid", "the reference takes too long")
    if done.returncode != 0:
        return done, Verdict("invalid", f"the reference exits with {done.returncode}: {done.stdout[-80:]!r}")
    return done, None


def finite(option_set, folder):
    """Return True if the reference's image holds numbers only."""
    return bool(np.isfinite(np.fromfile(pathlib.Path(folder) / image_name(option_set.groups), "<f4")).all())


def judge(programs, option_set, own_words=()):
    """Return the verdict on one option set; own_words are options of ours alone."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as theirs, tempfile.TemporaryDirectory(dir=memory) as ours:
        reference, early = run_reference(programs, option_set, theirs)
        if early:
            return early
        write_inputs(option_set, ours)
        before = snapshot(ours)
        try:
            done = run([*own_words, *option_set.words()], ours, timeout=RUN_SECONDS, command=programs.ours)
        except subprocess.TimeoutExpired:
            return Verdict("failed", "takes too long")
        is_finite = finite(option_set, theirs)
        if done.returncode == 2:
            if snapshot(ours) != before:
                return Verdict("failed", "refused, yet the folder changed: " + done.stderr.strip()[-200:])
            return Verdict("refused" if is_finite else "refused-undefined", done.stderr.strip().splitlines()[-1])
        if done.returncode != 0:
            return Verdict("failed", f"exit {done.returncode}: {done.stderr.strip()[-300:]}")
        if not is_finite:
            return Verdict("undefined")
        found = compare_folders(snapshot(ours), snapshot(theirs)) + compare_statistics(done.stdout, reference.stdout)
        return Verdict("different", "; ".join(found)) if found else Verdict("same")


def smaller_sets(option_set):
    """Yield the set with fewer groups: without halves, then quarters, then single ones."""
    size = len(option_set.groups) // 2
    while size >= 1:
        for start in range(0, len(option_set.groups), size):
            groups = option_set.groups[:start] + option_set.groups[start + size :]
            used = {word for group in groups for word in group} | {"Fdump.bin"}
            files = {name: content for name, content in option_set.files.items() if name in used}
            yield option_sets.OptionSet(option_set.seed, groups, files)
        size //= 2


def shrink(programs, option_set, verdict, own_words=()):
    """Return the fewest groups that still fail in the same way, and what they give."""
    improved = True
    while improved:
        improved = False
        for candidate in smaller_sets(option_set):
            if not candidate.repeatable():
                continue
            again = judge(programs, candidate, own_words)
            if again.kind == verdict.kind:
                option_set, verdict, improved = candidate, again, True
                break
    return option_set, verdict


def reason(detail):
    """Return an error message without its numbers and names, so that equal reasons can be counted."""
    return re.sub(r"[-+]?\d[\d.e+-]*|\"[^\"]*\"", "#", detail)


def histogram(verdicts):
    """Return lines that count the reasons of these verdicts."""
    counts = collections.Counter(reason(verdict.detail) for verdict in verdicts)
    return [f"  {count:5d}  {text}" for text, count in counts.most_common()]


def shown(option_set):
    """Return the command line as one would type it."""
    return shlex.join(option_set.words())
