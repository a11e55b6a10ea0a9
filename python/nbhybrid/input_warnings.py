"""What a user may not expect of legal input, as Python warnings: one class, a name for each kind, the words of the API in use."""

from __future__ import annotations

import contextlib
import contextvars
import re
import sys
import warnings
from typing import TYPE_CHECKING

from nbhybrid import _core
from nbhybrid.errors import ModelError
from nbhybrid.options import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # Name and text, as the core has them.
    Pair = tuple[str, str]

# What the objects call what the core, which speaks the command line's language, names by an option.
WORDS = {name: each.parameter for name, each in options().items() if each.parameter and not name.startswith("--")}
# No option, but what some of them choose.
WORDS["-custom"] = "Detector.custom"
# An option, and the numbers that follow it.
_OPTION = re.compile(r"(?<![\w-])(-[A-Za-z][A-Za-z_0-9]*)\b((?: [+-]?\d(?:[\d.]*\d)?(?:e[+-]?\d+)?\b)*)")
_TWICE = re.compile(r"(\w+\(\w+=\.\.\.\))(?:(?:,| and) \1)+")
_SEMANTICS = re.compile(r"--semantics ([\w.,@-]*[\w-])")


class InputWarning(UserWarning):
    """Legal input that may not mean what its author thinks.

    Its text ends with the name of its kind in brackets; `ignore_warnings` silences a kind, and
    ``warnings.simplefilter("error", nbhybrid.InputWarning)`` turns all of them into errors.

    Attributes
    ----------
    name : str
        Of the kind: the id of a defect of the reference, or another that ``nbhybrid.warning_names`` lists.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name = name

    def __str__(self) -> str:
        return line_of(self.args)


def line_of(pair: Iterable[str]) -> str:
    """Return a warning as a line: its text, and its name in brackets."""
    name, text = pair
    return f"{text} [{name}]"


def warning_names() -> dict[str, str]:
    """Return the names of all kinds of warnings, with what they are about."""
    return dict(_core.warning_names())


def ignore_warnings(*names: str) -> None:
    """Silence the warnings of these names, as a filter of the module `warnings`.

    Raises
    ------
    ModelError
        For a name that no warning has.
    """
    for name in names:
        if name not in warning_names():
            raise ModelError(f"ignore_warnings: found {name!r}, expected one of {', '.join(sorted(warning_names()))}")
        warnings.filterwarnings("ignore", rf"[\s\S]*\[{re.escape(name)}\]$", InputWarning)


def in_words_of_objects(text: str) -> str:
    """Return a text of the core with the names of options replaced by those of the Python objects' parameters."""
    text = _SEMANTICS.sub(r'Experiment(semantics="\1")', text)
    # Two options may be one parameter.
    return _TWICE.sub(r"\1", _OPTION.sub(_in_words_of_objects, text))


def _in_words_of_objects(match: re.Match[str]) -> str:
    option, numbers = match[1], match[2].split()
    words = WORDS.get(option)
    if words is None:
        return match[0]
    # Several numbers have another order, or none, in the objects.
    return words.replace("...", numbers[0]) if len(numbers) == 1 else words


_IS_SAID = contextvars.ContextVar("_IS_SAID", default=False)


@contextlib.contextmanager
def already_said() -> Iterator[None]:
    """Give no warnings while that lasts, in this thread: whoever begins has given them for all."""
    token = _IS_SAID.set(True)
    try:
        yield
    finally:
        _IS_SAID.reset(token)


def warn(pairs: Iterable[Pair]) -> None:
    """Give the warnings to Python, as if the caller of this package had caused them.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and texts.
    """
    if _IS_SAID.get():
        return
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "nbhybrid":
        level, frame = level + 1, frame.f_back
    for name, text in pairs:
        warnings.warn(InputWarning(name, text), stacklevel=level)
