"""Folders of reports."""

from __future__ import annotations

import json
import math
import pathlib
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import OutputFileError
from nbhybrid.files import write_text, write_whole

if TYPE_CHECKING:
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

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFileError(f"{folder}: {error.strerror or error}") from error
    for name, draw in (pictures or {}).items():
        write_whole(folder / name, lambda path, draw=draw: draw(pathlib.Path(path)))  # type: ignore[misc]
    write_text(folder / "summary.md", summary)
    for name, content in (("summary.json", _printable(values)), ("env.json", environment())):
        write_text(folder / name, json.dumps(content, indent=1, allow_nan=False) + "\n")


def _printable(value: Any) -> Any:
    """Return the value with numbers that JSON does not know as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _printable(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(v) for v in value]
    return value
