"""Runs of the reference and of nbhybrid compared: as text, as JSON, as a folder."""

from __future__ import annotations

import functools
import shlex
from typing import TYPE_CHECKING, Any

from nbhybrid.parity import image_report, trace_report
from nbhybrid.parity.commands import REFERENCE_ENVIRONMENT
from nbhybrid.parity.files import write_report

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from nbhybrid.parity.commands import Finished
    from nbhybrid.parity.run_parity import Diagnosis, EngineParity, FileComparison, Parity


def finding(parity: Parity) -> str:
    """Return the finding in a few lines."""
    lines = [_unsteady_text(parity)] if parity.unsteady else []
    for engine in parity.engines:
        lines.append(f"engine {engine.engine}: {_verdict(engine)}")
        lines += [f"  {file.name}: {_file_verdict(file)}" for file in engine.files]
        if engine.diagnosis is not None:
            lines += [f"  {line}" for line in _diagnosis_lines(engine.diagnosis)]
    return "\n".join([*lines, *(f"note: {note}" for note in _notes(parity))])


def _unsteady_text(parity: Parity) -> str:
    return (
        f"the reference differs from itself: two runs of the same command give another {', '.join(parity.unsteady)}; "
        "what follows says nothing about nbhybrid"
    )


def _notes(parity: Parity) -> list[str]:
    """Return what was done differently from the command line given."""
    variables = " ".join(f"{name}={value}" for name, value in REFERENCE_ENVIRONMENT.items())
    return [*parity.line.notes, f"the reference ran with {variables}"]


def _verdict(engine: EngineParity) -> str:
    if engine.problem:
        return engine.problem
    if engine.same:
        return f"same, {len(engine.files)} files identical to the reference's"
    return f"different, {sum(not file.identical for file in engine.files)} of {len(engine.files)} files"


def _file_verdict(file: FileComparison) -> str:
    return f"identical ({file.detail})" if file.identical else file.detail


def _diagnosis_lines(d: Diagnosis) -> list[str]:
    lines = [f"worst pixel ({d.pixel[0]}, {d.pixel[1]})"]
    if d.defects:
        lines[0] += f"; the images differ only by {', '.join(d.defects)}"
    if d.note:
        lines.append(d.note)
    if d.traces is not None:
        lines.append(f"compared with {d.against}:")
        lines += trace_report.finding(d.traces).splitlines()
    return lines


def to_markdown(parity: Parity, pictures: dict[str, str]) -> str:
    """Return the comparison as a page of Markdown; `pictures` names the PNG of each engine."""
    lines = [f"# {'Same' if parity.same else 'Different'}", ""]
    if parity.unsteady:
        lines += [f"**{_unsteady_text(parity)}**", ""]
    for engine in parity.engines:
        lines += [f"## Engine {engine.engine}: {_verdict(engine)}", ""]
        if engine.files:
            lines += ["| file | |", "| --- | --- |", *(f"| {file.name} | {_file_verdict(file)} |" for file in engine.files), ""]
        if engine.diagnosis is not None:
            lines += _diagnosis_section(engine.diagnosis)
        file = _shown_file(engine)
        if file is not None and file.images is not None:
            lines += [f"### {file.name}", "", "```", image_report.finding(file.images), "```", ""]
            lines += [f"![reference (A), nbhybrid (B), difference, histogram]({pictures[engine.engine]})", ""]
    lines += ["## Runs", "", "| program | seconds (whole process) | status |", "| --- | --- | --- |"]
    lines += [f"| {run.name} | {run.seconds:.3f} | {run.status} |" for run in _runs(parity)]
    lines += ["", f"Reference: sha256 `{parity.reference_sha256}`. The commands are in commands.txt.", ""]
    lines += [f"Note: {note}" for note in _notes(parity)]
    return "\n".join(lines).rstrip() + "\n"


def _shown_file(engine: EngineParity) -> FileComparison | None:
    """Return the first image that differs: the raw one, from which the others are made, if it does."""
    return next((file for file in engine.files if file.images is not None), None)


def _diagnosis_section(d: Diagnosis) -> list[str]:
    lines = ["### First divergence", "", *(f"{line}  " for line in _diagnosis_lines(d)), ""]
    if d.traces is not None:
        lines += [line for pixel in d.traces.pixels for line in trace_report.tables(pixel)]
    return lines


def _runs(parity: Parity) -> list[Finished]:
    return [parity.reference, *(engine.run for engine in parity.engines)]


def to_dict(parity: Parity) -> dict[str, Any]:
    """Return the comparison as values for JSON."""
    return {
        "same": parity.same,
        "options": parity.words,
        "reference": {"program": parity.reference.command[0], "sha256": parity.reference_sha256},
        "unsteady": parity.unsteady,
        "notes": _notes(parity),
        "runs": [{"name": r.name, "status": r.status, "seconds": r.seconds, "command": r.command} for r in _runs(parity)],
        "engines": [_engine_dict(engine) for engine in parity.engines],
    }


def _engine_dict(engine: EngineParity) -> dict[str, Any]:
    d = engine.diagnosis
    return {
        "engine": engine.engine,
        "same": engine.same,
        "problem": engine.problem,
        "files": [
            {
                "name": file.name,
                "identical": file.identical,
                "detail": file.detail,
                "images": None if file.images is None else image_report.to_dict(file.images),
            }
            for file in engine.files
        ],
        "diagnosis": None
        if d is None
        else {
            "pixel": list(d.pixel),
            "defects": d.defects,
            "against": d.against,
            "note": d.note,
            "traces": None if d.traces is None else trace_report.to_dict(d.traces),
        },
    }


def write_folder(parity: Parity, folder: pathlib.Path) -> None:
    """Write summary.md, summary.json, env.json, the commands, the logs and, where images differ, a picture."""
    pictures: dict[str, str] = {}
    writers: dict[str, Callable[[pathlib.Path], None]] = {}
    for engine in parity.engines:
        file = _shown_file(engine)
        if file is not None and file.images is not None:
            pictures[engine.engine] = f"{engine.engine}-{file.name}.png"
            writers[pictures[engine.engine]] = functools.partial(image_report.save_picture, file.images)
    commands = "".join(f"# {run.name}\n{_shown(run, run is parity.reference)}\n" for run in _runs(parity))
    writers["commands.txt"] = functools.partial(_write_text, commands)
    for run in _runs(parity):
        writers[f"{run.name}.log"] = functools.partial(_write_text, run.output + run.errors)
    write_report(folder, to_markdown(parity, pictures), to_dict(parity), writers)


def _shown(run: Finished, is_reference: bool) -> str:
    """Return a command to paste into a shell."""
    variables = [f"{name}={value}" for name, value in REFERENCE_ENVIRONMENT.items()] if is_reference else []
    return shlex.join([*variables, *run.command])


def _write_text(text: str, path: pathlib.Path) -> None:
    path.write_text(text, encoding="utf-8")
