"""The warnings of a run, on stderr: shown once, left out by name, or errors."""

from __future__ import annotations

import contextlib

from nbhybrid.cli.console import complain
from nbhybrid.errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def names_in(text: str) -> list[str]:
    """Return the names of warnings in a list ``NAME,...``.

    Raises
    ------
    OptionError
        For a name that no warning has.
    """
    from nbhybrid.input_warnings import warning_names

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in warning_names():
            expected = "names of warnings, as they stand in brackets behind them, separated by commas"
            raise OptionError(f'--ignore-warnings: found "{name}", expected {expected}')
    return names


@contextlib.contextmanager
def caught() -> Iterator[list[tuple[str, str]]]:
    """Collect names and texts of what the package warns of in Python, for a `WarningLog` to show."""
    import warnings

    from nbhybrid.input_warnings import InputWarning

    pairs: list[tuple[str, str]] = []
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        yield pairs
    for each in record:
        if isinstance(each.message, InputWarning):
            pairs.append((each.message.name, each.message.args[1]))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


class WarningLog:
    """Shows warnings as they come.

    Parameters
    ----------
    strict : bool
        Whether a warning is an error.
    ignored : iterable of str
        Names of warnings that nobody wants to see.
    quiet : bool
        Whether warnings are shown only if they are errors.
    """

    def __init__(self, *, strict: bool = False, ignored: Iterable[str] = (), quiet: bool = False) -> None:
        self._strict = strict
        self._is_mute = quiet and not strict
        self._ignored = frozenset(ignored)
        self.lines: list[str] = []

    def show(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Show warnings, names and texts.

        Raises
        ------
        OptionError
            If the log is strict, after all of them have been shown.
        """
        new = [f"{text} [{name}]" for name, text in pairs if name not in self._ignored]
        self.lines += new
        for line in [] if self._is_mute else new:
            complain(f"warning: {line}")
        if self._strict and new:
            number = "a warning is an error" if len(new) == 1 else f"{len(new)} warnings are errors"
            raise OptionError(f"--strict: {number}; --ignore-warnings NAME leaves one out, by its name in brackets")
