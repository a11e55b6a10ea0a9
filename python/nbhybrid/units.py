"""Units at the edges: what the user says in mm, degrees and Angstrom, and what the core takes in metres and radians.

Each conversion is the one that the command line makes, with the same rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEGREES_PER_RADIAN = 180.0 * 0.31830988618379067154
EV_ANGSTROM = 12398.42


def metres(mm: float) -> float:
    """Return metres from millimetres; milliradians to radians is the same."""
    return mm / 1000.0


def metres_of_angstrom(angstrom: float) -> float:
    """Return metres from Angstrom."""
    return angstrom / 1.0e10


def angstrom_of_energy(ev: float) -> float:
    """Return the wavelength in Angstrom of a photon energy in eV."""
    return EV_ANGSTROM / ev


def radians(degrees: float) -> float:
    """Return radians from degrees."""
    return degrees / DEGREES_PER_RADIAN


def undone(convert: Callable[[float], float], value: float, scale: float) -> float:
    """Return the x with convert(x) == value, the shortest to write where there are several; `scale` is about x / value.

    Where there is none, which no value of a command line is, the nearest is returned.
    """
    if not math.isfinite(value) or value == 0.0:
        return value
    near = value * scale
    for digits in range(1, 18):
        candidate = float(format(near, f".{digits}g"))
        if convert(candidate) == value:
            return candidate
    for direction in (math.inf, -math.inf):
        candidate = near
        for _ in range(4):
            candidate = math.nextafter(candidate, direction)
            if convert(candidate) == value:
                return candidate
    return near


def mm_of(value: float) -> float:
    """Return millimetres from metres, milliradians from radians."""
    return undone(metres, value, 1000.0)


def angstrom_of(value: float) -> float:
    """Return Angstrom from metres."""
    return undone(metres_of_angstrom, value, 1e10)


def degrees_of(value: float) -> float:
    """Return degrees from radians."""
    return undone(radians, value, DEGREES_PER_RADIAN)
