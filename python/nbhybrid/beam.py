"""The incident beam: wavelength, fluence, polarization, and the point sources that stand for its divergence and bandwidth."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from nbhybrid import units
from nbhybrid.arrays import Sizes, take, vector
from nbhybrid.errors import ModelError
from nbhybrid.model import Model, Vector, frozen, positive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

DEFAULT_FLUENCE = 125932015286227086360700780544.0


@dataclasses.dataclass(frozen=True, eq=False)
class Spread(Model):
    """How a spread is sampled, as the reference completes it: what is left out follows from the rest.

    Parameters
    ----------
    range : float, optional
        From the first sample to the last: milliradians, or per cent of the wavelength.
    steps : int, optional
        Number of samples.
    step : float, optional
        Distance of two samples.
    """

    range: float | None = None
    steps: int | None = None
    step: float | None = None

    def _fields(self, unit: float, unset_range: float = -1.0) -> tuple[float, float, float]:
        return (
            -1.0 if self.steps is None else float(self.steps),
            unset_range if self.range is None else self.range / unit,
            -1.0 if self.step is None else self.step / unit,
        )

    @classmethod
    def _from_fields(cls, fields: Sequence[float], unit: float) -> Spread | None:
        count, width, step = fields

        def given(value: float) -> float | None:
            return units.undone(lambda x: x / unit, value, unit) if value > 0 else None

        spread = cls(given(width), int(count) if count > 0 else None, given(step))
        return None if spread == cls() else spread


@dataclasses.dataclass(frozen=True, eq=False)
class Sources(Model):
    """Point sources.

    Parameters
    ----------
    directions : array_like, (n, 3), or None
        From the sample to each source, against the way of the photons; lengths do not matter. None: all along the beam, as for a
        spectrum.
    wavelengths_angstrom : array_like, (n,)
    weights : array_like, (n,), optional
        They count with corrected semantics alone (``source-weights``).
    """

    directions: npt.NDArray[np.float64] | None
    wavelengths_angstrom: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        sizes = Sizes()
        if self.directions is not None:
            self._set("directions", frozen(take(self.directions, "directions", ("n", 3), sizes=sizes)))
        wavelengths = take(self.wavelengths_angstrom, "wavelengths_angstrom", ("n",), sizes=sizes)
        if len(wavelengths) == 0:
            raise ModelError("Sources: there are none, expected at least one")
        if not (wavelengths > 0).all():
            raise ModelError("wavelengths_angstrom: expected numbers above zero")
        self._set("wavelengths_angstrom", frozen(wavelengths))
        if self.weights is not None:
            weights = take(self.weights, "weights", ("n",), sizes=sizes)
            if not ((weights >= 0).all() and weights.sum() > 0):
                raise ModelError("weights: expected numbers of zero or more with a sum above zero")
            self._set("weights", frozen(weights))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Sources:
        """Return the sources of these values, as `to_dict` gives them."""
        return super().from_dict({"directions": None, **values})  # type: ignore[no-any-return]

    def _fields(self) -> npt.NDArray[np.float64]:
        import numpy as np

        rows = np.empty((len(self.wavelengths_angstrom), 5))
        rows[:, :3] = np.nan if self.directions is None else self.directions
        rows[:, 3] = self.wavelengths_angstrom / 1.0e10
        rows[:, 4] = 1.0 if self.weights is None else self.weights
        return rows


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Beam(Model):
    """The incident beam.

    Parameters
    ----------
    wavelength_angstrom : float, optional
        1 unless an energy is given.
    energy_ev : float, optional
        Photon energy, instead of the wavelength.
    fluence : float
        Photons per square metre.
    flux, exposure_s, size_mm : float, optional
        Photons per second, seconds and the edge of the beam: with a flux they give the fluence. A size also clips the crystal
        across the beam.
    polarization : float or None
        Kahn's factor; None: no polarization correction at all, which is kept as 0 with `corrected_for_polarization` False.
    corrected_for_polarization : bool
        Whether there is a polarization correction.
    polarization_axis, direction : (float, float, float), optional
        The E-vector and the way of the photons, for detectors without a named convention.
    horizontal_divergence_mrad, vertical_divergence_mrad, dispersion_percent : Spread, optional
    round_divergence : bool
        Whether the corners of the divergence are cut off.
    sources : Sources, optional
        Instead of divergence and dispersion.
    """

    wavelength_angstrom: float | None = None
    energy_ev: float | None = None
    fluence: float = DEFAULT_FLUENCE
    flux: float | None = None
    exposure_s: float | None = None
    size_mm: float | None = None
    polarization: float | None = 0.0
    corrected_for_polarization: bool = True
    polarization_axis: Vector | None = None
    direction: Vector | None = None
    horizontal_divergence_mrad: Spread | None = None
    vertical_divergence_mrad: Spread | None = None
    dispersion_percent: Spread | None = None
    round_divergence: bool = True
    sources: Sources | None = None

    def __post_init__(self) -> None:
        if self.wavelength_angstrom is not None and self.energy_ev is not None:
            raise ModelError("Beam: found wavelength_angstrom and energy_ev, expected one of them")
        for name in ("wavelength_angstrom", "energy_ev"):
            if getattr(self, name) is not None:
                self._set(name, positive(name, getattr(self, name)))
        if self.polarization is None:
            self._set("corrected_for_polarization", False)
            self._set("polarization", 0.0)
        if not (math.isfinite(self.fluence) and self.fluence >= 0):
            raise ModelError(f"fluence: found {self.fluence!r}, expected a finite number, zero or more")
        for name in ("polarization_axis", "direction"):
            if getattr(self, name) is not None:
                self._set(name, vector(getattr(self, name), name))
        for name in ("horizontal_divergence_mrad", "vertical_divergence_mrad", "dispersion_percent"):
            value = getattr(self, name)
            if isinstance(value, dict):
                self._set(name, Spread.from_dict(value))
            elif value is not None and not isinstance(value, Spread):
                self._set(name, Spread(range=float(value)))
        if isinstance(self.sources, dict):
            self._set("sources", Sources.from_dict(self.sources))

    @property
    def wavelength(self) -> float:
        """The wavelength in Angstrom."""
        if self.energy_ev is not None:
            return units.angstrom_of_energy(self.energy_ev)
        return 1.0 if self.wavelength_angstrom is None else self.wavelength_angstrom

    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "wavelength": units.metres_of_angstrom(self.wavelength),
            "wavelength_is_from_energy": self.energy_ev is not None,
            "fluence": float(self.fluence),
            "kahn_factor": 0.0 if self.polarization is None else float(self.polarization),
            "polarization": self.corrected_for_polarization,
            "round_divergence": self.round_divergence,
            "horizontal": (self.horizontal_divergence_mrad or Spread())._fields(1000.0),
            "vertical": (self.vertical_divergence_mrad or Spread())._fields(1000.0),
            "dispersion": (self.dispersion_percent or Spread())._fields(100.0, unset_range=0.0),
        }
        if self.flux is not None:
            fields["flux"] = float(self.flux)
        if self.exposure_s is not None:
            fields["exposure"] = float(self.exposure_s)
        if self.size_mm is not None:
            fields["size"] = units.metres(self.size_mm)
        if self.sources is not None:
            fields["sources"] = self.sources._fields()
        return fields

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any], frame: Mapping[str, Any] | None, sources: Sources | None) -> Beam:
        return cls(
            wavelength_angstrom=units.angstrom_of(fields["wavelength"]),
            fluence=fields["fluence"],
            flux=fields["flux"] or None,
            exposure_s=fields["exposure"],
            size_mm=units.mm_of(fields["size"]),
            polarization=fields["kahn_factor"],
            corrected_for_polarization=fields["polarization"],
            polarization_axis=frame["polarization"] if frame else None,
            direction=frame["beam"] if frame else None,
            horizontal_divergence_mrad=Spread._from_fields(fields["horizontal"], 1000.0),
            vertical_divergence_mrad=Spread._from_fields(fields["vertical"], 1000.0),
            dispersion_percent=Spread._from_fields(fields["dispersion"], 100.0),
            round_divergence=fields["round_divergence"],
            sources=sources,
        )
