"""Reading TOML so that every error names the file, the table and key, what was found and what was expected."""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Attributes of HDF5 files hold the text.
LONGEST_TEXT = 60000


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a spec.

    Raises
    ------
    InputFileError
        If it cannot be read, is no text, or longer than an attribute can hold.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            raw = file.read(LONGEST_TEXT + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise InputFileError(f"{name}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{name}: is no text in UTF-8 ({error.reason} at byte {error.start})") from error
    if len(raw) > LONGEST_TEXT:
        raise InputFileError(f"{name}: is longer than {LONGEST_TEXT} bytes, expected a spec: put tables of numbers into files")
    return text


def parse(text: str, name: str) -> dict[str, Any]:
    """Return the values of a text in TOML.

    Raises
    ------
    InputFileError
        With the line, if it is none.
    """
    library = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        values: dict[str, Any] = library.loads(text)
    except ValueError as error:
        raise InputFileError(f"{name}: is no TOML: {error}") from error
    return values


# A text of TOML on one line.
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')


def reworded(text: str, place: tuple[str, str], value: str) -> str:
    """Return a text in TOML with another value for a text in it, and all else as it was.

    Parameters
    ----------
    text : str
    place : (str, str)
        A table and a key of it, which is there.
    value : str
    """
    table, key = place
    wanted = parse(text, "spec")
    wanted[table][key] = value
    for found in _TEXT.finditer(text):
        changed = f"{text[: found.start()]}{json.dumps(value)}{text[found.end() :]}"
        try:
            if parse(changed, "spec") == wanted:
                return changed
        except InputFileError:
            continue
    # It stands on several lines.
    return json.dumps(wanted, indent=1, default=str) + "\n"


class Table:
    """A table of a spec, whose keys are taken one by one.

    Parameters
    ----------
    file : str
        For messages.
    name : str
        Of the table; empty for the whole file.
    values : mapping
    """

    def __init__(self, file: str, name: str, values: Mapping[str, Any]) -> None:
        self.file = file
        self.name = name
        self._values = dict(values)
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def error(self, key: str, message: str) -> InputFileError:
        """Return the error to raise for a key."""
        where = ".".join(part for part in (self.name, key) if part)
        return InputFileError(f"{self.file}: {where}: {message}")

    def take(self, key: str) -> Any:
        """Return a value as it is; None if it is not there."""
        self._known.append(key)
        return self._values.get(key)

    def table(self, key: str) -> Table:
        """Return a table, an empty one if it is not there."""
        value = self.take(key)
        if not isinstance(value, (dict, type(None))):
            raise self._wrong(key, value, f"a table, [{key}]")
        return Table(self.file, ".".join(part for part in (self.name, key) if part), value or {})

    def text(self, key: str, default: str | None = None) -> str | None:
        """Return a text that is not empty."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            raise self._wrong(key, value, "a text")
        return value

    def path(self, key: str, folder: str) -> str | None:
        """Return the name of a file, taken from a folder if it is relative."""
        value = self.text(key)
        return None if value is None else os.path.join(folder, os.path.expanduser(value))

    def choice(self, key: str, choices: Iterable[str], default: str) -> str:
        """Return one of several words."""
        value = self.take(key)
        words = list(choices)
        if value is None:
            return default
        if value not in words:
            raise self._wrong(key, value, " or ".join(f'"{word}"' for word in words))
        return str(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.take(key)
        if not isinstance(value, (bool, type(None))):
            raise self._wrong(key, value, "true or false")
        return default if value is None else value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int | None:
        """Return a whole number, low to high."""
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(key, value, f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, default: float = 0.0) -> float:
        """Return a finite number of zero or more."""
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0):
            raise self._wrong(key, value, "a finite number, zero or more")
        return float(value)

    def angle(self, key: str, default: float | None = None) -> float | None:
        """Return a finite number."""
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._wrong(key, value, "a finite number")
        return float(value)

    def only_with(self, keys: Iterable[str], has_effect: bool, what: str) -> None:
        """Refuse keys that are given where they have no effect.

        Parameters
        ----------
        keys : iterable of str
        has_effect : bool
        what : str
            What they have an effect on.
        """
        useless = [key for key in keys if key in self and not has_effect]
        if useless:
            found = self._values[useless[0]]
            raise self.error(useless[0], f"found {found!r}, which has no effect here: it is for {what}. Remove it")

    def lacks(self, key: str, expected: str) -> InputFileError:
        """Return the error to raise for a key that must be there, and perhaps is under a similar name."""
        similar = _core.similar_names(key, [name for name in self._values if name not in self._known])
        return self.error(
            key, f"is not there, expected {expected}" + (f"; there is {similar[0]}, which is no key" if similar else "")
        )

    def done(self) -> None:
        """Refuse keys that nobody has taken."""
        unknown = [key for key in self._values if key not in self._known]
        if unknown:
            known = list(dict.fromkeys(self._known))
            raise self.error(
                unknown[0], f"there is no such key, expected {', '.join(known)}{_core.did_you_mean(unknown[0], known)}"
            )

    def _wrong(self, key: str, value: object, expected: str) -> InputFileError:
        return self.error(key, f"found {value!r}, expected {expected}")
