"""The incident beam: wavelength, fluence, polarization, and the point sources that stand for its divergence and bandwidth."""

from __future__ import annotations

import dataclasses
import numbers
from typing import TYPE_CHECKING, Any, ClassVar

from nbhybrid import _core, units
from nbhybrid.arrays import Sizes, take, vector
from nbhybrid.errors import ModelError
from nbhybrid.fields import FLAG, LARGEST_INT, number, part, whole
from nbhybrid.hints import names_are_checked
from nbhybrid.model import Model, Vector, frozen
from nbhybrid.options import fields_of, option, takes_options, usual, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.options import Option

# The reference's: one electron scatters one photon into a steradian, for r_e^2 times the fluence is 1. In photons/m^2.
DEFAULT_FLUENCE: float = usual("-fluence")
# The options whose unit a spread has.
_DIVERGENCE, _DISPERSION = option("-hdivrange"), option("-dispersion")


@names_are_checked
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
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

    _kinds: ClassVar = {"range": number(least=0), "steps": whole(1, LARGEST_INT), "step": number(above=0)}

    def _fields(self, of: Option) -> tuple[float, float, float]:
        unset_range = -1.0 if of.usual is None else of.inside(of.usual)
        return (
            -1.0 if self.steps is None else float(self.steps),
            unset_range if self.range is None else of.inside(self.range),
            -1.0 if self.step is None else of.inside(self.step),
        )

    @classmethod
    def _from_fields(cls, fields: Sequence[float], of: Option) -> Spread | None:
        count, width, step = fields
        spread = cls(
            range=None if width < 0 or of.given(width) == of.usual else of.given(width),
            steps=None if count <= 0 else int(count),
            step=None if step <= 0 else of.given(step),
        )
        return None if spread == cls() else spread


@names_are_checked
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
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


def _spread(value: Any) -> Spread:
    return Spread(range=value)


SPREAD = part(Spread, "a Spread or a number, its range", {numbers.Real: _spread})


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Beam")
class Beam(Model):
    """The incident beam.

    Parameters
    ----------
    wavelength_angstrom : float, optional
        1 unless an energy is given.
    energy_ev : float, optional
        Photon energy, instead of the wavelength.
    fluence : float
        Photons per square metre. The default, 1.26e29, is the reference's and that of no source: with it, one electron scatters
        one photon into a steradian, so that pixels hold far more photons than any experiment gives. Give a fluence (a microfocus
        beamline has about 1e22 a second, the focus of an X-ray laser 1e24 a pulse) or a flux, where numbers of photons matter.
    flux : float, optional
        Photons per second. With `exposure_s` and `size_mm` it gives the fluence, which is then flux * exposure / size^2.
    exposure_s : float, optional
        Seconds, with a flux; by default 1.
    size_mm : float, optional
        Edge of the beam; by default 0.1. It also clips the crystal across the beam. Negative: it does not, and there is no flux.
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

    Raises
    ------
    ModelError, ArrayTypeError, ArrayValueError
    """

    wavelength_angstrom: float | None = None
    energy_ev: float | None = None
    fluence: float = DEFAULT_FLUENCE
    flux: float | None = None
    exposure_s: float | None = None
    size_mm: float | None = None
    polarization: float | None = usual("-polar")
    corrected_for_polarization: bool = True
    polarization_axis: Vector | None = None
    direction: Vector | None = None
    horizontal_divergence_mrad: Spread | None = None
    vertical_divergence_mrad: Spread | None = None
    dispersion_percent: Spread | None = None
    round_divergence: bool = True
    sources: Sources | None = None

    _kinds: ClassVar = {
        "energy_ev": number(above=0),
        "flux": number(above=0),
        "exposure_s": number(above=0),
        "corrected_for_polarization": FLAG,
        "horizontal_divergence_mrad": SPREAD,
        "vertical_divergence_mrad": SPREAD,
        "dispersion_percent": SPREAD,
        "round_divergence": FLAG,
        "sources": part(Sources),
    }
    _instead_of: ClassVar = {"wavelength_angstrom": "energy_ev", "energy_ev": "wavelength_angstrom", "fluence": "flux"}

    def __post_init__(self) -> None:
        if self.wavelength_angstrom is not None and self.energy_ev is not None:
            raise ModelError("Beam: found wavelength_angstrom and energy_ev, expected one of them")
        if self.polarization is None:
            self._set("corrected_for_polarization", False)
            self._set("polarization", usual("-polar"))
        super().__post_init__()
        for name in ("polarization_axis", "direction"):
            if getattr(self, name) is not None:
                self._set(name, vector(getattr(self, name), name))
        if self.flux is not None:
            self._set("fluence", self._fluence_of_flux())

    def _fluence_of_flux(self) -> float:
        """Return the fluence that the flux gives, which no other may contradict."""
        exposure = usual("-exposure") if self.exposure_s is None else self.exposure_s
        size = usual("-beamsize") if self.size_mm is None else self.size_mm
        if not size > 0:
            raise ModelError(f"Beam.size_mm: found {size!r} and a flux, expected a number above zero")
        fluence = _core.fluence_of_flux(self.flux or 0.0, exposure, units.metres(size))
        if self.fluence not in (DEFAULT_FLUENCE, fluence):
            raise ModelError(f"Beam: found the flux {self.flux!r} and the fluence {self.fluence!r}, expected one of them")
        return number(least=0).take("Beam: the fluence of this flux", fluence)  # type: ignore[no-any-return]

    def replace(self, **changes: Any) -> Beam:
        """Return a copy with other values for some fields; what they take the place of, such as an energy by a wavelength, goes."""
        if "fluence" not in changes and self.flux is not None and not changes.keys().isdisjoint(("flux", "exposure_s", "size_mm")):
            changes = {"fluence": DEFAULT_FLUENCE, "flux": self.flux} | changes
        return super().replace(**changes)  # type: ignore[no-any-return]

    @property
    def wavelength(self) -> float:
        """The wavelength in Angstrom."""
        if self.energy_ev is not None:
            return units.angstrom_of_energy(self.energy_ev)
        return float(usual("-lambda")) if self.wavelength_angstrom is None else self.wavelength_angstrom

    def _in_force(self) -> dict[str, Any]:
        shown = super()._in_force() | {"fluence": self.fluence}
        if self.energy_ev is None:
            shown["wavelength_angstrom"] = self.wavelength
        if self.flux is None:
            shown.pop("exposure_s", None)
        if not self.corrected_for_polarization:
            shown.pop("corrected_for_polarization")
            shown["polarization"] = None
        return shown

    def _fields(self) -> dict[str, Any]:
        fields = fields_of(self) | {
            "wavelength": units.metres_of_angstrom(self.wavelength),
            "wavelength_is_from_energy": self.energy_ev is not None,
            "polarization": self.corrected_for_polarization,
            "round_divergence": self.round_divergence,
            "horizontal": (self.horizontal_divergence_mrad or Spread())._fields(_DIVERGENCE),
            "vertical": (self.vertical_divergence_mrad or Spread())._fields(_DIVERGENCE),
            "dispersion": (self.dispersion_percent or Spread())._fields(_DISPERSION),
        }
        if self.sources is not None:
            fields["sources"] = self.sources._fields()
        return fields

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any], frame: Mapping[str, Any] | None, sources: Sources | None) -> Beam:
        # As in the reference: otherwise the flux is not used.
        has_flux = fields["flux"] != 0 and fields["exposure"] > 0 and fields["size"] >= 0
        given = values_of(cls, fields)
        given |= {"fluence": DEFAULT_FLUENCE} if has_flux else {"flux": None, "exposure_s": None}
        return cls(
            **given,
            corrected_for_polarization=fields["polarization"],
            polarization_axis=frame["polarization"] if frame else None,
            direction=frame["beam"] if frame else None,
            horizontal_divergence_mrad=Spread._from_fields(fields["horizontal"], _DIVERGENCE),
            vertical_divergence_mrad=Spread._from_fields(fields["vertical"], _DIVERGENCE),
            dispersion_percent=Spread._from_fields(fields["dispersion"], _DISPERSION),
            round_divergence=fields["round_divergence"],
            sources=sources,
        )
