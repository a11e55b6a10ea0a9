"""The rotation of the crystal, and how a pixel is sampled."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from nbhybrid import units
from nbhybrid.arrays import vector
from nbhybrid.errors import ModelError
from nbhybrid.model import Model, Vector

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Scan(Model):
    """A rotation about the spindle; what is left out follows from the rest, as in the reference.

    Parameters
    ----------
    phi_deg : float
        Where it starts.
    range_deg : float, optional
    step_deg : float, optional
    steps : int, optional
    axis : (float, float, float), optional
        The spindle, for detectors without a named convention.
    """

    phi_deg: float = 0.0
    range_deg: float | None = None
    step_deg: float | None = None
    steps: int | None = None
    axis: Vector | None = None

    def __post_init__(self) -> None:
        for name in ("phi_deg", "range_deg", "step_deg"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ModelError(f"{name}: found {value!r}, expected a finite number")
        if self.axis is not None:
            self._set("axis", vector(self.axis, "axis"))

    def _fields(self) -> dict[str, Any]:
        def given(degrees: float | None) -> float:
            return -1.0 if degrees is None else units.radians(degrees)

        steps = -1.0 if self.steps is None else float(self.steps)
        return {"phi": units.radians(self.phi_deg), "rotation": (steps, given(self.range_deg), given(self.step_deg))}

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any], frame: Mapping[str, Any] | None) -> Scan:
        count, width, step = fields["rotation"]
        return cls(
            phi_deg=units.degrees_of(fields["phi"]),
            range_deg=None if width < 0 else units.degrees_of(width),
            step_deg=None if step <= 0 else units.degrees_of(step),
            steps=None if count < 0 else int(count),
            axis=frame["spindle"] if frame else None,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Sampling(Model):
    """How a pixel is sampled.

    Parameters
    ----------
    oversample : int, optional
        Sub-pixels along a pixel's edge; by default as many as resolve the spots.
    recompute_thickness, recompute_polarization, recompute_solid_angle : bool
        Whether these factors are computed anew at every sub-pixel.
    dmin_angstrom : float
        Finer spacings are left out; 0: none.
    water_um : float
        Edge of a cube of water around the crystal.
    """

    oversample: int | None = None
    recompute_thickness: bool = False
    recompute_polarization: bool = False
    recompute_solid_angle: bool = False
    dmin_angstrom: float = 0.0
    water_um: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dmin_angstrom", "water_um"):
            value = getattr(self, name)
            if not math.isfinite(value) or (name == "water_um" and value < 0):
                raise ModelError(f"{name}: found {value!r}, expected a finite number, zero or more")

    def _fields(self) -> dict[str, Any]:
        return {
            "oversample": -1 if self.oversample is None else self.oversample,
            "thickness": self.recompute_thickness,
            "polarization": self.recompute_polarization,
            "solid_angle": self.recompute_solid_angle,
            "dmin": self.dmin_angstrom * 1e-10,
            "water": self.water_um / 1e6,
        }

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> Sampling:
        return cls(
            oversample=None if fields["oversample"] <= 0 else fields["oversample"],
            recompute_thickness=fields["thickness"],
            recompute_polarization=fields["polarization"],
            recompute_solid_angle=fields["solid_angle"],
            dmin_angstrom=units.undone(lambda x: x * 1e-10, fields["dmin"], 1e10),
            water_um=units.undone(lambda x: x / 1e6, fields["water"], 1e6),
        )
