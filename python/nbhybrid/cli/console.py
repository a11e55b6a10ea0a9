"""Writing to the terminal. Whoever reads may have gone; the files of a run are still wanted."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


def say(text: str) -> None:
    """Write text to stdout."""
    _write(sys.stdout, text)


def flush() -> None:
    """Hand over to the system what was said so far."""
    if sys.stdout is not None:
        _unless_closed(sys.stdout, sys.stdout.flush)


def complain(line: str) -> None:
    """Write a line to stderr, after the name of the program."""
    _write(sys.stderr, f"nbhybrid: {line}\n")


def _write(stream: TextIO | None, text: str) -> None:
    # None: the stream was closed before the program began.
    if stream is None:
        return
    # A file name need not be text that can be printed.
    printable = text.encode(stream.encoding, "backslashreplace").decode(stream.encoding)
    _unless_closed(stream, lambda: stream.write(printable))


def _unless_closed(stream: TextIO, action: Callable[[], object]) -> None:
    """Do it; if nobody reads any more, or the disk is full, write into the void from now on."""
    try:
        action()
    except OSError:
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, stream.fileno())
        os.close(void)
