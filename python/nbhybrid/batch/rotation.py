"""Series in which the crystal turns about the spindle from image to image, each of which is one oscillation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nbhybrid.scan import Scan

if TYPE_CHECKING:
    from nbhybrid.batch.tables import Table
    from nbhybrid.experiment import Experiment

_MOST_STEPS = 10000


@dataclasses.dataclass(frozen=True)
class Rotation:
    """How the crystal turns.

    Attributes
    ----------
    start_deg : float
        Where the first image begins.
    width_deg : float
        What an image turns by; the next begins where it ends.
    steps : int
        In each image.
    """

    start_deg: float
    width_deg: float
    steps: int

    def scan(self, experiment: Experiment, image: int) -> Scan:
        """Return the scan of an image, about the spindle of the experiment."""
        start = self.start_deg + image * self.width_deg
        return Scan(phi_deg=start, range_deg=self.width_deg, steps=self.steps, axis=experiment.scan.axis)


def read_rotation(table: Table, experiment: Experiment) -> Rotation | None:
    """Return the rotation of a table; None for an empty one.

    Parameters
    ----------
    table : Table
    experiment : Experiment

    Raises
    ------
    InputFileError
        If a key is missing or wrong, or the experiment turns of itself.
    """
    if len(table) == 0:
        return None
    start = table.angle("start_deg", 0.0)
    width = table.angle("width_deg")
    steps = table.whole("steps", 1, _MOST_STEPS)
    if width is None or width <= 0:
        raise table.error("width_deg", f"found {width!r}, expected what each image turns by, above zero")
    if steps is None:
        raise table.error("steps", "is not there, expected the number of steps in each image")
    own = experiment.scan
    if (own.phi_deg, own.range_deg, own.step_deg, own.steps) != (0.0, None, None, None):
        raise table.error(
            "", "takes the place of the experiment's own scan: remove that (-phi, -osc, -phistep, -phisteps, or scan)"
        )
    return Rotation(start or 0.0, width, steps)
