"""The file that HDF5 writes into. HDF5 does not survive a write that fails: it can neither close its objects nor end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self


class Disk:
    """A new file in which a failed write is remembered, and all later ones are left out, until the block ends.

    So HDF5 closes whatever it has open, and only then the error is raised. It is given to h5py's driver of files in Python, whose
    methods these are.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        At the end of the block, the first error.
    """

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        self._place = 0
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        os.close(self._file)
        if self._error is not None:
            # What HDF5 has said since follows from it.
            raise self._error from None

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        self._place = os.lseek(self._file, place, whence)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, into: Any) -> int:
        view = memoryview(into).cast("B")
        held = os.pread(self._file, len(view), self._place)
        view[: len(held)] = held
        self._place += len(held)
        return len(held)

    def write(self, data: Buffer) -> int:
        view = memoryview(data).cast("B")
        try:
            done = 0
            while done < len(view) and self._error is None:
                done += os.pwrite(self._file, view[done:], self._place + done)
        except OSError as error:
            self._error = error
        self._place += len(view)
        return len(view)

    def truncate(self, size: int) -> int:
        try:
            os.ftruncate(self._file, size)
        except OSError as error:
            self._error = self._error or error
        return size

    def flush(self) -> None:
        """Do nothing: nothing is held back."""
