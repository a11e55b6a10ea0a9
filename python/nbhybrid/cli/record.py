"""The record of a run, as JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import stat
import tempfile
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid._version import __version__
from nbhybrid.errors import OutputFileError

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
        Those of the command line; the simulation has its own.
    seconds : dict
        Wall-clock time of each stage.
    paths : sequence of str
        The files written.
    """
    return {
        "versions": {"nbhybrid": __version__, "commit": _core.commit, "python": platform.python_version()},
        "platform": platform.platform(),
        "arguments": list(words),
        "configuration": simulation.configuration,
        "engine": "exact",
        "semantics": simulation.semantics,
        "device": "cpu",
        "threads": simulation.threads,
        "seconds": seconds,
        "warnings": [*warnings, *simulation.warnings],
        "files": [{"path": path, "sha256": sha256(path)} for path in dict.fromkeys(paths) if _is_regular(path)],
    }


def sha256(path: str) -> str:
    """Return the hash of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_record(path: str, record: dict[str, Any]) -> None:
    """Write the record under a temporary name, then rename it.

    Raises
    ------
    OutputFileError
        If that cannot be done.
    """
    text = json.dumps(record, indent=2, allow_nan=False) + "\n"
    try:
        if os.path.exists(path) and not _is_regular(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return
        path = os.path.realpath(path)
        descriptor, temporary = tempfile.mkstemp(prefix=os.path.basename(path), dir=os.path.dirname(path) or ".")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise OutputFileError(f"{path}: {error.strerror}") from error


def _is_regular(path: str) -> bool:
    return stat.S_ISREG(os.stat(path).st_mode)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
