"""The area detector: pixels, placement by a convention or by axes, sensor, and which part of it is looked at."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nbhybrid import units
from nbhybrid.arrays import take, vector
from nbhybrid.errors import ModelError
from nbhybrid.fields import FLAG, LARGEST_INT, choice, number, part, several, shown, whole
from nbhybrid.hints import names_are_checked
from nbhybrid.model import Model, Vector, frozen
from nbhybrid.options import fields_of, option, takes_options, usual, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

Convention = Literal["mosflm", "xds", "adxv", "denzo", "dials", "custom"]
CONVENTIONS = ("mosflm", "xds", "adxv", "denzo", "dials", "custom")
NAN = math.nan
# The option whose unit lengths within a sensor have.
_THICKNESS = option("-detector_thick")
# Fields whose parts may be left open.
OPEN_FIELDS = ("pixels", "beam_center_mm", "close_mm", "org", "region")


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Sensor")
class Sensor(Model):
    """The sensor.

    Parameters
    ----------
    thickness_um : float
        0: every photon is counted.
    attenuation_depth_um : float, optional
        Depth at which 1/e of the photons are left, also infinite; by default the thickness.
    layers : int, optional
        Layers that are summed, for parallax.

    Raises
    ------
    ModelError
    """

    thickness_um: float = usual("-detector_thick")
    attenuation_depth_um: float | None = None
    layers: int | None = None

    _kinds: ClassVar = {
        "thickness_um": number(least=0),
        "attenuation_depth_um": number(above=0, infinite=True),
        "layers": whole(1, LARGEST_INT),
    }

    def _fields(self) -> dict[str, Any]:
        depth = self.attenuation_depth_um
        return fields_of(self) | {"attenuation": -1.0 if depth is None else 1.0 / _THICKNESS.inside(depth)}

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> Sensor | None:
        attenuation = fields["attenuation"]
        depth = None
        if attenuation == 0:
            depth = math.inf
        elif attenuation > 0:
            depth = units.undone(lambda x: 1.0 / _THICKNESS.inside(x), attenuation, 1e6 / attenuation / attenuation)
        given = values_of(cls, fields)
        if given["layers"] is None:  # a negative thickness without layers is none
            given["thickness_um"] = max(given["thickness_um"], 0.0)
        sensor = cls(**given, attenuation_depth_um=depth)
        return None if sensor == cls() else sensor


def _closed(values: Any) -> Any:
    """Return what `Panel.to_dict` made of values that may be open."""
    return tuple(None if v == "open" else v for v in values) if isinstance(values, (list, tuple)) else values


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Detector")
class Panel(Model):
    """A flat part of a detector, or a whole one.

    The constructors `mosflm`, `xds`, `adxv`, `denzo` and `dials` place it by the beam centre in the terms of these programs, in
    their laboratory frames; `custom` by axes. All vectors are in the laboratory frame; slow and fast are the directions of rows
    and of pixels in a row.

    Parameters
    ----------
    convention : {"mosflm", "xds", "adxv", "denzo", "dials", "custom"}
    pixels : (int or None, int or None), optional
        Slow and fast; where None the size counts.
    size_mm : (float, float), optional
        Slow and fast edges.
    pixel_size_mm : float
    distance_mm : float
        From the sample along the beam.
    close_distance_mm : float, optional
        Along the detector's normal, instead of `distance_mm`.
    beam_center_mm : (float, float), optional
        X and Y of the convention where the beam meets the detector; by default the middle. Either may be None.
    close_mm : (float, float), optional
        The point nearest to the sample, along fast and slow from the first pixel's corner.
    org : (float, float), optional
        The same in pixels, XDS' ORGX and ORGY.
    rotation_deg : (float, float, float)
        About x, y and z.
    twotheta_deg : float
    pivot : {"beam", "sample"}, optional
        What stays where it is when the detector turns: the place that the beam meets, or the point nearest to the sample. By
        default that of the convention, and under ``corrected`` what of the two is given. Reference semantics heed it with
        ``custom`` alone.
    fast_axis, slow_axis, normal, twotheta_axis : (float, float, float), optional
        Of a custom detector.
    origin_mm : (float, float, float), optional
        Corner of the first pixel of a custom detector; else it follows from distance and beam centre.
    sensor : Sensor, optional
    curved : bool
        Whether all pixels lie at the same distance.
    point_pixel : bool
        Whether the solid angle follows the inverse square law alone.
    region : (int or None, int or None, int or None, int or None), optional
        First and last slow, first and last fast pixel to render, both ends included; None: open.
    mask : array_like, (slow, fast), optional
        Pixels that are 0 or False are left out.

    Raises
    ------
    ModelError, ArrayTypeError, ArrayValueError
    """

    convention: Convention = "mosflm"
    pixels: tuple[int | None, int | None] | None = None
    size_mm: tuple[float, float] | None = None
    pixel_size_mm: float = usual("-pixel")
    distance_mm: float = usual("-distance")
    close_distance_mm: float | None = None
    beam_center_mm: tuple[float | None, float | None] | None = None
    close_mm: tuple[float | None, float | None] | None = None
    org: tuple[float | None, float | None] | None = None
    rotation_deg: Vector = (usual("-detector_rotx"), usual("-detector_roty"), usual("-detector_rotz"))
    twotheta_deg: float = usual("-twotheta")
    pivot: Literal["beam", "sample"] | None = None
    fast_axis: Vector | None = None
    slow_axis: Vector | None = None
    normal: Vector | None = None
    twotheta_axis: Vector | None = None
    origin_mm: Vector | None = None
    sensor: Sensor | None = None
    curved: bool = False
    point_pixel: bool = False
    region: tuple[int | None, int | None, int | None, int | None] | None = None
    mask: npt.NDArray[np.uint16] | None = None

    @classmethod
    def _placed(cls, convention: Convention, placement: Mapping[str, Any]) -> Self:
        if "convention" in placement:
            raise ModelError(f"{cls.__name__}.{convention}: found convention={shown(placement['convention'])}, expected no other")
        return cls(convention=convention, **placement)

    @classmethod
    def mosflm(cls, **placement: Any) -> Self:
        """Return a detector in MOSFLM's convention: beam along x, X of the beam centre along the slow axis."""
        return cls._placed("mosflm", placement)

    @classmethod
    def xds(cls, **placement: Any) -> Self:
        """Return a detector in XDS' convention: beam along z; `org` is the pixel nearest to the sample."""
        return cls._placed("xds", placement)

    @classmethod
    def adxv(cls, **placement: Any) -> Self:
        """Return a detector in ADXV's convention: the beam centre counts from the far edge of the slow axis."""
        return cls._placed("adxv", placement)

    @classmethod
    def denzo(cls, **placement: Any) -> Self:
        """Return a detector in DENZO's convention: as MOSFLM's, from the corners of pixels."""
        return cls._placed("denzo", placement)

    @classmethod
    def dials(cls, **placement: Any) -> Self:
        """Return a detector in DIALS' convention: beam along z."""
        return cls._placed("dials", placement)

    @classmethod
    def custom(cls, **placement: Any) -> Self:
        """Return a detector placed by axes; beam, polarization and spindle are those of `Beam` and `Scan`."""
        return cls._placed("custom", placement)

    _kinds: ClassVar = {
        "convention": choice(*CONVENTIONS),
        "pixels": several(2, whole(1, LARGEST_INT), "(slow, fast)", may_be_open=True),
        "size_mm": several(2, number(above=0), "(slow, fast)"),
        "pixel_size_mm": option("-pixel").kind,
        "distance_mm": option("-distance").kind,
        "close_distance_mm": option("-close_distance").kind,
        "beam_center_mm": several(2, number(), "(X, Y)", may_be_open=True),
        "close_mm": several(2, number(), "(X, Y)", may_be_open=True),
        "org": several(2, number(), "(X, Y)", may_be_open=True),
        "twotheta_deg": option("-twotheta").kind,
        "pivot": choice("beam", "sample"),
        "sensor": part(Sensor),
        "curved": FLAG,
        "region": several(4, whole(0, LARGEST_INT), "(first slow, last slow, first fast, last fast)", may_be_open=True),
    }
    _instead_of: ClassVar = {"distance_mm": "close_distance_mm"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size_mm is None and (self.pixels is None or None in self.pixels):
            raise ModelError(f"{type(self).__name__}: there is no size, expected pixels=(slow, fast) or size_mm")
        self._set("rotation_deg", vector(self.rotation_deg, "rotation_deg"))
        for name in ("fast_axis", "slow_axis", "normal", "twotheta_axis", "origin_mm"):
            value = getattr(self, name)
            if value is None:
                continue
            if self.convention != "custom":
                raise ModelError(f"{name}: is fixed by the {self.convention} convention; use Detector.custom")
            self._set(name, vector(value, name))
        if self.mask is not None:
            self._set("mask", frozen(take(self.mask, "mask", ("slow", "fast"), "uint16")))

    def _in_force(self) -> dict[str, Any]:
        given = super()._in_force()
        for name in ("convention", "pixel_size_mm", "distance_mm"):
            given[name] = getattr(self, name)
        if self.close_distance_mm is not None:
            given.pop("distance_mm")
        if self.convention != "custom":
            given.pop("pivot", None)
        return given

    def to_dict(self) -> dict[str, Any]:
        """Return the object as plain values; open ends of pairs and of the region become "open"."""
        values = super().to_dict()
        for name in OPEN_FIELDS:
            if name in values:
                values[name] = ["open" if v is None else v for v in values[name]]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Any:
        """Return the detector of these values, as `to_dict` gives them."""
        closed = dict(values) if isinstance(values, dict) else values
        for name in OPEN_FIELDS:
            if isinstance(closed, dict) and name in closed:
                closed[name] = _closed(closed[name])
        return super().from_dict(closed)

    def _fields(self) -> dict[str, Any]:
        fields = fields_of(self) | {"placement": self._placement(), "curved": self.curved}
        if self.pixels is not None:
            fields["slow_pixels"], fields["fast_pixels"] = (n or 0 for n in self.pixels)
        fields |= (self.sensor or Sensor())._fields()
        if self.region is not None:
            slow_first, slow_last, fast_first, fast_last = (-1 if v is None else v for v in self.region)
            fields["region"] = (fast_first, fast_last, slow_first, slow_last)
        if self.mask is not None:
            fields["mask"] = self.mask
            fields["mask_slow_pixels"], fields["mask_fast_pixels"] = self.mask.shape
        return fields

    def _placement(self) -> dict[str, Any]:
        def pair(values: tuple[float | None, float | None] | None, unit: float) -> tuple[float, float]:
            first, second = (NAN if v is None else v / unit for v in values or (None, None))
            return first, second

        placement: dict[str, Any] = {
            "convention": self.convention,
            "pivot": self.pivot or "beam",
            "pivot_asked": self.pivot,
            "pixel_size": units.metres(self.pixel_size_mm),
            "distance": units.metres(self.distance_mm),
            "close_distance": NAN if self.close_distance_mm is None else units.metres(self.close_distance_mm),
            "rotation": tuple(units.radians(angle) for angle in self.rotation_deg),
            "twotheta": units.radians(self.twotheta_deg),
        }
        placement["x_beam"], placement["y_beam"] = pair(self.beam_center_mm, 1000.0)
        placement["x_close"], placement["y_close"] = pair(self.close_mm, 1000.0)
        placement["org_x"], placement["org_y"] = pair(self.org, 1.0)
        if self.size_mm is not None:
            placement["size_slow"], placement["size_fast"] = (units.metres(edge) for edge in self.size_mm)
        if self.origin_mm is not None:
            placement["origin"] = tuple(units.metres(x) for x in self.origin_mm)
        return placement

    @classmethod
    def _from_fields(
        cls, fields: Mapping[str, Any], frame: Mapping[str, Any] | None, origin: Vector | None, pivot: Literal["beam", "sample"]
    ) -> Self:
        p = fields["placement"]

        def pair(first: str, second: str) -> tuple[float | None, float | None] | None:
            found = tuple(None if math.isnan(p[name]) else p[name] for name in (first, second))
            if first != "org_x":
                found = tuple(None if v is None else units.mm_of(v) for v in found)
            return None if found == (None, None) else found  # type: ignore[return-value]

        fast_first, fast_last, slow_first, slow_last = (None if v < 0 else v for v in fields["region"])
        region = (slow_first, slow_last, fast_first, fast_last)
        pixels = (fields["slow_pixels"] or None, fields["fast_pixels"] or None)
        mask = fields["mask"]
        if mask is not None:
            import numpy as np

            mask = np.frombuffer(mask, "<u2").reshape(fields["mask_slow_pixels"], fields["mask_fast_pixels"])
        return cls(
            convention=p["convention"],
            pixels=None if pixels == (None, None) else pixels,
            size_mm=(units.mm_of(p["size_slow"]), units.mm_of(p["size_fast"])) if None in pixels else None,
            pixel_size_mm=units.mm_of(p["pixel_size"]),
            distance_mm=units.mm_of(p["distance"]),
            close_distance_mm=None if math.isnan(p["close_distance"]) else units.mm_of(p["close_distance"]),
            beam_center_mm=pair("x_beam", "y_beam"),
            close_mm=pair("x_close", "y_close"),
            org=pair("org_x", "org_y"),
            rotation_deg=tuple(units.degrees_of(angle) for angle in p["rotation"]),  # type: ignore[arg-type]
            twotheta_deg=units.degrees_of(p["twotheta"]),
            # That of a custom detector may come of the order of the options.
            pivot=pivot if p["convention"] == "custom" else p["pivot_asked"],
            fast_axis=frame["fast"] if frame else None,
            slow_axis=frame["slow"] if frame else None,
            normal=frame["normal"] if frame else None,
            twotheta_axis=frame["twotheta_axis"] if frame else None,
            origin_mm=None if origin is None else tuple(units.mm_of(x) for x in origin),  # type: ignore[arg-type]
            sensor=Sensor._from_fields(fields),
            curved=fields["curved"],
            **values_of(cls, fields),
            region=None if region == (None,) * 4 else region,
            mask=mask,
        )


@names_are_checked
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Detector(Panel):
    """A detector: one panel, with the parameters of `Panel`, or several.

    Parameters
    ----------
    panels : sequence of Panel, optional
        Of any sizes; then nothing else is given. Each is rendered as an image of its own would be.
    **placement
        As `Panel` takes them.
    """

    panels: tuple[Panel, ...] | None = None

    def __post_init__(self) -> None:
        if self.panels is None:
            super().__post_init__()
            return
        listed = self.panels if isinstance(self.panels, (list, tuple)) else ()
        panels = tuple(Panel.from_dict(panel) if isinstance(panel, dict) else panel for panel in listed)
        if not panels or not all(type(panel) in (Panel, Detector) and getattr(panel, "panels", None) is None for panel in panels):
            raise ModelError(f"Detector.panels: found {shown(self.panels)}, expected a list of one Panel or more")
        given = [f.name for f in dataclasses.fields(self) if f.name != "panels" and getattr(self, f.name) != f.default]
        if given:
            raise ModelError(f"Detector: found panels and {given[0]}, expected one of them")
        self._set("panels", panels)

    def _in_force(self) -> dict[str, Any]:
        return super()._in_force() if self.panels is None else {"panels": self.panels}

    def to_dict(self) -> dict[str, Any]:
        """Return the object as plain values."""
        if self.panels is None:
            return super().to_dict()
        return {"panels": [panel.to_dict() for panel in self.panels]}

    @property
    def parts(self) -> tuple[Panel, ...]:
        """The panels; a detector of one is its own."""
        return (self,) if self.panels is None else self.panels
