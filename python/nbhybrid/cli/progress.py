"""What is shown of a long run: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time

from nbhybrid._core import duration_text
from nbhybrid.cli.console import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Seconds between two lines: at least, and at most.
_OFTEN, _SELDOM = 10.0, 60.0


class ProgressBar:
    """Shows the share of the work done on stderr, once the work turns out to be long.

    On a terminal that is a bar; in a log, a line for each tenth of the work, or each minute if tenths take longer.

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
        on_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._wanted = wanted and on_terminal
        self._appears = time.monotonic() + patience
        self._bar: Any = None
        self._total = total
        self._unit = unit
        self._log = _Log(total, unit) if wanted and sys.stderr is not None and not on_terminal else None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, done: float) -> bool:
        """Show the share of the work done, 0 to 1. Returns True: go on."""
        if self._log is not None:
            self._log.update(done)
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


class _Log:
    """Lines that tell how far the work is."""

    def __init__(self, total: int, unit: str) -> None:
        self._total = total
        self._unit = unit
        self._begun = self._told = time.monotonic()
        self._share_begun: float | None = None
        self._share_told = 0.0

    def update(self, share: float) -> None:
        """Tell the share of the work done, 0 to 1, if it is time to."""
        if self._share_begun is None:
            self._share_begun = self._share_told = share
        now = time.monotonic()
        is_tenth = int(10 * share) > int(10 * self._share_told) and now - self._told >= _OFTEN
        if share >= 1 or not (is_tenth or now - self._told >= _SELDOM):
            return
        self._told, self._share_told = now, share
        done = f"{round(share * self._total)} of {self._total} {self._unit}" if self._unit else f"{100 * share:.0f} %"
        spent, gained = now - self._begun, share - self._share_begun
        left = f", about {duration_text((1 - share) / gained * spent)} to go" if gained > 0 else ""
        complain(f"{done} done in {duration_text(spent)}{left}")
