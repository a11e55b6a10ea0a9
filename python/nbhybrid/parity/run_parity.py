"""Runs the reference and nbhybrid with one command line, compares every file, and says where the first difference comes from."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from typing import TYPE_CHECKING

from nbhybrid import _core
from nbhybrid.engines import EXACT_ENGINES
from nbhybrid.errors import InputFileError, NbhybridError
from nbhybrid.files import sha256
from nbhybrid.images import has_shape, read_image
from nbhybrid.input_warnings import already_said
from nbhybrid.parity.commands import OURS, REFERENCE_ENVIRONMENT, prepare, run_program
from nbhybrid.parity.compare_images import ImageComparison, compare_images
from nbhybrid.parity.compare_traces import TraceComparison, compare_traces
from nbhybrid.traces import read_trace, trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbhybrid.parity.commands import CommandLine, Finished
    from nbhybrid.traces import Trace


@dataclasses.dataclass
class FileComparison:
    """A file that the two programs wrote: identical, or how it differs; images have a comparison of their own."""

    name: str
    identical: bool
    detail: str = ""
    images: ImageComparison | None = None


@dataclasses.dataclass
class Diagnosis:
    """Where the first difference comes from.

    Attributes
    ----------
    pixel : (int, int)
        The worst pixel (slow, fast).
    against : str
        What nbhybrid's trace was compared with.
    traces : TraceComparison or None
        None where there is nothing to compare it with.
    defects : list of str
        Ids of the reference's defects whose correction is the whole difference.
    note : str
    """

    pixel: tuple[int, int]
    against: str = ""
    traces: TraceComparison | None = None
    defects: list[str] = dataclasses.field(default_factory=list)
    note: str = ""


@dataclasses.dataclass
class EngineParity:
    """The reference and one engine."""

    engine: str
    run: Finished
    files: list[FileComparison]
    problem: str = ""
    diagnosis: Diagnosis | None = None

    @property
    def same(self) -> bool:
        """True if both programs wrote the same bytes."""
        return not self.problem and all(file.identical for file in self.files)


@dataclasses.dataclass
class Parity:
    """The whole comparison."""

    words: list[str]
    line: CommandLine
    reference: Finished
    reference_sha256: str
    engines: list[EngineParity]
    # Files in which a second run of the reference differs from its first: looked for where an engine differs.
    unsteady: list[str] = dataclasses.field(default_factory=list)

    @property
    def same(self) -> bool:
        """True if every engine wrote the reference's bytes."""
        return all(engine.same for engine in self.engines)


def run_parity(words: Sequence[str], reference: str, folder: pathlib.Path, engines: Sequence[str] = EXACT_ENGINES) -> Parity:
    """Run the reference and each engine in folders below `folder`, and compare all they wrote.

    Parameters
    ----------
    words : sequence of str
        The options of ``nbhybrid run``; those that the reference does not have go to nbhybrid alone.
    reference : str
        The reference program.
    folder : pathlib.Path
        Where the runs happen; must not hold runs yet.
    engines : sequence of str

    Raises
    ------
    OptionError, InputFileError
        If the command line is refused, or no program can be run with it.
    """
    line = prepare(words)
    # nbhybrid's error first: it names the option.
    _core.parse_options([word.encode("utf-8", "surrogateescape") for word in [*line.shared, *line.own]])
    command = [reference, *line.shared]
    theirs = run_program("reference", command, line, folder / "reference", REFERENCE_ENVIRONMENT)
    compared = []
    for engine in engines:
        ours = run_program(f"nbhybrid-{engine}", [*OURS, *line.own, *line.shared], line, folder / f"nbhybrid-{engine}")
        if theirs.status != 0 and ours.status != 0:
            raise InputFileError(f"both programs refuse this command line; nbhybrid says: {ours.errors.strip()[-400:]}")
        compared.append(_compare(engine, list(words), line, theirs, ours, folder))
    unsteady = []
    if not all(engine.same for engine in compared):
        again = run_program("reference", command, line, folder / "reference-again", REFERENCE_ENVIRONMENT)
        unsteady = differing_files(theirs, again, line)
    return Parity(list(words), line, theirs, sha256(reference), compared, unsteady)


def differing_files(first: Finished, second: Finished, line: CommandLine) -> list[str]:
    """Return the names of the files in which two runs of one command differ."""
    names = sorted({*first.files(line), *second.files(line)})
    return [name for name in names if _bytes_of(first.folder / name) != _bytes_of(second.folder / name)]


def _bytes_of(path: pathlib.Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _compare(
    engine: str, words: list[str], line: CommandLine, theirs: Finished, ours: Finished, folder: pathlib.Path
) -> EngineParity:
    parity = EngineParity(engine, ours, [])
    for one in (theirs, ours):
        if one.status != 0:
            said = (one.errors.strip() or one.output.strip())[-400:]
            parity.problem = f"{one.name} ends with status {one.status}: {said}"
            return parity
    names = sorted({*theirs.files(line), *ours.files(line)})
    float_first = sorted(names, key=lambda name: name != line.float_file)
    shape = _shape_of(ours, line)
    parity.files = [_compare_file(name, theirs.folder / name, ours.folder / name, shape) for name in float_first]
    worst = next((file.images.worst[0] for file in parity.files if file.images and file.images.worst), None)
    if worst is not None:
        parity.diagnosis = diagnose(words, line, theirs, ours, (worst.slow, worst.fast), folder)
    return parity


def _shape_of(run: Finished, line: CommandLine) -> tuple[int, int] | None:
    """Return the shape of the raw image: that of a file which says it."""
    for name in run.files(line):
        if has_shape(str(run.folder / name)):
            slow, fast = read_image(run.folder / name).pixels.shape
            return int(slow), int(fast)
    return None


def _compare_file(name: str, theirs: pathlib.Path, ours: pathlib.Path, shape: tuple[int, int] | None) -> FileComparison:
    if not (theirs.exists() and ours.exists()):
        return FileComparison(name, False, f"written by {'the reference' if theirs.exists() else 'nbhybrid'} only")
    first, second = theirs.read_bytes(), ours.read_bytes()
    if first == second:
        return FileComparison(name, True, f"{len(first)} bytes")
    detail = f"{len(first)} and {len(second)} bytes"
    if len(first) == len(second):
        apart = sum(x != y for x, y in zip(first, second, strict=True))
        detail = f"{apart} of {len(first)} bytes differ"
    try:
        images = compare_images(read_image(theirs, shape), read_image(ours, shape))
    except NbhybridError:
        return FileComparison(name, False, detail)
    if images.identical_bits:
        return FileComparison(name, False, f"the pixels are identical, the header is not: {detail}")
    return FileComparison(name, False, f"{images.pixels - images.identical} of {images.pixels} pixels differ", images)


def diagnose(
    words: list[str], line: CommandLine, theirs: Finished, ours: Finished, pixel: tuple[int, int], folder: pathlib.Path
) -> Diagnosis:
    """Trace the pixel and say what differs first.

    The reference's own trace is used if it can trace. Else nbhybrid is run with other semantics until its image is the
    reference's: then the two differ by those defects only, and the traces of the two semantics are compared.
    """
    diagnosis = Diagnosis(pixel)
    # The warnings have been printed by the run.
    with already_said():
        traced = trace(words, [pixel], level="steps")
    printed = _reference_trace(line, theirs, pixel, folder)
    if printed is not None:
        diagnosis.against = "the reference's own trace"
        diagnosis.traces = compare_traces(printed, traced)
        return diagnosis
    defects, semantics = _differing_defects(words, line, theirs, ours, folder)
    if semantics is None:
        diagnosis.note = (
            "the reference cannot trace, and no choice of semantics gives its image: the difference is no listed defect; "
            "compare the trace of this pixel with what the reference should compute"
        )
        return diagnosis
    diagnosis.defects = defects
    diagnosis.against = f"nbhybrid with --semantics {semantics}, which gives the reference's image"
    with already_said():
        corrected = trace([*words, "--semantics", semantics], [pixel], level="steps")
    diagnosis.traces = compare_traces(corrected, traced)
    return diagnosis


def _reference_trace(line: CommandLine, theirs: Finished, pixel: tuple[int, int], folder: pathlib.Path) -> Trace | None:
    """Return what the reference prints of a pixel, if it has learnt to."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [*theirs.command, "-trace_pixel", str(pixel[0]), str(pixel[1])]
        traced = run_program("reference", command, line, pathlib.Path(scratch) / "trace", REFERENCE_ENVIRONMENT)
        if "TRACE_" not in traced.output:
            return None
        log = pathlib.Path(scratch) / "trace.log"
        log.write_text(traced.output, encoding="utf-8")
        result = read_trace(log)
        result.source = "reference"
        return result


def _differing_defects(
    words: list[str], line: CommandLine, theirs: Finished, ours: Finished, folder: pathlib.Path
) -> tuple[list[str], str | None]:
    """Return the defects by which nbhybrid's semantics differ from those that give the reference's image, and these semantics."""

    def image_with(defects: Sequence[str]) -> bytes:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            command = [*OURS, *line.own, *line.shared, "--semantics", _list_of(defects)]
            done = run_program("nbhybrid", command, line, pathlib.Path(scratch) / "run")
            path = done.folder / line.float_file
            return path.read_bytes() if done.status == 0 and path.exists() else b""

    wanted, found = ((run.folder / line.float_file).read_bytes() for run in (theirs, ours))
    corrected = _corrected(words)
    if not corrected:
        # The program may be one of which a defect has been corrected.
        one = next((defect for defect in _core.defect_ids() if image_with([defect]) == wanted), None)
        return ([one], _list_of([one])) if one else ([], None)
    if image_with([]) != wanted:
        return [], None
    needed = corrected
    for defect in corrected:
        fewer = [other for other in needed if other != defect]
        if fewer and image_with(fewer) == found:
            needed = fewer
    return needed, _list_of([])


def _corrected(words: list[str]) -> list[str]:
    """Return the ids of the defects that the command line corrects."""
    chosen = "reference"
    for _, usual, _, _, values in _core.split_options([word.encode("utf-8", "surrogateescape") for word in words]):
        if usual == "--semantics":
            chosen = values[0]
    names = chosen.split(",")
    return list(_core.defect_ids()) if names[0] == "corrected" else [name for name in names[1:] if name]


def _list_of(defects: Sequence[str]) -> str:
    return ",".join(["reference", *defects])
