"""What changes from shot to shot besides the orientation: wavelengths and their weights, the fluence."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid.batch.counter import FLUENCE, WAVELENGTH, Stream
from nbhybrid.batch.orientations import read_numbers
from nbhybrid.beam import Sources
from nbhybrid.errors import InputFileError, ModelError
from nbhybrid.units import angstrom_of_energy

if TYPE_CHECKING:
    from nbhybrid.beam import Beam

Array = npt.NDArray[np.float64]
UNITS = ("angstrom", "ev")


@dataclasses.dataclass(frozen=True)
class Jitter:
    """Relative rms of what is drawn for each shot, as fractions of 1."""

    seed: int = 0
    wavelength_rms: float = 0.0
    fluence_rms: float = 0.0


@dataclasses.dataclass(frozen=True)
class Shot:
    """What a shot brings along; None: as in the experiment.

    Parameters
    ----------
    spectrum : numpy.ndarray, (energies, 2) or (energies, 1), or str, or None
        Wavelengths, or photon energies, and weights; or the file that has them as its columns.
    fluence : float or None
        Photons per square metre.
    unit : {"angstrom", "ev"}
        Of the first column.
    """

    spectrum: Array | str | None = None
    fluence: float | None = None
    unit: str = "angstrom"


def beam_of(beam: Beam, fluence: float, shot: Shot, jitter: Jitter, image: int) -> Beam:
    """Return the beam of a shot; the given one if the shot changes nothing.

    Parameters
    ----------
    beam : Beam
        Of the experiment.
    fluence : float
        What that beam's fluence is, also if it has a flux.
    shot : Shot
    jitter : Jitter
    image : int
        Number of the image.

    Raises
    ------
    InputFileError, ModelError
        If the shot's numbers are of no use.
    """
    changes: dict[str, Any] = {}
    if shot.spectrum is not None:
        changes |= _spectrum(shot)
    if jitter.wavelength_rms > 0:
        factor = Stream(jitter.seed, WAVELENGTH, image).factor(jitter.wavelength_rms)
        changes |= _scaled(beam.replace(**changes), factor)
    if shot.fluence is not None:
        fluence = shot.fluence
    if jitter.fluence_rms > 0:
        fluence *= Stream(jitter.seed, FLUENCE, image).factor(jitter.fluence_rms)
    if shot.fluence is not None or jitter.fluence_rms > 0:
        changes |= {"fluence": fluence, "flux": None}
    changed: Beam = beam.replace(**changes) if changes else beam
    return changed


def _spectrum(shot: Shot) -> dict[str, Any]:
    """Return the fields of a beam with this spectrum: a wavelength if it is one, else sources along the beam."""
    table: Any = read_numbers(shot.spectrum) if isinstance(shot.spectrum, str) else shot.spectrum
    where = shot.spectrum if isinstance(shot.spectrum, str) else "spectrum"
    if table.ndim != 2 or table.shape[1] not in (1, 2) or len(table) == 0:
        raise InputFileError(f"{where}: has the shape {table.shape}, expected rows of a wavelength and a weight")
    first = table[:, 0].tolist()
    if not all(0 < value < float("inf") for value in first):
        raise ModelError(f"{where}: expected wavelengths or energies that are finite numbers above zero")
    wavelengths = [angstrom_of_energy(value) for value in first] if shot.unit == "ev" else first
    if len(wavelengths) == 1:
        return {"wavelength_angstrom": wavelengths[0], "energy_ev": None, "sources": None}
    weights = np.ascontiguousarray(table[:, 1]) if table.shape[1] == 2 else None
    return {"sources": Sources(None, wavelengths, weights)}  # type: ignore[arg-type]


def _scaled(beam: Beam, factor: float) -> dict[str, Any]:
    """Return the fields of a beam all of whose wavelengths are longer by a factor."""
    fields: dict[str, Any] = {"wavelength_angstrom": beam.wavelength * factor, "energy_ev": None}
    if beam.sources is not None:
        fields["sources"] = beam.sources.replace(wavelengths_angstrom=beam.sources.wavelengths_angstrom * factor)
    return fields


def lines_of(beam: Beam) -> tuple[Array, Array]:
    """Return the wavelengths of a beam in Angstrom and their weights."""
    if beam.sources is None:
        return np.array([beam.wavelength]), np.ones(1)
    wavelengths = beam.sources.wavelengths_angstrom
    return wavelengths, np.ones(len(wavelengths)) if beam.sources.weights is None else beam.sources.weights
