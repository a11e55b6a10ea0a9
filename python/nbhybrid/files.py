"""Files: what they hash to, and how they are written so that they appear whole or not at all."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

from nbhybrid.errors import OutputFileError

if TYPE_CHECKING:
    from collections.abc import Callable


# Names that files have until they are complete, as `write_whole` makes them; no two writers on any machines have the same.
TEMPORARY = re.compile(r"\.\d+-[0-9a-f]{8}\..")


# Names of files that `write_whole` has completed, the last ones.
_complete: collections.deque[str | bytes] = collections.deque(maxlen=20)


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the hash of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Return False for a device, a pipe or a folder."""
    return stat.S_ISREG(os.stat(path).st_mode)


def write_whole(path: str | os.PathLike[str], write: Callable[[str], object]) -> None:
    """Have a file written beside its place, and put it there when it is complete.

    Of a symbolic link, the file that it points to is replaced; what is no regular file (``/dev/stdout``) is written directly.

    Parameters
    ----------
    path : path-like
    write : callable
        Given the name to write to, which has the ending of `path`.

    Raises
    ------
    OutputFileError
        If that cannot be done.
    """
    try:
        if os.path.exists(path) and not is_regular(path):
            write(os.fspath(path))
            return
        target = os.path.realpath(path)
        folder, name = os.path.split(target)
        temporary = os.path.join(folder, f".{os.getpid()}-{os.urandom(4).hex()}.{name}")
        try:
            write(temporary)
            os.replace(temporary, target)
            _complete.append(os.fspath(path))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise OutputFileError(f"{os.fspath(path)}: {error.strerror or error}") from error


def what_was_written() -> str:
    """Return which files this process has completed, in words; of very many, the last ones."""
    names = [os.fsdecode(name) for name in _complete]
    return f"written before that: {', '.join(names)}" if names else "no file was written"


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text as `write_whole` does."""

    def write(name: str) -> None:
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)

    write_whole(path, write)
