"""The warnings of a run, on stderr: shown once, left out by name, or errors."""

from __future__ import annotations

from nbhybrid.cli.console import complain
from nbhybrid.errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class WarningLog:
    """Shows warnings as they come.

    Parameters
    ----------
    strict : bool
        Whether a warning is an error.
    ignored : iterable of str
        Names of warnings that nobody wants to see.
    """

    def __init__(self, *, strict: bool = False, ignored: Iterable[str] = ()) -> None:
        self._strict = strict
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
        for line in new:
            complain(f"warning: {line}")
        if self._strict and new:
            number = "a warning is an error" if len(new) == 1 else f"{len(new)} warnings are errors"
            raise OptionError(f"--strict: {number}; --ignore-warnings NAME leaves one out, by its name in brackets")
