"""The scaling audit: one pixel of the lysozyme case, from geometry to photons, against the golden trace, on all that is here."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
import time
from typing import TYPE_CHECKING, Any

from nbhybrid.cores import usable_cores
from nbhybrid.data import data_file
from nbhybrid.devices import CPU, EMULATED
from nbhybrid.engines import missing
from nbhybrid.errors import InputFileError
from nbhybrid.files import sha256
from nbhybrid.libm import libm_verdict
from nbhybrid.options import usual
from nbhybrid.parity.commands import OURS, prepare, run_program
from nbhybrid.parity.compare_traces import TraceComparison, compare_traces
from nbhybrid.traces import Trace, read_trace, trace

if TYPE_CHECKING:
    from collections.abc import Sequence

PIXEL = (685, 1039)
REFERENCE_SHA256 = "f7f4c59ddd5dd348691170c2ac1b75ff023a416e7872a7f3d7f15813097b603c"
FLOAT_FILE: str = usual("-floatfile")

# How near the values of a device's kernel are to the reference's. Twelve sines within 7.0e-14 make a term of the exact engine, and
# the fast one computes them in float32. Its image is not compared bit by bit.
DEVICE_RTOL = {"exact": 1e-12, "fast": 3e-6}
# What is tried: an image by every engine and device that gives the reference's bits, and a trace by every kernel of a device. The
# last device is the emulated one, which runs a GPU's code on the processor: always available, but slow.
WAYS = (("exact", CPU), ("exact", "cuda"), ("fast", "cuda"), ("exact", EMULATED), ("fast", EMULATED))


@dataclasses.dataclass
class Audit:
    """What an engine on a device gave.

    Attributes
    ----------
    engine, device : str
    missing : str
        Why it could not be run; empty if it was.
    traces : TraceComparison or None
        The golden trace (A) and this one (B): quantities and steps.
    image_sha256 : str
        Empty if only the pixel was computed.
    seconds : float
        Wall-clock time of the run.
    """

    engine: str
    device: str
    missing: str = ""
    traces: TraceComparison | None = None
    image_sha256: str = ""
    seconds: float = 0.0

    @property
    def same(self) -> bool:
        """True if nothing that was run differs."""
        if self.missing:
            return True
        return self.traces is not None and self.traces.same and self.image_sha256 in ("", REFERENCE_SHA256)


def golden_trace() -> Trace:
    """Return the reference's trace of the pixel, with its steps."""
    name = f"lysozyme/lyso_supervisor.{{}}_{PIXEL[0]}_{PIXEL[1]}.txt"
    summary = read_trace(str(data_file(name.format("trace"))))
    steps = read_trace(str(data_file(name.format("steps") + ".gz")))
    summary[0].steps = steps[0].steps
    summary[0].slow, summary[0].fast = PIXEL
    summary.source = "golden trace of the reference"
    return summary


def case_words() -> list[str]:
    """Return the options of the lysozyme case, with its input files."""
    files = [("-mat", "lyso_A.mat"), ("-hkl", "lyso.hkl")]
    words = [word for option, name in files for word in (option, str(data_file(f"lysozyme/{name}")))]
    return [*words, *data_file("lysozyme/options.txt").read_text(encoding="utf-8").split()]


def audit(engine: str, device: str, threads: int | None = None) -> Audit:
    """Run the case and compare it with the golden trace and image.

    Parameters
    ----------
    engine : {"exact", "fast"}
        The trace is that of its kernel on a device. The image is rendered, and compared, for ``"exact"`` alone.
    device : {"cpu", "cuda", "emulated"}
        For ``"emulated"`` the pixel alone is computed.
    threads : int, optional
        By default the cores this process may use.

    Raises
    ------
    InputFileError
        If the run fails.
    """
    result = Audit(engine, device, missing(engine, device))
    if result.missing:
        return result
    if device == EMULATED or engine != "exact":
        return _trace_alone(result, threads)
    own = ["--trace-pixel", *map(str, PIXEL), "--trace-level", "steps", "--threads", str(threads or usable_cores()), "--quiet"]
    own += ["--engine", engine, "--device", device]
    line = prepare(case_words())
    with tempfile.TemporaryDirectory(prefix="nbhybrid-audit-") as scratch:
        done = run_program(f"{engine} on {device}", [*OURS, *own, *line.shared], line, pathlib.Path(scratch) / "run")
        if done.status != 0:
            raise InputFileError(f"{done.name}: the run fails: {done.errors.strip()[-400:]}")
        found = _trace_of(done.output, done.folder)
        result.image_sha256 = sha256(done.folder / FLOAT_FILE)
    found.source = f"nbhybrid, {done.name}"
    result.traces = compare_traces(golden_trace(), found, 0.0 if device == CPU else DEVICE_RTOL[engine])
    result.seconds = done.seconds
    return result


def _trace_alone(result: Audit, threads: int | None) -> Audit:
    """Fill in the comparison without an image."""
    started = time.perf_counter()
    found = trace([*case_words(), "--engine", result.engine], [PIXEL], "steps", threads, device=result.device)
    result.traces = compare_traces(golden_trace(), found, DEVICE_RTOL[result.engine])
    result.seconds = time.perf_counter() - started
    return result


def _trace_of(printed: str, folder: pathlib.Path) -> Trace:
    log = folder / "trace.log"
    log.write_text(printed, encoding="utf-8")
    found = read_trace(log)
    found[0].steps = read_trace(folder / usual("--trace-file"))[0].steps
    return found


def to_text(audits: Sequence[Audit]) -> str:
    """Return a few lines for each engine and device."""
    from nbhybrid.parity.trace_report import finding

    lines = []
    for a in audits:
        title = f"engine {a.engine}, {a.device}: "
        if a.missing:
            lines.append(title + f"NOT RUN: {a.missing}")
            continue
        assert a.traces is not None
        image = "identical to the reference's" if a.image_sha256 == REFERENCE_SHA256 else f"NOT the reference's: {a.image_sha256}"
        if not a.image_sha256:
            image = "not rendered"
        lines += [title + finding(a.traces), f"  image {image}; {a.seconds:.2f} s"]
    if not libm_verdict()["matches"]:
        lines.append(
            f"note: this C library's {', '.join(libm_verdict()['functions'])} differ from the reference's: last bits may too"
        )
    return "\n".join(lines)


def to_dict(audits: Sequence[Audit]) -> dict[str, Any]:
    """Return the audits as values for JSON."""
    from nbhybrid.parity import trace_report

    return {
        "pixel": list(PIXEL),
        "reference_image_sha256": REFERENCE_SHA256,
        "audits": [
            {
                "engine": a.engine,
                "device": a.device,
                "missing": a.missing,
                "same": None if a.missing else a.same,
                "image_sha256": a.image_sha256,
                "seconds": a.seconds,
                "traces": None if a.traces is None else trace_report.to_dict(a.traces),
            }
            for a in audits
        ],
    }


def to_markdown(audits: Sequence[Audit]) -> str:
    """Return a page of Markdown with the scaling chain of each."""
    from nbhybrid.parity.trace_report import tables

    lines = [f"# {'Same' if all(a.same for a in audits) else 'Different'}", ""]
    lines += [
        f"Lysozyme, pixel ({PIXEL[0]}, {PIXEL[1]}); A is the golden trace, B is nbhybrid's.",
        "",
        "```",
        to_text(audits),
        "```",
        "",
    ]
    for a in audits:
        if a.traces is not None:
            lines += [f"## Engine {a.engine}, {a.device}", "", *tables(a.traces.pixels[0])]
    return "\n".join(lines).rstrip() + "\n"
