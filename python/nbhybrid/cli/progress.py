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
    total : int
        How many there are to do of what `unit` names; the bar then shows their number and rate.
    unit : str
    """

    def __init__(self, wanted: bool, patience: float = 1.0, total: int = 100, unit: str = "") -> None:
        self._wanted = wanted and sys.stderr is not None and sys.stderr.isatty()
        self._appears = time.monotonic() + patience
        self._bar: Any = None
        self._total = total
        self._unit = unit

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

                shown = "{n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]" if self._unit else "{elapsed}<{remaining}"
                self._bar = tqdm(
                    total=self._total,
                    # What was done before counts for the share, not for the rate.
                    initial=self._done_of(done) if self._unit else 0,
                    unit=f" {self._unit}" if self._unit else "%",
                    file=sys.stderr,
                    leave=False,
                    bar_format="{l_bar}{bar}| " + shown,
                )
            self._bar.n = self._done_of(done)
            self._bar.refresh()
        return True

    def _done_of(self, share: float) -> float:
        return round(share * self._total) if self._unit else round(100 * share, 1)
