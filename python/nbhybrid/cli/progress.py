"""A progress bar for long runs on a terminal."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProgressBar:
    """Shows the share of the work done on stderr, once the work turns out to be long.

    Parameters
    ----------
    wanted : bool
        False: never show anything.
    patience : float
        Seconds of work before the bar appears.
    """

    def __init__(self, wanted: bool, patience: float = 1.0) -> None:
        self._wanted = wanted and sys.stderr is not None and sys.stderr.isatty()
        self._appears = time.monotonic() + patience
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, done: float) -> bool:
        """Show the share of the work done, 0 to 1. Returns True: go on."""
        if self._wanted and (self._bar is not None or time.monotonic() > self._appears):
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(
                    total=100, unit="%", file=sys.stderr, leave=False, bar_format="{l_bar}{bar}| {elapsed}<{remaining}"
                )
            self._bar.n = round(100 * done, 1)
            self._bar.refresh()
        return True
