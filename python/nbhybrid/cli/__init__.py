"""The command line. Nothing heavy is imported before it is known to be needed."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers take it for true; importing typing would take a quarter of the start-up time
if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUT = 2
INTERRUPTED = 130
NOTHING_WRITTEN = "no file was written"

# The module of each command but run; its function run(words) returns the exit status.
COMMANDS = {
    "trace": "nbhybrid.cli.trace",
    "compare-traces": "nbhybrid.cli.compare_traces",
    "compare-images": "nbhybrid.cli.compare_images",
    "parity": "nbhybrid.cli.parity",
    "audit": "nbhybrid.cli.audit",
    "batch": "nbhybrid.cli.batch",
    "env": "nbhybrid.cli.env",
}
# What the commands but run may need, as modules; the extra io brings them.
EXTRAS = ("numpy", "PIL", "matplotlib")

USAGE = """\
usage: nbhybrid run [options]           simulate diffraction images
       nbhybrid batch SPEC              a series of images, on any number of machines
       nbhybrid trace [options]         what single pixels are made of, as a file
       nbhybrid compare-traces A B      the first quantity in which two traces differ
       nbhybrid compare-images A B      how far two images are apart
       nbhybrid parity -- [options]     the reference program and nbhybrid: same or not, and if not, where
       nbhybrid audit                   the lysozyme case against its golden trace, on all that is here
       nbhybrid env                     versions and machine, as JSON
       nbhybrid COMMAND --help          more about a command
       nbhybrid --version               print the version
"""

RUN_USAGE = """\
usage: nbhybrid run [options]

Simulates a diffraction image. Takes the options of nanoBragg and writes its files: floatimage.bin,
intimage.img, image.pgm, noiseimage.img and Fdump.bin. A crystal (-cell or -mat) and structure
factors (-hkl, -default_F or a dump file) must be given.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command ``nbhybrid`` and return its exit status.

    Parameters
    ----------
    words : sequence of str, optional
        The words after the program's name; those of this process if left out.
    """
    from nbhybrid.cli.console import complain, flush, say

    words = list(sys.argv[1:] if words is None else words)
    if not words:
        complain(f"there is no command\n{USAGE}")
        return BAD_INPUT
    command, *rest = words
    if command == "run":
        return _guarded_run(rest)
    if command in COMMANDS:
        return _guarded(command, rest)
    if command in ("-h", "--help", "help"):
        say(USAGE)
    elif command in ("-V", "--version"):
        from nbhybrid._version import __version__

        say(f"nbhybrid {__version__}\n")
    else:
        complain(f'unknown command "{command}", expected run, {", ".join(list(COMMANDS)[:-1])} or {list(COMMANDS)[-1]}\n{USAGE}')
        return BAD_INPUT
    flush()
    return 0


def _guarded(command: str, words: list[str]) -> int:
    """Run another command than ``run``; its errors become a line and a status."""
    import importlib

    from nbhybrid.cli.console import complain
    from nbhybrid.errors import NbhybridError

    try:
        status: int = importlib.import_module(COMMANDS[command]).run(words)
        return status
    except NbhybridError as error:
        complain(f"error: {error}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRAS:
            raise
        from nbhybrid.extras import install

        complain(f"error: nbhybrid {command} needs {error.name}, which is not installed: {install('io')}")
    except KeyboardInterrupt:
        from nbhybrid.files import what_was_written

        complain(f"interrupted; {what_was_written()}")
        return INTERRUPTED
    return BAD_INPUT


def main_run() -> int:
    """Run the command ``nanobragg``, which is ``nbhybrid run``, and return its exit status."""
    return _guarded_run(sys.argv[1:])


def _guarded_run(words: list[str]) -> int:
    """Run a simulation; an interruption at any time ends it without a traceback."""
    from nbhybrid.cli.console import complain, flush, say

    try:
        if "--help" in words or words in (["-h"], ["-help"]):
            from nbhybrid import _core

            say(RUN_USAGE + _core.options_help())
            flush()
            return 0
        if not words:
            complain(f"there are no options\n{RUN_USAGE}\nnbhybrid run --help lists the options.")
            return BAD_INPUT
        from nbhybrid.cli.run import run

        return run(words)
    except KeyboardInterrupt:
        # Later interruptions are caught in the commands, which know what was written.
        complain(f"interrupted; {NOTHING_WRITTEN}")
        return INTERRUPTED
