"""How long a series will take: measured on a part of its images."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from nbhybrid.batch.render import Series
from nbhybrid.batch.run import task_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbhybrid.batch.spec import Spec

# Seconds to measure for; so many times as long until there is anything to measure.
_SECONDS, _PATIENCE = 0.5, 10.0


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What was measured.

    Attributes
    ----------
    seconds : float or None
        For an image, in this process; None if nothing could be measured.
    images : float
        How many were rendered for it: a part of one, if it takes long.
    error : str
        Why nothing could be measured.
    """

    seconds: float | None
    images: float = 0.0
    error: str = ""


def seconds_an_image(spec: Spec, images: Sequence[int], threads: int) -> Estimate:
    """Render images of a series, or a part of the first, for half a second; nothing is written.

    Parameters
    ----------
    spec : Spec
    images : sequence of int
        Those that may be rendered.
    threads : int
    """
    series = Series(spec.experiment, spec.recipe)
    begun = time.perf_counter()
    spent = done = 0.0
    error = ""
    for image in images:
        clock = _Clock(begun, len(series.experiment.shapes))
        started = time.perf_counter()
        _, (frame,) = series.render(task_of(spec, (image, image + 1), (image,), threads), clock.watch)
        took = time.perf_counter() - started
        if not frame.error or clock.share > 0:
            spent += took
            done += clock.share if frame.error else 1.0
        error = frame.error
        if time.perf_counter() - begun > _SECONDS:
            break
    return Estimate(spent / done, done) if done else Estimate(None, error=error or "it takes too long")


class _Clock:
    """Stops an image when the time is over, and knows which share of it is done."""

    def __init__(self, begun: float, panels: int) -> None:
        self._begun = begun
        self._panels = panels
        self._panel = 0
        self._part = 0.0

    def watch(self, part: float) -> bool:
        """Note the share of a panel; False: stop."""
        # Each panel begins anew, and so does the noise.
        self._panel += part < self._part
        self._part = part
        return time.perf_counter() - self._begun < (_SECONDS if self.share > 0 else _PATIENCE * _SECONDS)

    @property
    def share(self) -> float:
        """Of the image, 0 to 1."""
        return min(1.0, (self._panel + self._part) / self._panels)
