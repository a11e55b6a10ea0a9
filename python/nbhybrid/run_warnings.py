"""What a run has to say: before it, how long it will take; after it, what its pixels show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbhybrid.arrays import DeviceBuffer
from nbhybrid.input_warnings import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbhybrid import _core
    from nbhybrid.experiment import Experiment
    from nbhybrid.rendering import Memory


class RunWarnings:
    """The warnings of all runs of an experiment: what each has to say anew, and what is said once.

    Parameters
    ----------
    experiment : Experiment
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        # Whether it has been said how long an image takes, and whether one was looked at.
        self._foreseen = self._seen = False

    def before(self, simulator: _core.Simulator, threads: int) -> None:
        """Warn, the first time, of a run that will take more than an hour."""
        if self._foreseen:
            return
        self._foreseen = True
        warn(self._experiment._worded(simulator.long_run(self._experiment._cores[0], threads)))

    def after(self, simulator: _core.Simulator, memory: Sequence[Memory], rendered: _core.Rendered) -> None:
        """Warn of pixels that are no finite numbers; and, the first time that images lie in the host's memory, if all are blank."""
        warn_unless_finite(rendered)
        if self._seen or any(isinstance(each, DeviceBuffer) for each in memory):
            return
        self._seen = True
        warn(self._experiment._worded(simulator.blank_images(memory)))


def warn_unless_finite(rendered: _core.Rendered) -> None:
    """Warn if pixels in the memory of the host are no finite numbers."""
    if not rendered.is_finite:
        warn([("not-finite", "the image has pixels that are not finite numbers")])
