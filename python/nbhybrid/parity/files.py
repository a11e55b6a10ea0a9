"""Folders of reports."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import OutputFileError

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping


def write_report(
    folder: pathlib.Path,
    summary: str,
    values: Mapping[str, Any],
    pictures: Mapping[str, Callable[[pathlib.Path], None]] | None = None,
) -> None:
    """Write summary.md, summary.json and env.json into the folder, which is made if need be; each appears whole.

    Parameters
    ----------
    folder : pathlib.Path
    summary : str
        The page of Markdown.
    values : mapping
        What summary.json says.
    pictures : mapping of name to function, optional
        Further files; each function writes to the path that it is given.

    Raises
    ------
    OutputFileError
        If that cannot be done.
    """
    from nbhybrid.env import environment

    writers: dict[str, Callable[[pathlib.Path], object]] = dict(pictures or {})
    texts = {"summary.md": summary}
    texts |= {
        name: json.dumps(v, indent=1, allow_nan=False) + "\n"
        for name, v in (("summary.json", _printable(values)), ("env.json", environment()))
    }
    for name, text in texts.items():
        writers[name] = lambda path, text=text: path.write_text(text, encoding="utf-8")  # type: ignore[misc]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            # The ending tells a writer of pictures what to write.
            temporary = folder / f".{os.getpid()}.{name}"
            try:
                write(temporary)
                temporary.replace(folder / name)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputFileError(f"{folder}: {error.strerror or error}") from error


def _printable(value: Any) -> Any:
    """Return the value with numbers that JSON does not know as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _printable(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(v) for v in value]
    return value
