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
    from collections.abc import Callable, Iterator

    from typing_extensions import Self


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


class Staged:
    """A file that is written beside its place, and put there when it is complete.

    Of a symbolic link, the file that it points to is replaced; what is no regular file (``/dev/stdout``) is written directly.
    Leaving the `with` block without `commit` removes what was written.

    Parameters
    ----------
    path : path-like
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._target = ""
        self._temporary = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)

    def fill(self, write: Callable[[str], object]) -> None:
        """Have the file written.

        Parameters
        ----------
        write : callable
            Given the name to write to, which has the ending of `path`.

        Raises
        ------
        OutputFileError
            If that cannot be done.
        """
        with self._errors():
            if os.path.exists(self.path) and not is_regular(self.path):
                write(self.path)
                return
            self._target = os.path.realpath(self.path)
            folder, name = os.path.split(self._target)
            self._temporary = os.path.join(folder, f".{os.getpid()}-{os.urandom(4).hex()}.{name}")
            write(self._temporary)

    def commit(self) -> None:
        """Put what was written in its place.

        Raises
        ------
        OutputFileError
            If that cannot be done.
        """
        if not self._temporary:
            return
        with self._errors():
            os.replace(self._temporary, self._target)
        self._temporary = ""
        _complete.append(self.path)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # The core's own errors name the file that it was given to write.
            why = error.strerror or str(error).removeprefix(f"{self._temporary}: ")
            raise OutputFileError(f"{self.path}: {why}") from error


def write_whole(path: str | os.PathLike[str], write: Callable[[str], object]) -> None:
    """Have a file written as `Staged` does, and put in its place.

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
    with Staged(path) as file:
        file.fill(write)
        file.commit()


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
