"""Units at the edges: what the user says in mm, degrees and Angstrom, and what the core takes in metres and radians.

Each conversion is the one that the command line makes, with the same rounding.
"""

from __future__ import annotations

from nbhybrid import _core
from nbhybrid.options import option, undone

__all__ = ["angstrom_of", "angstrom_of_energy", "degrees_of", "metres", "metres_of_angstrom", "mm_of", "radians", "undone"]

# Options of these units.
_MM, _ANGSTROM, _DEGREES = option("-distance"), option("-lambda"), option("-phi")


def metres(mm: float) -> float:
    """Return metres from millimetres; milliradians to radians is the same."""
    return _MM.inside(mm)


def metres_of_angstrom(angstrom: float) -> float:
    """Return metres from Angstrom."""
    return _ANGSTROM.inside(angstrom)


def angstrom_of_energy(ev: float) -> float:
    """Return the wavelength in Angstrom of a photon energy in eV."""
    return _core.ev_angstrom / ev


def radians(degrees: float) -> float:
    """Return radians from degrees."""
    return _DEGREES.inside(degrees)


def mm_of(value: float) -> float:
    """Return millimetres from metres, milliradians from radians."""
    return _MM.given(value)


def angstrom_of(value: float) -> float:
    """Return Angstrom from metres."""
    return _ANGSTROM.given(value)


def degrees_of(value: float) -> float:
    """Return degrees from radians."""
    return _DEGREES.given(value)
