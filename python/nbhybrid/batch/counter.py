"""Random numbers that depend on nothing but the seed, what they are for, and the number of the image."""

from __future__ import annotations

import math

import numpy as np

# What numbers are for; each has a stream of its own.
ORIENTATION, WAVELENGTH, FLUENCE = 1, 2, 3

_UNIT = 2.0**-53


class Stream:
    """Uniform numbers of one image for one purpose, in a fixed order: Philox 4x64, whose words numpy does not change.

    Parameters
    ----------
    seed : int
        0 to 2**63 - 1.
    purpose : int
    image : int
        Number of the image.
    """

    def __init__(self, seed: int, purpose: int, image: int) -> None:
        # Successive draws count the first word up, images the third.
        self._words = np.random.Philox(key=np.array([seed, purpose], np.uint64), counter=np.array([0, 0, image, 0], np.uint64))

    def uniform(self) -> float:
        """Return a number in [0, 1), a multiple of 2**-53."""
        return (int(self._words.random_raw()) >> 11) * _UNIT

    def in_disc(self) -> tuple[float, float, float]:
        """Return a point of the unit disc without its centre, and the square of its radius."""
        while True:
            x, y = 2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0
            square = x * x + y * y
            if 0.0 < square < 1.0:
                return x, y, square

    def normal(self) -> float:
        """Return a normal deviate, by the polar method."""
        x, _, square = self.in_disc()
        return x * math.sqrt(-2.0 * math.log(square) / square)

    def factor(self, rms: float) -> float:
        """Return a factor above zero of mean 1 and this relative rms: log-normal, which for small rms is normal."""
        if rms == 0.0:
            return 1.0
        variance = math.log1p(rms * rms)
        return math.exp(math.sqrt(variance) * self.normal() - variance / 2)

    def quaternion(self) -> tuple[float, float, float, float]:
        """Return a point of the unit sphere in four dimensions, none more likely than another.

        Marsaglia (Ann. Math. Stat. 43 (1972) 645): two points of the disc. It needs no sine, so that all machines agree.
        """
        w, x, first = self.in_disc()
        y, z, second = self.in_disc()
        scale = math.sqrt((1.0 - first) / second)
        return w, x, y * scale, z * scale
