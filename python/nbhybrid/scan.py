"""The rotation of the crystal, and how a pixel is sampled."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from nbhybrid import units
from nbhybrid.arrays import vector
from nbhybrid.fields import LARGEST_INT, number, whole
from nbhybrid.hints import names_are_checked
from nbhybrid.model import Model, Vector
from nbhybrid.options import fields_of, takes_options, usual, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Scan")
class Scan(Model):
    """A rotation about the spindle; what is left out follows from the rest, as in the reference.

    Parameters
    ----------
    phi_deg : float
        Where it starts.
    range_deg : float, optional
        From the start to the end of the rotation.
    step_deg : float, optional
    steps : int, optional
        A range alone is sampled in two steps.
    axis : (float, float, float), optional
        The spindle, for detectors without a named convention.

    Raises
    ------
    ModelError, ArrayTypeError, ArrayValueError
    """

    phi_deg: float = usual("-phi")
    range_deg: float | None = None
    step_deg: float | None = None
    steps: int | None = None
    axis: Vector | None = None

    _kinds: ClassVar = {
        "range_deg": number(least=0),
        "step_deg": number(least=0),
        "steps": whole(1, LARGEST_INT),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.axis is not None:
            self._set("axis", vector(self.axis, "axis"))

    def _fields(self) -> dict[str, Any]:
        def given(degrees: float | None) -> float:
            return -1.0 if degrees is None else units.radians(degrees)

        steps = -1.0 if self.steps is None else float(self.steps)
        return fields_of(self) | {"rotation": (steps, given(self.range_deg), given(self.step_deg))}

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any], frame: Mapping[str, Any] | None) -> Scan:
        count, width, step = fields["rotation"]
        return cls(
            **values_of(cls, fields),
            range_deg=None if width < 0 else units.degrees_of(width),
            step_deg=None if step < 0 else units.degrees_of(step),
            # 0 asks for one.
            steps=None if count < 0 else max(int(count), 1),
            axis=frame["spindle"] if frame else None,
        )


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Sampling")
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

    Raises
    ------
    ModelError
    """

    oversample: int | None = None
    recompute_thickness: bool = False
    recompute_polarization: bool = False
    recompute_solid_angle: bool = False
    dmin_angstrom: float = usual("-dmin")
    water_um: float = usual("-water")

    _kinds: ClassVar = {
        "oversample": whole(1, LARGEST_INT),
        "dmin_angstrom": number(least=0),
    }

    def _fields(self) -> dict[str, Any]:
        return fields_of(self)

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> Sampling:
        # To the reference, a spacing below zero is none.
        return cls(**values_of(cls, {**fields, "dmin": max(fields["dmin"], 0.0)}))
