"""The scale of a generated picture."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclasses.dataclass
class Scene:
    """The scale of the picture, so that what is drawn elsewhere fits it."""

    fast: int
    slow: int
    pixel: float
    distance: float
    wavelength: float
    edges: tuple[float, ...]
    beam: tuple[float, ...] = (1, 0, 0)

    def somewhere(self, rng: random.Random) -> float:
        """Return a place on the detector or a little beside it, in mm."""
        return max(self.fast, self.slow) * self.pixel * rng.uniform(-0.2, 1.2)


def draw_scene(rng: random.Random) -> Scene:
    """Return sizes small enough for a run to take some milliseconds."""
    size = rng.choice([8, 12, 16, 24, 32])
    return Scene(
        fast=size + rng.randint(0, 7),
        slow=size + rng.randint(0, 7),
        pixel=round(rng.uniform(0.1, 1.2), rng.choice([1, 2, 4])),
        distance=round(rng.uniform(30, 300), 2),
        wavelength=round(rng.choice([1, rng.uniform(0.7, 2), rng.uniform(2, 6)]), 4),
        edges=tuple(round(rng.uniform(25, 120), 1) for _ in range(3)),
    )
