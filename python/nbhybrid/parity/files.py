"""Folders of reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbhybrid.errors import OutputFileError

if TYPE_CHECKING:
    import pathlib


def write_texts(folder: pathlib.Path, texts: dict[str, str]) -> None:
    """Write the texts into the folder, which is made if need be; each appears whole.

    Raises
    ------
    OutputFileError
        If that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            temporary = folder / f".{name}.{os.getpid()}"
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(folder / name)
    except OSError as error:
        raise OutputFileError(f"{folder}: {error.strerror}") from error
