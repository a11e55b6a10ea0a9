"""``nbhybrid trace``."""

from __future__ import annotations

import os

from nbhybrid import _core
from nbhybrid.cli import BAD_INPUT
from nbhybrid.cli.console import flush, say
from nbhybrid.cli.warning_log import WarningLog, caught
from nbhybrid.devices import is_device
from nbhybrid.errors import OptionError
from nbhybrid.files import write_text, write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbhybrid.traces import Trace

USAGE = """\
usage: nbhybrid trace [options of nbhybrid run] --pixel SLOW FAST [--pixel ...] [--level summary|steps] [--out FILE]
                      [--device cpu|cuda|cuda:N|emulated] [--engine exact|fast]

Simulates, and says what the pixels are made of; no image is written. The trace is printed, or written to FILE: as text, as
JSON (.json), or with all bits and steps (.npz), which nbhybrid compare-traces reads. On the processor the scalar path traces; a
device does it by its own kernel, and "emulated" is that kernel run by the processor.
"""


def run(words: list[str]) -> int:
    """Trace and return the exit status."""
    if not words or words in (["-h"], ["--help"]):
        say(USAGE)
        flush()
        return 0 if words else BAD_INPUT
    args, pixels, level, out, device = _split(words)
    options, _ = _core.parse_options([os.fsencode(word) for word in args])
    log = WarningLog(strict=options.strict, ignored=options.ignored_warnings)
    from nbhybrid.traces import trace

    with caught() as pairs:
        result = trace(args, pixels, "steps" if level == "steps" else "summary", device=device)
    log.show(pairs)
    if out is None:
        say(result.text())
    else:
        _write(out, result)
    flush()
    return 0


def _split(words: list[str]) -> tuple[list[str], list[tuple[int, int]], str, str | None, str | None]:
    """Take this command's options out of those of a run."""
    args: list[str] = []
    pixels: list[tuple[int, int]] = []
    level = "summary"
    out: str | None = None
    device: str | None = None
    waiting = iter(words)
    for word in waiting:
        if word == "--pixel":
            pixels.append((_count(word, next(waiting, "")), _count(word, next(waiting, ""))))
        elif word == "--level":
            level = next(waiting, "")
            if level not in ("summary", "steps"):
                raise OptionError(f'--level: found "{level}", expected summary or steps')
        elif word == "--out":
            out = next(waiting, "")
            if not out:
                raise OptionError("--out: expected the name of a file")
        elif word == "--device":
            device = next(waiting, "")
            if not is_device(device):
                raise OptionError(f'--device: found "{device}", expected cpu, cuda, cuda:N or emulated')
        else:
            args.append(word)
    if not pixels:
        raise OptionError("there is nothing to trace: expected --pixel SLOW FAST")
    return args, pixels, level, out, device


def _count(option: str, word: str) -> int:
    if not word.isdecimal():
        raise OptionError(f'{option}: found "{word}", expected two numbers: SLOW FAST')
    return int(word)


def _write(path: str, result: Trace) -> None:
    if path.endswith(".npz"):
        write_whole(path, result.save)
    else:
        write_text(path, result.to_json() + "\n" if path.endswith(".json") else result.text())
